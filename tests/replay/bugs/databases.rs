//! Databases: what is asked of them, and what they say.

use juju_sim::{Event, Relation, Secret};
use tests::world;

use super::{beaten, settled};
use crate::always::{Findings, always};
use crate::case::{Case, Hook, INTEGRATOR};
use crate::rules::{DATABASES, credentials};

#[test]
fn losing_a_database_is_shown_in_the_same_hook() {
    let python = always(INTEGRATOR, |hook, found| {
        let lost = hook.case.breaking().and_then(|id| hook.case.state.relation(id));
        let Some(lost) = lost.filter(|_| hook.case.state.leader) else { return };
        let first = DATABASES.iter().find(|(name, _)| hook.case.live(name).count() == 0);
        if first.is_some_and(|(name, _)| *name == lost.endpoint) {
            let status = hook.status();
            // A database that says what makes no sense may be named first.
            let others = DATABASES.iter().filter(|(name, _)| *name != lost.endpoint);
            let named =
                |(name, _): &(&str, &str)| status.starts_with(&format!("blocked [{name}] "));
            let shown = status
                .contains(&format!("[{0}] Please add the missing relation: {0}", lost.endpoint));
            found.must(shown || others.copied().any(|other| named(&other)), status);
        }
    });
    assert_eq!(python, 2);
}

#[test]
fn losing_the_registry_withdraws_everything_in_the_same_hook() {
    let case = Case {
        name: "all in order".to_owned(),
        charm: INTEGRATOR.to_owned(),
        state: juju_sim::State { unit: "feast-integrator/0".to_owned(), ..world::by_secrets() },
        container: None,
        cluster: None,
        event: Event::hook("config-changed"),
    };
    let lost = settled(&case, Event::RelationBroken(world::integrator::REGISTRY));
    beaten(
        |hook, found| {
            for (before, after) in hook.live("feast-configuration") {
                found.same(&before.local_app_data.len(), &15, "the number of keys before");
                found.same(&after.local_app_data.len(), &0, "the number of keys");
            }
            for (_, after) in hook.live("secrets").chain(hook.live("pod-defaults")) {
                let text = after.local_app_data["kubernetes_manifests"].as_str();
                found.must(text == "[]", format!("{} is left", after.endpoint));
            }
            found.same(&hook.live("feast-configuration").count(), &1, "the number of UIs");
        },
        &lost.run(),
        // It does not look at this hook.
        &Hook::without_effect(&lost),
    );
}

/// Looks whether a database that has said everything is not waited for, where its endpoints are of a kind.
fn must_be_used(hook: &Hook, found: &mut Findings, is: fn(&str) -> bool) {
    for (endpoint, _) in DATABASES.iter().filter(|_| hook.speaks()) {
        for relation in hook.case.live(endpoint) {
            let bag = &relation.remote_app_data;
            let text = |key: &str| bag.get(key).map_or("", String::as_str);
            let complete = !text("database").is_empty()
                && credentials(&hook.case, relation).is_some()
                && text("subordinated") != "true"
                && secret_is_there(hook, text("secret-tls"));
            if complete && is(text("endpoints")) {
                let waits = format!("waiting [{endpoint}] Waiting for {endpoint} relation data");
                found.must(hook.status() != waits, waits.clone());
            }
        }
    }
}

/// Whether a secret can be read, or there is none.
fn secret_is_there(hook: &Hook, uri: &str) -> bool {
    uri.is_empty() || hook.case.state.secret(uri).is_some_and(|secret| secret.readable)
}

#[test]
fn a_database_behind_several_endpoints_is_used() {
    let python =
        always(INTEGRATOR, |hook, found| must_be_used(hook, found, |text| text.contains(',')));
    assert_eq!(python, 3);
}

#[test]
fn a_database_is_used_without_a_port_and_by_its_ipv6_address() {
    let python = always(INTEGRATOR, |hook, found| {
        must_be_used(hook, found, |text| {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'.';
            text.starts_with('[') || !text.is_empty() && text.bytes().all(plain)
        });
    });
    assert_eq!(python, 1);
}

#[test]
fn a_secret_that_is_not_granted_yet_is_waited_for() {
    let python = always(INTEGRATOR, |hook, found| {
        let unread = |relation: &Relation| {
            let uri = relation.remote_app_data.get("secret-user");
            let is_uri = uri.is_some_and(|uri| Secret::granted(uri, &[]).is(uri));
            is_uri && credentials(&hook.case, relation).is_none()
        };
        if hook.speaks() && DATABASES.iter().any(|(name, _)| hook.case.live(name).any(unread)) {
            let status = hook.status();
            found.must(!status.contains("Failed to compute"), status);
        }
    });
    assert_eq!(python, 2);
}

#[test]
fn two_databases_or_dispatchers_on_one_endpoint_are_named_or_served() {
    let python = always(INTEGRATOR, |hook, found| {
        let endpoints = ["offline-store", "online-store", "registry", "secrets", "pod-defaults"];
        if endpoints.into_iter().any(|endpoint| hook.case.live(endpoint).count() > 1) {
            let status = hook.status();
            found.must(!status.contains("Failed to compute"), status);
        }
    });
    assert_eq!(python, 7);
}
