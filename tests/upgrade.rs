//! A refresh from the Python charms: one hook makes their databags ours, and touches nobody else's keys.

mod endpoints;
mod neighbours;
mod original;
mod recorded;

use std::fs;
use std::path::Path;

use juju_sim::{Event, State};
use serde_json::Value;
use tests::world::Deployed;

/// What a Python charm left behind.
fn left_behind(name: &str) -> State {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/databags");
    let text = fs::read_to_string(folder.join(name).with_extension("json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// Refreshes, checks that only our application's databags have changed, and that another hook changes nothing.
fn refresh(mut deployed: Deployed) -> (State, Deployed) {
    let before = deployed.unit.state.clone();
    deployed.settle(Event::hook("upgrade-charm"));
    for (old, new) in before.relations.iter().zip(&deployed.unit.state.relations) {
        let local_app_data = new.local_app_data.clone();
        assert_eq!(new, &juju_sim::Relation { local_app_data, ..old.clone() });
    }
    let after = deployed.unit.state.clone();
    deployed.settle(Event::hook("update-status"));
    assert_eq!(deployed.unit.state, after);
    (before, deployed)
}

/// What our application says on the relation of `endpoint`.
fn told<'a>(state: &'a State, endpoint: &str) -> &'a juju_sim::Bag {
    let relation = state.relations.iter().find(|relation| relation.endpoint == endpoint);
    &relation.unwrap().local_app_data
}

fn manifest(state: &State, endpoint: &str) -> Value {
    let manifests: Value =
        serde_json::from_str(&told(state, endpoint)["kubernetes_manifests"]).unwrap();
    assert_eq!(manifests.as_array().unwrap().len(), 1);
    manifests[0].clone()
}

/// The manifest of the Secret, and `feature_store.yaml` apart from it.
fn secret(state: &State) -> (Value, serde_yaml::Value) {
    let mut secret = manifest(state, "secrets");
    let file = secret["stringData"]["feature_store.yaml"].take();
    (secret, serde_yaml::from_str(file.as_str().unwrap()).unwrap())
}

#[test]
fn the_integrator_goes_on_where_the_python_charm_stopped() {
    for name in ["feast-integrator-plain", "feast-integrator-secrets"] {
        let (before, deployed) = refresh(Deployed::integrator(left_behind(name)));
        let after = &deployed.unit.state;
        assert_eq!(deployed.status(), "active");
        for endpoint in ["offline-store", "online-store", "registry", "feast-configuration"] {
            assert_eq!(told(after, endpoint), told(&before, endpoint), "{endpoint}");
        }
        assert_eq!(manifest(after, "pod-defaults"), manifest(&before, "pod-defaults"));

        let ((old, old_file), (new, new_file)) = (secret(&before), secret(after));
        assert_eq!(new, old);
        for store in ["offline_store", "online_store"] {
            for key in ["type", "host", "port", "database", "db_schema", "user", "password"] {
                assert_eq!(new_file[store][key], old_file[store][key], "{store}.{key}");
            }
        }
        for key in ["project", "provider", "entity_key_serialization_version"] {
            assert_eq!(new_file[key], old_file[key], "{key}");
        }
    }
}

#[test]
fn keys_of_others_in_our_databag_stay() {
    let mut state = left_behind("feast-integrator-plain");
    for relation in &mut state.relations[..3] {
        relation.local_app_data.insert("somebody-elses".to_owned(), "kept".to_owned());
        relation.local_app_data.insert("data".to_owned(), r#"{"endpoints": "x"}"#.to_owned());
    }
    let (before, deployed) = refresh(Deployed::integrator(state));
    for endpoint in ["offline-store", "online-store", "registry"] {
        assert_eq!(told(&deployed.unit.state, endpoint), told(&before, endpoint));
    }
}

#[test]
fn the_ui_says_the_same_as_the_python_charm_in_its_own_words() {
    let (before, deployed) = refresh(Deployed::ui(left_behind("feast-ui-sidecar")));
    let after = &deployed.unit.state;
    let links = |state: &State| -> Value {
        serde_json::from_str(&told(state, "dashboard-links")["dashboard_links"]).unwrap()
    };
    assert_eq!(links(after), links(&before));
    for key in ["_supported_versions", "data"] {
        let value = |state: &State| -> serde_yaml::Value {
            serde_yaml::from_str(&told(state, "ingress")[key]).unwrap()
        };
        assert_eq!(value(after), value(&before));
    }
    assert_eq!(after.opened_ports, before.opened_ports);
}

#[test]
fn the_ui_asks_the_ambient_gateway_for_the_port_that_it_has() {
    let (before, deployed) = refresh(Deployed::ui(left_behind("feast-ui-ambient")));
    let config = |state: &State| -> Value {
        serde_json::from_str(&told(state, "istio-ingress-route")["config"]).unwrap()
    };
    // The Python charm asks for port 80 of a gateway with a certificate until the next hook.
    let mut wanted = config(&before);
    wanted["listeners"][0]["port"] = 443.into();
    wanted["http_routes"][0]["listener"]["port"] = 443.into();
    assert_eq!(config(&deployed.unit.state), wanted);
}
