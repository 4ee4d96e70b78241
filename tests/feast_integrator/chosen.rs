//! What an operator's choices come to, through real hook commands.

use juju_sim::{Event, Owner, Secret, State};
use serde_json::json;
use tests::event;
use tests::world::integrator::{FEAST_CONFIGURATION, REGISTRY, SECRETS};
use tests::world::{Deployed, by_secrets, in_plain};

use super::{file, settled};

const URI: &str = "secret:9m4e2mr0ui3e8a215e10";

/// A unit that has published everything, and then `juju config <option>=<value>`.
fn chosen(state: State, option: &str, value: serde_json::Value) -> Deployed {
    let mut deployed = settled(state);
    deployed.unit.state.config.insert(option.to_owned(), value);
    deployed.settle(Event::hook("config-changed"));
    deployed
}

fn owned(deployed: &Deployed) -> Vec<&Secret> {
    let secrets = deployed.unit.state.secrets.iter();
    secrets.filter(|secret| secret.owner == Owner::Application).collect()
}

#[test]
fn a_mistake_in_an_option_is_told_and_changes_nothing() {
    let before = settled(by_secrets());
    let mut deployed = chosen(by_secrets(), "project", json!("a-b"));
    assert!(deployed.status().starts_with("blocked [config] project is not "));
    assert_eq!(deployed.told(SECRETS), before.told(SECRETS));
    assert_eq!(deployed.told(FEAST_CONFIGURATION), before.told(FEAST_CONFIGURATION));
    deployed.unit.state.config.clear();
    deployed.settle(Event::hook("config-changed"));
    assert_eq!(deployed.status(), "active");
}

#[test]
fn with_everything_as_secrets_no_password_is_in_a_databag_of_ours() {
    for state in [by_secrets(), by_secrets().on_juju_4(), in_plain()] {
        let mut deployed = settled(state);
        let config = &mut deployed.unit.state.config;
        config.insert("manifests-as-secret".to_owned(), json!(true));
        config.insert("configuration-as-secret".to_owned(), json!(true));
        deployed.settle(Event::hook("config-changed"));
        assert_eq!(deployed.status(), "active");
        for relation in &deployed.unit.state.relations {
            let told = format!("{:?} {:?}", relation.local_app_data, relation.local_unit_data);
            assert!(!told.contains(tests::world::CANARY), "{told}");
        }
        let owned = owned(&deployed);
        assert_eq!(owned.len(), 2);
        for secret in owned {
            assert_eq!(secret.grants.len(), 1, "{}", secret.label);
        }
        let before = deployed.unit.state.clone();
        deployed.settle(Event::hook("update-status"));
        assert!(deployed.unit.state == before, "a second hook changes nothing");

        deployed.unit.state.config.clear();
        deployed.settle(Event::hook("config-changed"));
        assert_eq!(self::owned(&deployed).len(), 0);
        assert_eq!(file(&deployed)["project"], "feast_project");
        assert_eq!(deployed.told(FEAST_CONFIGURATION).len(), 15);
    }
}

#[test]
fn a_rotated_password_is_in_the_secrets_in_the_same_hook() {
    let mut deployed = settled(by_secrets());
    deployed.unit.state.config.insert("manifests-as-secret".to_owned(), json!(true));
    deployed.unit.state.config.insert("configuration-as-secret".to_owned(), json!(true));
    deployed.settle(Event::hook("config-changed"));
    let user = "9m4e2mr0ui3e8a215n30";
    let secret = deployed.unit.state.secret_mut(user).unwrap();
    let mut content = secret.revisions.values().last().unwrap().clone();
    content.insert("password".to_owned(), "canary rotated".to_owned());
    secret.revisions.insert(2, content);
    deployed.settle(Event::SecretChanged(user.to_owned()));
    for secret in owned(&deployed) {
        let newest = secret.revisions.values().last().unwrap();
        let text = newest.values().cloned().collect::<String>();
        assert!(text.contains("canary%20rotated"), "{}", secret.label);
    }
}

#[test]
fn a_configuration_is_kept_without_its_database_where_the_operator_wants_it() {
    let mut deployed = chosen(by_secrets(), "keep-last-configuration", json!(true));
    let before = deployed.told(SECRETS)["kubernetes_manifests"].clone();
    deployed.settle(Event::RelationBroken(REGISTRY));
    let status = deployed.status();
    assert!(status.starts_with("blocked [registry] Please add the missing relation"), "{status}");
    assert!(status.contains("the last configuration is kept since 20"), "{status}");
    assert_eq!(deployed.told(SECRETS)["kubernetes_manifests"], before);
    assert_eq!(deployed.told(FEAST_CONFIGURATION).len(), 15);
    deployed.unit.state.relations.retain(|relation| relation.id != REGISTRY);
    deployed.settle(Event::hook("update-status"));
    assert_eq!(deployed.status(), status);
}

#[test]
fn further_keys_come_from_a_users_secret_once_it_is_granted() {
    let mut deployed = settled(by_secrets());
    deployed.unit.state.config.insert("extra-configuration".to_owned(), json!(URI));
    let content = [("yaml", "registry: {cache_mode: thread}")];
    deployed.unit.state.secrets.push(Secret::kept(URI, &content));
    deployed.settle(Event::hook("config-changed"));
    let told = "blocked [config] extra-configuration names a secret that cannot be read; run: juju grant-secret <secret> feast-integrator";
    assert_eq!(deployed.status(), told);
    deployed.unit.state.secrets.pop();
    deployed.unit.state.secrets.push(Secret::granted(URI, &content));
    deployed.settle(Event::hook("update-status"));
    assert_eq!(deployed.status(), "active");
    assert_eq!(file(&deployed)["registry"]["cache_mode"], "thread");
}

#[test]
fn every_hook_ends_well_whatever_was_chosen() {
    let mut deployed = settled(by_secrets());
    for option in ["manifests-as-secret", "configuration-as-secret", "keep-last-configuration"] {
        deployed.unit.state.config.insert(option.to_owned(), json!(true));
    }
    deployed.settle(Event::hook("config-changed"));
    let settled = deployed.unit.state.clone();
    for event in event::every_kind(&deployed.unit) {
        deployed.unit.state = settled.clone();
        deployed.settle(event);
    }
}
