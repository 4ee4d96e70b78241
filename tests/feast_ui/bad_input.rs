//! What makes no sense is named, publishes nothing, and withdraws nothing.

use juju_sim::{Event, State};
use tests::world::ui::{FEAST_CONFIGURATION, INGRESS, ISTIO_INGRESS_ROUTE};
use tests::world::{Deployed, configured};

use super::{NO_PEBBLE, ambient};

/// A unit that has published everything, to be damaged again and again.
struct Settled {
    deployed: Deployed,
    before: State,
}

impl Settled {
    fn in_the(world: State) -> Self {
        let mut deployed = Deployed::ui(world);
        deployed.settle(Event::hook("config-changed"));
        Self { before: deployed.unit.state.clone(), deployed }
    }

    /// The status after the other side of `relation` has set keys, or taken them away by setting nothing; what was
    /// published must stay.
    fn damaged(&mut self, relation: u32, pairs: &[(&str, &str)]) -> String {
        self.deployed.unit.state = self.before.clone();
        let bag = &mut self.deployed.relation_mut(relation).remote_app_data;
        for (key, value) in pairs {
            bag.insert((*key).to_owned(), (*value).to_owned());
        }
        bag.retain(|_, value| !value.is_empty());
        self.deployed.settle(Event::RelationChanged(relation));
        for relation in &self.before.relations {
            assert_eq!(self.deployed.told(relation.id), &relation.local_app_data);
        }
        self.deployed.status()
    }
}

fn invalid(reason: &str) -> String {
    format!("blocked [feast-configuration] Invalid relation data: {reason}")
}

#[test]
fn each_key_of_the_configuration_is_named_when_it_is_missing() {
    let mut settled = Settled::in_the(configured());
    for store in ["registry", "offline_store", "online_store"] {
        for key in ["host", "port", "database", "user", "password"] {
            let key = format!("{store}_{key}");
            let status = settled.damaged(FEAST_CONFIGURATION, &[(&key, "")]);
            assert_eq!(status, invalid(&format!("missing {key}")));
        }
    }
}

#[test]
fn a_value_that_makes_no_sense_is_named_and_never_shown() {
    let mut settled = Settled::in_the(configured());
    for (key, text, reason) in [
        ("registry_port", "0", "registry_port is not a port from 1 to 65535"),
        ("offline_store_port", "-1", "offline_store_port is not a port from 1 to 65535"),
        ("online_store_port", "5432.0", "online_store_port is not a port from 1 to 65535"),
        ("registry_port", "65536", "registry_port is not a port from 1 to 65535"),
        ("registry_host", "a b", "registry_host is not the name of a host"),
        ("online_store_host", "canary@b", "online_store_host is not the name of a host"),
        ("registry_database", "canary\0", "registry.database"),
        ("offline_store_user", "canary\0", "offline_store.user"),
        ("online_store_password", "canary\0", "online_store.password"),
    ] {
        let status = settled.damaged(FEAST_CONFIGURATION, &[(key, text)]);
        assert!(status.starts_with(&invalid(reason)), "{text:?}: {status}");
    }
}

#[test]
fn unknown_keys_are_nobodys_business() {
    let unknown = ["registry_schema", "-", "spark_host", "REGISTRY_HOST"].map(|key| (key, "x"));
    let status = Settled::in_the(configured()).damaged(FEAST_CONFIGURATION, &unknown);
    assert_eq!(status, NO_PEBBLE);
}

#[test]
fn versions_that_are_none_are_named() {
    let mut settled = Settled::in_the(configured());
    let told = "blocked [sidecar_mode_relation:ingress]";
    for text in ["{", "v1", "null", "7", "&a [*a]", "!!python/none", "a: b", "\u{feff}", "\t"] {
        let status = settled.damaged(INGRESS, &[("_supported_versions", text)]);
        let reason = "Invalid relation data from istio-pilot: _supported_versions is not a YAML list of versions";
        let nothing = "No compatible ingress versions found for apps: istio-pilot";
        let named = [reason, nothing].iter().any(|reason| status == format!("{told} {reason}"));
        assert!(named, "{text:?}: {status}");
    }
    for text in ["- v2", "[]", "- v10", "- 2", "- ''", "- - v1"] {
        let status = settled.damaged(INGRESS, &[("_supported_versions", text)]);
        let reason = "No compatible ingress versions found for apps: istio-pilot";
        assert_eq!(status, format!("{told} {reason}"), "{text:?}");
    }
    let status = settled.damaged(INGRESS, &[("_supported_versions", "")]);
    let waiting = "waiting [sidecar_mode_relation:ingress] Waiting for ingress versions of apps: istio-pilot.";
    assert!(status.starts_with(waiting), "{status}");
    let other = [("_supported_versions", ""), ("ingress", r#"{"url": "http://x"}"#)];
    let status = settled.damaged(INGRESS, &other);
    assert!(status.starts_with(&format!("{told} istio-pilot speaks another protocol")), "{status}");
}

#[test]
fn a_gateway_that_makes_no_sense_is_named_and_keeps_its_route() {
    let mut settled = Settled::in_the(ambient());
    for (key, text) in [
        ("tls_enabled", "maybe"),
        ("tls_enabled", "{"),
        ("external_host", "a b"),
        ("external_host", "\u{1}"),
    ] {
        let status = settled.damaged(ISTIO_INGRESS_ROUTE, &[(key, text)]);
        let start = format!(
            "blocked [ambient_mode_relation:istio-ingress-route] Invalid relation data from istio-ingress-k8s: {key} "
        );
        assert!(status.starts_with(&start), "{status}");
    }
}

#[test]
fn no_value_of_any_key_makes_a_hook_fail_or_withdraws_anything() {
    let garbage =
        [" ", "\0", "{", "null", "--help", "\n- !!python/object/apply:os.system [ls]", "\u{ffff}"];
    let mut settled = Settled::in_the(configured());
    for key in ["host", "port", "database", "user", "password"] {
        for text in garbage {
            let key = format!("registry_{key}");
            settled.damaged(FEAST_CONFIGURATION, &[(&key, text)]);
        }
    }
}
