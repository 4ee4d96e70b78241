//! `ingress`: one application without versions, or with data that violates its schema, costs everybody their routes.

use juju_sim::{Bag, Relation};
use serde_json::Value;

use crate::always::always;
use crate::case::{Hook, UI};

const ENDPOINT: &str = "ingress";

fn yaml(bag: &Bag, key: &str) -> Option<Value> {
    serde_yaml::from_str(bag.get(key)?).ok()
}

/// The versions that a side announces.
fn versions(bag: &Bag) -> Vec<u64> {
    let list = yaml(bag, "_supported_versions").unwrap_or_default();
    let number = |item: &Value| {
        let text = item.as_str().map(|text| text.trim_start_matches('v'));
        text.map_or(item.as_u64(), |text| text.parse().ok())
    };
    list.as_array().into_iter().flatten().filter_map(number).collect()
}

/// What is wrong with data by the schema of a version.
fn violations(data: &Value, version: u64) -> Vec<&'static str> {
    let mut wrong = Vec::new();
    for (key, holds) in [
        ("service", data["service"].is_string()),
        ("port", data["port"].is_u64()),
        ("prefix", data["prefix"].is_string()),
        ("rewrite", data["rewrite"].is_string() || data.get("rewrite").is_none()),
        ("namespace", data["namespace"].is_string() || version < 2),
    ] {
        if !holds {
            wrong.push(key);
        }
    }
    wrong
}

/// Where a leader has had something to say.
fn spoken(hook: &Hook) -> impl Iterator<Item = &Relation> {
    hook.live(ENDPOINT).filter(|_| hook.speaks()).map(|(_, after)| after)
}

#[test]
fn versions_are_announced_on_every_relation_in_the_first_hook_of_a_leader() {
    let python = always(UI, |hook, found| {
        for relation in spoken(hook) {
            found.must(!versions(&relation.local_app_data).is_empty(), "no versions");
        }
    });
    assert_eq!(python, 6);
}

#[test]
fn a_route_satisfies_the_schema_of_every_version_that_is_announced() {
    let python = always(UI, |hook, found| {
        for relation in spoken(hook) {
            let bag = &relation.local_app_data;
            if !bag.contains_key("data") {
                continue;
            }
            let data = yaml(bag, "data").unwrap_or_default();
            for version in versions(bag) {
                let wrong = violations(&data, version);
                found.must(wrong.is_empty(), format!("v{version}: {wrong:?} of {data}"));
            }
        }
    });
    assert_eq!(python, 2);
}

#[test]
fn a_route_names_its_service_port_namespace_prefix_and_rewrite() {
    let python = always(UI, |hook, found| {
        for relation in spoken(hook).filter(|one| one.local_app_data.contains_key("data")) {
            let wanted = serde_json::json!({
                "service": hook.after.application(), "port": 8888, "namespace": hook.after.model.name,
                "prefix": "/feast/", "rewrite": "/",
            });
            let data = yaml(&relation.local_app_data, "data").unwrap_or_default();
            found.same(&data, &wanted, "the route");
        }
    });
    assert_eq!(python, 2);
}

#[test]
fn a_gateway_of_another_protocol_costs_a_status_and_nothing_else() {
    let python = always(UI, |hook, found| {
        let other = |one: &Relation| {
            let bag = &one.remote_app_data;
            bag.contains_key("ingress") && !bag.contains_key("_supported_versions")
        };
        if hook.case.live(ENDPOINT).any(other) && hook.case.brings_news() {
            found.must(!hook.failed, "the hook failed");
            found.must(hook.status() != "active", "all is said to be well");
        }
    });
    assert_eq!(python, 0);
}
