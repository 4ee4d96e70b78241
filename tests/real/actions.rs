//! Actions of both charms on real databases, and on a real Pebble.

use std::fs;
use std::path::Path;

use juju_sim::{ActionOutcome, Event, Outcome, State};
use serde_json::{Value, json};
use stand::feast::Release;
use stand::missing::{Need, needs};
use stand::postgresql::Postgres;
use tests::container::{Container, cache};
use tests::world::ui::FEAST_CONFIGURATION;
use tests::world::{DATABASES, Deployed, by_secrets, configured, password};

use crate::credentials::{ask, python};

/// A server with the three databases and their users; none where there can be none.
fn server(folder: &Path) -> Option<Postgres> {
    if !needs(&[Need::Namespaces]) {
        return None;
    }
    let postgres = Postgres::start(&cache(), &folder.join("postgresql")).unwrap();
    for (id, _, name, ..) in DATABASES {
        let password = password(name).replace('\'', "''");
        let role = format!("CREATE ROLE relation_id_{id} LOGIN PASSWORD '{password}'");
        postgres.sql("postgres", &role).unwrap();
        let database = format!("CREATE DATABASE {name} OWNER relation_id_{id}");
        postgres.sql("postgres", &database).unwrap();
    }
    Some(postgres)
}

fn integrator(postgres: &Postgres, leader: bool) -> Deployed {
    let mut state = State { leader, ..by_secrets() };
    for (id, ..) in DATABASES {
        let bag = &mut state.relation_mut(id).unwrap().remote_app_data;
        bag.insert("endpoints".to_owned(), format!("127.0.0.1:{}", postgres.port()));
    }
    let mut deployed = Deployed::integrator(state);
    deployed.settle(Event::hook("config-changed"));
    deployed
}

fn ui(postgres: &Postgres) -> Deployed {
    let mut state = configured();
    let bag = &mut state.relation_mut(FEAST_CONFIGURATION).unwrap().remote_app_data;
    for (_, _, name, ..) in DATABASES {
        bag.insert(format!("{name}_host"), "127.0.0.1".to_owned());
        bag.insert(format!("{name}_port"), postgres.port().to_string());
    }
    Deployed::ui(state)
}

fn given(name: &str, parameters: &[(&str, Value)]) -> Event {
    let parameters = parameters.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
    Event::Action(name.to_owned(), parameters.collect())
}

fn told(outcome: &Outcome) -> &ActionOutcome {
    outcome.action.as_ref().unwrap()
}

#[test]
fn databases_in_order_are_found_so_from_every_unit_of_both_charms() {
    let folder = tempfile::tempdir().unwrap();
    let Some(postgres) = server(folder.path()) else { return };
    for mut deployed in [integrator(&postgres, true), integrator(&postgres, false), ui(&postgres)] {
        let outcome = deployed.settle(given("validate", &[("format", json!("json"))]));
        let action = told(&outcome);
        assert!(action.completed, "{action:?}");
        let told: Value = serde_json::from_str(action.results["json"].as_str().unwrap()).unwrap();
        assert_eq!(told["ok"], json!(true));
        for (id, endpoint, ..) in DATABASES {
            let store = &told["stores"][endpoint];
            assert_eq!(store["user"], format!("relation_id_{id}"));
            assert_eq!(store["tables"], json!({}));
            let checks = store["checks"].as_object().unwrap();
            assert!(checks.values().all(|check| check["result"] == "ok"), "{checks:?}");
            assert_eq!(checks.len(), if endpoint == "registry" { 10 } else { 9 }, "{checks:?}");
        }
    }
}

#[test]
fn tables_that_an_earlier_user_has_left_are_found_told_and_mended() {
    let folder = tempfile::tempdir().unwrap();
    let Some(postgres) = server(folder.path()) else { return };
    let left = "CREATE ROLE relation_id_9 LOGIN; GRANT CREATE ON SCHEMA public TO relation_id_9; SET ROLE relation_id_9;
                CREATE TABLE projects (); CREATE TABLE entities ()";
    postgres.sql("registry", left).unwrap();
    let mut deployed = integrator(&postgres, true);
    let outcome = deployed.settle(Event::action("validate"));
    let status = |deployed: &mut Deployed| {
        deployed.settle(Event::hook("update-status"));
        deployed.unit.state.unit_status.clone()
    };
    let blocked =
        "[registry] Tables of another role that relation_id_3 may not use: run repair-ownership";
    assert_eq!(status(&mut deployed), juju_sim::Status::new("blocked", blocked));
    let found = "[registry] tables: 2 of 2 belong to relation_id_9, and relation_id_3 may not use them; \
                 the action repair-ownership of feast-integrator mends that, or says who can";
    assert_eq!(told(&outcome).message, found);

    let outcome = deployed.settle(given("repair-ownership", &[("dry-run", json!(true))]));
    let action = told(&outcome);
    assert!(action.completed, "{action:?}");
    assert_eq!((&action.results["mended"], &action.results["left"]), (&json!("0"), &json!("0")));

    let outcome = deployed.settle(Event::action("repair-ownership"));
    let action = told(&outcome);
    assert_eq!((&action.results["mended"], &action.results["left"]), (&json!("0"), &json!("2")));
    let reason =
        "[registry] 2 tables still belong to another role; the server lets only their owner";
    assert!(action.message.starts_with(reason), "{}", action.message);
    let statements = action.results["statements"].as_str().unwrap();
    assert_eq!(statements.lines().count(), 2, "{statements}");

    postgres.sql("registry", "GRANT relation_id_9 TO relation_id_3").unwrap();
    let elsewhere = given("repair-ownership", &[("store", json!("online-store"))]);
    assert_eq!(told(&deployed.settle(elsewhere)).results["mended"], "0");
    let outcome = deployed.settle(Event::action("repair-ownership"));
    let action = told(&outcome);
    assert!(action.completed, "{action:?}");
    assert_eq!((&action.results["mended"], &action.results["left"]), (&json!("2"), &json!("0")));
    assert_eq!(status(&mut deployed), juju_sim::Status::new("active", ""));
    assert!(told(&deployed.settle(Event::action("validate"))).completed);
}

