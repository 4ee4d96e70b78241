//! What is asked about in worlds that are in order but for one thing.

use charm::{ConfigValue, Databag};
use postgresql::SslMode;

use super::*;
use crate::act::ACTIONS;
use crate::decide::tests::{everything, relation, settled};
use crate::inputs::{DATABASES, OFFLINE_STORE, ONLINE_STORE, REGISTRY};

const PASSWORD: &str = "p@ss w/$HOME{{7*7}}:%41\"'\\";

fn logins(seen: &Observation) -> [Result<Login, String>; 3] {
    stores(seen).unwrap().map(|store| store.login)
}

#[test]
fn each_store_is_reached_as_the_file_says() {
    assert_eq!(STORES, DATABASES.map(|(endpoint, _)| endpoint));
    for seen in [everything(), Observation { leader: false, ..everything() }] {
        for (login, (endpoint, database)) in logins(&seen).into_iter().zip(DATABASES) {
            let login = login.unwrap();
            assert_eq!(login.host, format!("{endpoint}-primary.kubeflow.svc.cluster.local"));
            assert_eq!((login.port, login.database.as_str()), (5432, database));
            assert_eq!((login.password.reveal(), login.schema.as_str()), (PASSWORD, "public"));
            assert_eq!(login.sslmode, SslMode::Prefer);
        }
    }
}

#[test]
fn a_schema_of_the_operators_is_the_one_to_look_at() {
    let mut seen = everything();
    let yaml = "online_store: {db_schema: feast}".to_owned();
    seen.config.insert(EXTRA.to_owned(), ConfigValue::Text(yaml));
    let schemas = logins(&seen).map(|login| login.unwrap().schema);
    assert_eq!(schemas, ["public", "feast", "public"]);
}

const EXTRA: &str = options::EXTRA_CONFIGURATION;

#[test]
fn a_database_that_is_missing_or_late_keeps_nobody_from_the_others() {
    let mut seen = everything();
    seen.relations.remove(OFFLINE_STORE);
    relation(&mut seen, REGISTRY).remote = Databag::new();
    let [offline, online, registry] = logins(&seen);
    assert_eq!(offline.unwrap_err(), "Please add the missing relation: offline-store");
    assert!(online.is_ok());
    assert_eq!(registry.unwrap_err(), "Waiting for registry relation data");
}

#[test]
fn a_database_that_the_operator_does_not_want_so_is_told_as_such() {
    let mut seen = everything();
    seen.config.insert("tls".to_owned(), ConfigValue::Text("required".to_owned()));
    for login in logins(&seen) {
        assert!(login.unwrap_err().starts_with("The database does not offer TLS"));
    }
    seen.config.insert("project".to_owned(), ConfigValue::Text("a-b".to_owned()));
    assert!(stores(&seen).unwrap_err().starts_with("[config] project is not"));
}

#[test]
fn the_configuration_is_the_file_of_notebooks_or_what_it_waits_for() {
    let (file, certificates) = configuration(&everything()).unwrap();
    assert!(file.reveal().starts_with("project: \"feast_project\"\n"));
    assert_eq!(certificates, None);
    let mut seen = everything();
    seen.relations.remove(ONLINE_STORE);
    relation(&mut seen, REGISTRY).remote = Databag::new();
    assert_eq!(
        configuration(&seen).unwrap_err(),
        "Please add the missing relation: online-store; Waiting for registry relation data"
    );
}

#[test]
fn what_only_the_leader_knows_is_said_by_the_others() {
    let follower = Observation { leader: false, ..everything() };
    assert!(unknown_keys(&everything()).is_none() && unknown_keys(&follower).is_some());
    let mut chosen = follower.clone();
    let option = "entity-key-serialization-version".to_owned();
    chosen.config.insert(option, ConfigValue::Integer(3));
    assert_eq!(unknown_keys(&chosen), None);
    let (changes, note) = changes(&follower);
    assert_eq!((changes.len(), note.is_some()), (1, true));
}

#[test]
fn a_plan_is_what_a_hook_does_and_afterwards_there_is_none() {
    let mut seen = everything();
    for option in ["manifests-as-secret", "configuration-as-secret"] {
        seen.config.insert(option.to_owned(), ConfigValue::Boolean(true));
    }
    let (planned, note) = changes(&seen);
    assert_eq!(note, None);
    let kinds =
        |word: &str| planned.iter().filter(|change| change.to_string().starts_with(word)).count();
    assert_eq!((kinds("secret-add"), kinds("secret-grant"), kinds("status-set")), (2, 2, 1));
    let after = seen.after(&planned);
    assert_eq!(changes(&after).0.len(), 1);
    assert_eq!(changes(&settled()).0.len(), 1);
}

#[test]
fn actions_in_the_metadata_are_those_of_the_charm() {
    let metadata = include_str!("../../../../metadata/feast-integrator/actions.yaml");
    let metadata: serde_yaml::Mapping = serde_yaml::from_str(metadata).unwrap();
    let mut declared: Vec<&str> = metadata.keys().filter_map(|name| name.as_str()).collect();
    declared.sort_unstable();
    assert_eq!(declared, ACTIONS);
}
