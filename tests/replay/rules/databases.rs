//! `postgresql_client`: what is asked of a database. A request cannot be taken back.

use juju_sim::{Bag, Relation};

use super::{DATABASES, json};
use crate::always::always;
use crate::case::{Hook, INTEGRATOR};

/// Each relation to a database before and after, with the name of the database.
fn requests(hook: &Hook) -> impl Iterator<Item = (&Relation, &Relation, &str)> {
    DATABASES.iter().flat_map(|(endpoint, name)| {
        hook.live(endpoint).map(|(before, after)| (before, after, *name))
    })
}

/// The list under a key, if it is one of texts.
fn list(bag: &Bag, key: &str) -> Option<Vec<String>> {
    serde_json::from_value(json(bag, key)).ok()
}

#[test]
fn requests_never_speak_version_1() {
    let python = always(INTEGRATOR, |hook, found| {
        for (before, after, _) in requests(hook) {
            for key in ["version", "requests"] {
                let (before, after) = (&before.local_app_data, &after.local_app_data);
                found.must(after.get(key) == before.get(key), format!("{key} is written"));
            }
        }
    });
    assert_eq!(python, 0);
}

#[test]
fn the_secret_fields_are_asked_for_together_with_the_database() {
    let six = ["username", "password", "tls", "tls-ca", "uris", "read-only-uris"];
    assert_eq!(six.len(), 6);
    let python = always(INTEGRATOR, |hook, found| {
        let six = ["username", "password", "tls", "tls-ca", "uris", "read-only-uris"];
        for (_, after, _) in requests(hook).filter(|_| hook.speaks()) {
            if after.local_app_data.contains_key("database") {
                let fields = list(&after.local_app_data, "requested-secrets").unwrap_or_default();
                let all = six.iter().all(|field| fields.iter().any(|one| one == field));
                found.must(all, format!("the secret fields are {fields:?}"));
            }
        }
    });
    assert_eq!(python, 0);
}

#[test]
fn the_list_of_secret_fields_never_shrinks() {
    let python = always(INTEGRATOR, |hook, found| {
        for (before, after, _) in requests(hook) {
            if let Some(earlier) = list(&before.local_app_data, "requested-secrets") {
                let later = list(&after.local_app_data, "requested-secrets").unwrap_or_default();
                let kept = earlier.iter().all(|field| later.contains(field));
                found.must(kept, format!("{earlier:?} became {later:?}"));
            }
        }
    });
    assert_eq!(python, 0);
}

#[test]
fn a_database_is_asked_for_once_and_by_its_name() {
    let python = always(INTEGRATOR, |hook, found| {
        for (before, after, name) in requests(hook) {
            let (before, after) =
                (before.local_app_data.get("database"), after.local_app_data.get("database"));
            let wanted = before.or(after.filter(|after| *after == name));
            found.must(after == wanted, format!("{before:?} became {after:?}"));
        }
    });
    assert_eq!(python, 0);
}

#[test]
fn roles_and_kinds_of_users_are_never_asked_for() {
    let python = always(INTEGRATOR, |hook, found| {
        let keys = ["extra-user-roles", "extra-group-roles", "entity-type", "entity-permissions"];
        for (before, after, _) in requests(hook) {
            let written =
                |key: &&&str| after.local_app_data.get(**key) != before.local_app_data.get(**key);
            let written: Vec<&&str> = keys.iter().filter(written).collect();
            found.must(written.is_empty(), format!("{written:?}"));
        }
    });
    assert_eq!(python, 0);
}

#[test]
fn the_leader_asks_in_every_hook_in_which_the_request_is_missing() {
    let python = always(INTEGRATOR, |hook, found| {
        for (before, after, _) in requests(hook).filter(|_| hook.speaks()) {
            // A database that repeats our request has heard it.
            let heard = json(&before.remote_app_data, "data").get("database").is_some();
            for key in ["database", "requested-secrets"] {
                let there = heard || after.local_app_data.contains_key(key);
                found.must(there, format!("{}: {key} is missing", after.endpoint));
            }
        }
    });
    assert_eq!(python, 170);
}

#[test]
fn the_field_for_client_certificates_is_one_that_a_library_has_had() {
    let python = always(INTEGRATOR, |hook, found| {
        const KEY: &str = "provided-secrets";
        for (before, after, _) in requests(hook) {
            let (before, after) = (&before.local_app_data, &after.local_app_data);
            if after.get(KEY) != before.get(KEY) {
                let known =
                    [["mtls-cert"], ["mtls-chain"]].map(|list| list.map(str::to_owned).to_vec());
                let fields = list(after, KEY);
                found.must(
                    fields.as_ref().is_some_and(|one| known.contains(one)),
                    format!("{fields:?}"),
                );
            }
        }
    });
    assert_eq!(python, 0);
}