/// Applies an entity to the registry of a file, as users do.
const APPLY: &str = r#"
import json, pathlib, sys, tempfile
from feast import Entity, FeatureStore

with tempfile.TemporaryDirectory() as folder:
    path = pathlib.Path(folder) / "feature_store.yaml"
    path.write_text(json.load(sys.stdin))
    store = FeatureStore(fs_yaml_file=path)
    store.apply([Entity(name="driver")])
    print(json.dumps(store.project))
"#;

fn projects_of(release: Release) {
    let folder = tempfile::tempdir().unwrap();
    let Some(python) = python(release) else { return };
    let Some(postgres) = server(folder.path()) else { return };
    let mut deployed = ui(&postgres);
    let outcome = deployed.settle(Event::action("list-projects"));
    let empty =
        "the registry has no tables yet: the first client of Feast, such as the UI, makes them";
    assert_eq!(told(&outcome).message, empty);

    let shown = deployed.run(given("show-config", &[("reveal", json!(true))]));
    let project = ask(&python, APPLY, &told(&shown).results["feature-store-yaml"]);
    let outcome = deployed.settle(given("list-projects", &[("format", json!("json"))]));
    let listed: Value =
        serde_json::from_str(told(&outcome).results["json"].as_str().unwrap()).unwrap();
    assert_eq!(listed.as_array().unwrap().len(), 1, "{listed}");
    assert_eq!((&listed[0]["name"], &listed[0]["feature-views"]), (&project, &json!(0)));
    assert!(listed[0]["updated"].as_str().unwrap().starts_with("20"), "{listed}");

    let outcome = deployed.settle(Event::action("validate"));
    let action = told(&outcome);
    assert!(action.completed, "{action:?}");
    let table = action.results["table"].as_str().unwrap();
    assert!(table.contains("all 12 tables of Feast's registry"), "{table}");
}

#[test]
fn projects_of_the_original_feast_are_listed() {
    projects_of(Release::Original);
}

#[test]
fn projects_of_the_newest_feast_are_listed() {
    projects_of(Release::Newest);
}

#[test]
fn the_ui_is_restarted_and_said_to_answer_only_if_it_does() {
    let Some(container) = Container::start() else { return };
    let mut deployed = container.deploy(configured());
    let outcome = deployed.settle(Event::action("restart"));
    let unconfigured = "There is no UI to restart: it has not been configured yet.";
    assert_eq!(told(&outcome).message, unconfigured);

    deployed.settle(Event::PebbleReady("feast-ui".to_owned()));
    let planned = deployed.settle(Event::action("plan"));
    assert_eq!(told(&planned).results["table"], "Nothing would change.");
    let before = deployed.unit.state.clone();
    let outcome = deployed.settle(Event::action("restart"));
    assert_eq!(told(&outcome).results["result"], "The UI was restarted, and answers.");
    assert_eq!((container.starts().len(), &deployed.unit.state), (2, &before));

    fs::write(container.home().join("deaf"), "").unwrap();
    let outcome = deployed.settle(given("restart", &[("timeout", json!(1))]));
    assert_eq!(
        told(&outcome).message,
        "[feast-ui-pebble-service] Waiting for the UI to answer on port 8888."
    );
    assert_eq!(container.starts().len(), 3);
    fs::remove_file(container.home().join("deaf")).unwrap();

    deployed.forget(FEAST_CONFIGURATION);
    deployed.settle(Event::hook("update-status"));
    let outcome = deployed.settle(Event::action("restart"));
    assert_eq!(told(&outcome).message, "The UI is stopped, because its configuration is gone.");
    assert!(!container.serves());
}
