//! `istio_ingress_route`: a document that the gateway does not understand counts as none, and nobody is told.

use juju_sim::Relation;
use serde_json::{Value, json};

use crate::always::{always, sources};
use crate::case::{Hook, UI};
use crate::decided::decided;

const ENDPOINT: &str = "istio-ingress-route";

/// Where a leader has had something to say: the relation and what it says.
fn spoken(hook: &Hook) -> impl Iterator<Item = (&Relation, Value)> {
    let live = hook.live(ENDPOINT).filter(|_| hook.speaks());
    live.map(|(_, after)| (after, super::json(&after.local_app_data, "config")))
}

fn is_in_conflict(hook: &Hook) -> bool {
    [ENDPOINT, "ingress"].iter().all(|endpoint| hook.case.live(endpoint).count() > 0)
}

#[test]
fn the_route_is_a_document_of_the_gateways_grammar() {
    let python = always(UI, |hook, found| {
        for (_, config) in spoken(hook).filter(|(_, config)| !config.is_null()) {
            found.must(config["model"].as_str().is_some_and(|model| !model.is_empty()), "no model");
            let is_listener = |listener: &Value| {
                let port = listener["port"].as_u64().is_some_and(|port| (1..65536).contains(&port));
                port && listener["protocol"] == "HTTP"
            };
            let listeners = config["listeners"].as_array().cloned().unwrap_or_default();
            found.must(
                !listeners.is_empty() && listeners.iter().all(is_listener),
                format!("listeners: {listeners:?}"),
            );
            found.same(&config["grpc_routes"], &json!([]), "the list of gRPC routes");
            for route in config["http_routes"].as_array().into_iter().flatten() {
                found.must(route["name"].is_string(), "a route without a name");
                found.must(listeners.contains(&route["listener"]), "a route of another listener");
                let filters = route["filters"].as_array().into_iter().flatten();
                let known = filters.map(|filter| &filter["type"]).all(|kind| kind == "URLRewrite");
                found.must(known, "a filter that not every gateway knows");
            }
        }
    });
    assert_eq!(python, 1);
}

#[test]
fn the_port_is_443_exactly_where_the_gateway_says_that_it_has_tls() {
    let python = always(UI, |hook, found| {
        for (relation, config) in spoken(hook).filter(|(_, config)| !config.is_null()) {
            let told = relation.remote_app_data.get("tls_enabled").map(|text| text.to_lowercase());
            let port = match told.as_deref() {
                Some("true") => 443,
                Some("false") | None => 80,
                // It makes no sense, and is named in the status.
                Some(_) => continue,
            };
            found.same(&config["listeners"][0]["port"], &json!(port), "the port");
        }
    });
    assert_eq!(python, 5);
}

#[test]
fn the_route_leads_from_the_prefix_to_the_service_of_the_application() {
    let python = always(UI, |hook, found| {
        for (_, config) in spoken(hook).filter(|(_, config)| !config.is_null()) {
            found.same(&config["model"], &json!(hook.after.model.name), "the namespace");
            let route = &config["http_routes"][0];
            let backend =
                json!([{"service": hook.after.application(), "port": 8888, "weight": null}]);
            found.same(&route["backends"], &backend, "the backend");
            let path = json!({"type": "PathPrefix", "value": "/feast/"});
            found.same(&route["matches"][0]["path"], &path, "the path");
            let rewrite = json!({"type": "ReplacePrefixMatch", "replacePrefixMatch": "/"});
            found.same(&route["filters"][0]["urlRewrite"]["path"], &rewrite, "the rewritten path");
        }
    });
    assert_eq!(python, 1);
}

#[test]
fn the_leader_asks_for_the_route_unless_the_other_kind_of_ingress_is_there_too() {
    let python = always(UI, |hook, found| {
        for (relation, _) in spoken(hook) {
            let asked = relation.local_app_data.contains_key("config");
            found.same(&asked, &!is_in_conflict(hook), "whether a route is asked for");
        }
    });
    assert_eq!(python, 2);
}

#[test]
fn a_path_behind_the_gateways_host_changes_nothing() {
    let sources = sources();
    let mut compared = 0;
    for hook in sources.recorded.iter().chain(&sources.decided) {
        let mut case = hook.case.clone();
        let gateways = case.state.relations.iter_mut().filter(|one| one.endpoint == ENDPOINT);
        let hosts = gateways.filter_map(|one| one.remote_app_data.get_mut("external_host"));
        let hosts = hosts.map(|host| host.push_str("/istio-system-gw")).count();
        if hosts > 0 {
            let (plain, behind) = (decided(&hook.case), decided(&case));
            assert_eq!(behind.status(), plain.status(), "{}", case.name);
            for (plain, behind) in plain.after.relations.iter().zip(&behind.after.relations) {
                assert_eq!(behind.local_app_data, plain.local_app_data, "{}", case.name);
            }
            compared += 1;
        }
    }
    assert!(compared > 100, "{compared}");
}
