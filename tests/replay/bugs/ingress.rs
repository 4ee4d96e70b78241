//! Both kinds of ingress.

use juju_sim::Relation;

use super::{beaten, recorded};
use crate::always::always;
use crate::case::{Hook, UI};

fn is_in_conflict(hook: &Hook) -> bool {
    ["ingress", "istio-ingress-route"].iter().all(|one| hook.case.live(one).count() > 0)
}

#[test]
fn removing_one_of_two_kinds_of_ingress_ends_the_conflict_in_the_same_hook() {
    let python = always(UI, |hook, found| {
        let gone = hook.case.breaking().and_then(|id| hook.case.state.relation(id));
        if gone.is_some_and(|gone| gone.endpoint == "ingress") && !is_in_conflict(hook) {
            let status = hook.status();
            found.must(status != "unknown" && !status.contains("conflict"), status);
        }
    });
    assert_eq!(python, 1);
}

#[test]
fn a_gateway_of_another_protocol_is_named_with_what_to_do() {
    let python = recorded(UI, "ing_sidecar_no_versions");
    let mut case = python.case.clone();
    for relation in case.state.relations.iter_mut().filter(|one| one.endpoint == "ingress") {
        let url = r#"{"url": "http://host/model-feast-ui"}"#;
        "traefik-k8s".clone_into(&mut relation.remote_app);
        relation.remote_app_data.insert("ingress".to_owned(), url.to_owned());
    }
    beaten(
        |hook, found| {
            let status = hook.status();
            found.must(status.contains("relate ingress to istio-pilot"), status);
        },
        &case.run(),
        // It looks for versions alone, and waits for them.
        &Hook { case: case.clone(), ..python },
    );
}

#[test]
fn several_gateways_are_all_asked_for_a_route() {
    let python = always(UI, |hook, found| {
        for endpoint in ["ingress", "istio-ingress-route"] {
            if hook.case.live(endpoint).count() > 1 && hook.speaks() && !is_in_conflict(hook) {
                let status = hook.status();
                found.must(!status.contains("Failed to compute"), status);
                let asked = |(_, after): (&Relation, &Relation)| {
                    ["data", "config"].iter().any(|key| after.local_app_data.contains_key(*key))
                };
                found.must(
                    hook.live(endpoint).all(asked),
                    format!("not all of {endpoint} are asked"),
                );
            }
        }
    });
    assert_eq!(python, 2);
}

#[test]
fn a_route_is_asked_for_without_waiting_for_the_gateway_to_speak() {
    let python = always(UI, |hook, found| {
        for (_, after) in hook.live("ingress").filter(|_| hook.speaks() && !is_in_conflict(hook)) {
            found.must(after.local_app_data.contains_key("data"), "no route is asked for");
        }
    });
    assert_eq!(python, 8);
}
