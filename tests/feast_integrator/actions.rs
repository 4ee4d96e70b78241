//! What those who run an action are told, and what it costs.

use juju_sim::{ActionOutcome, Event, Outcome, State};
use serde_json::json;
use tests::world::integrator::{POD_DEFAULTS, REGISTRY};
use tests::world::{CANARY, DATABASES, Deployed, by_secrets, in_plain};

use super::settled;

const ACTIONS: [&str; 4] = ["plan", "repair-ownership", "show-config", "validate"];

/// A world in which nobody listens where the databases should be.
fn unreachable(mut state: State) -> State {
    for (id, ..) in DATABASES {
        if let Some(relation) = state.relation_mut(id) {
            relation.remote_app_data.insert("endpoints".to_owned(), "127.0.0.1:1".to_owned());
        }
    }
    state
}

fn given(name: &str, parameters: &[(&str, serde_json::Value)]) -> Event {
    let parameters = parameters.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
    Event::Action(name.to_owned(), parameters.collect())
}

fn told(outcome: &Outcome) -> &ActionOutcome {
    outcome.action.as_ref().unwrap()
}

#[test]
fn an_action_changes_nothing_on_any_unit() {
    for state in [by_secrets(), in_plain().on_juju_4(), State::leader()] {
        for leader in [true, false] {
            let mut deployed = Deployed::integrator(State { leader, ..unreachable(state.clone()) });
            deployed.settle(Event::hook("config-changed"));
            // A unit that does not lead has not read them before.
            deployed.settle(Event::action("plan"));
            let before = deployed.unit.state.clone();
            for action in ACTIONS {
                let outcome = deployed.settle(Event::action(action));
                assert_eq!(deployed.unit.state, before, "{action}: {}", outcome.transcript());
            }
        }
    }
}

#[test]
fn validate_asks_juju_for_no_more_than_the_databases_and_who_delivers() {
    let outcome = settled(unreachable(by_secrets())).settle(Event::action("validate"));
    let action = told(&outcome);
    assert!(!action.completed);
    let refused = "tcp: nothing can be reached at 127.0.0.1:1: Connection refused (os error 111)";
    assert_eq!(
        action.message,
        format!("[offline-store] {refused}; [online-store] {refused}; [registry] {refused}")
    );
    let table = action.results["table"].as_str().unwrap();
    assert_eq!(table.lines().count(), 7, "{table}");
    let (asked, answered) = outcome.commands.split_at(21);
    assert!(asked.iter().all(|command| command.exit == 0 && !command.name.starts_with("action-s")));
    let names: Vec<&str> = answered.iter().map(|command| command.name.as_str()).collect();
    assert_eq!(names, ["action-set", "action-fail"], "{}", outcome.transcript());
}

#[test]
fn validate_tells_machines_the_same() {
    let mut deployed = settled(unreachable(in_plain()));
    let outcome = deployed.settle(given("validate", &[("format", json!("json"))]));
    let told: serde_json::Value =
        serde_json::from_str(told(&outcome).results["json"].as_str().unwrap()).unwrap();
    assert_eq!(told["ok"], json!(false));
    for (_, endpoint, database, ..) in DATABASES {
        let store = &told["stores"][endpoint];
        assert_eq!((&store["database"], &store["port"]), (&json!(database), &json!(1)));
        assert_eq!(store["checks"]["dns"]["result"], "ok");
        assert_eq!(store["checks"]["tcp"]["result"], "failed");
    }
}

#[test]
fn a_database_that_is_not_related_is_named_and_the_others_are_looked_at() {
    let mut deployed = settled(unreachable(by_secrets()));
    deployed.forget(REGISTRY);
    let outcome = deployed.settle(Event::action("validate"));
    let message = &told(&outcome).message;
    assert!(message.contains("[offline-store] tcp: nothing can be reached"), "{message}");
    let missing = "[registry] relation: Please add the missing relation: registry";
    assert!(message.ends_with(missing), "{message}");
}

#[test]
fn who_asks_for_the_configuration_sees_passwords_only_if_that_is_said() {
    for leader in [true, false] {
        let mut deployed = settled(by_secrets());
        deployed.unit.state.leader = leader;
        let outcome = deployed.settle(Event::action("show-config"));
        let action = told(&outcome);
        let shown = action.results["feature-store-yaml"].as_str().unwrap();
        assert!(action.completed && shown.contains("password: \"[redacted]\""), "{shown}");
        assert_eq!(action.results.get("note").is_some(), !leader);
        let revealed = deployed.run(given("show-config", &[("reveal", json!(true))]));
        let shown = told(&revealed).results["feature-store-yaml"].as_str().unwrap();
        assert!(shown.contains(CANARY) && !shown.contains("[redacted]"), "{shown}");
    }
}

#[test]
fn a_plan_names_who_is_told_what() {
    let mut deployed = settled(by_secrets());
    let outcome = deployed.settle(Event::action("plan"));
    assert_eq!(told(&outcome).results["table"], "Nothing would change.");
    assert_eq!(told(&outcome).results["status"], "active");
    assert_eq!(outcome.commands.len(), 34, "{}", outcome.transcript());

    deployed.relation_mut(POD_DEFAULTS).local_app_data.clear();
    let outcome = deployed.settle(Event::action("plan"));
    insta::assert_snapshot!(told(&outcome).results["table"].as_str().unwrap(), @r"
    DESTINATION                            CHANGE
    pod-defaults:5 to resource-dispatcher  set kubernetes_manifests
    ");
    deployed.unit.state.leader = false;
    let outcome = deployed.settle(Event::action("plan"));
    let action = told(&outcome);
    assert_eq!(action.results["table"], "Nothing would change.");
    assert!(action.results["note"].as_str().unwrap().starts_with("This unit does not lead"));
}

#[test]
fn a_mistake_in_an_option_is_a_sentence_and_no_exit_status() {
    let mut deployed = settled(by_secrets());
    deployed.unit.state.config.insert("project".to_owned(), json!("a-b"));
    for action in ["repair-ownership", "show-config", "validate"] {
        let outcome = deployed.settle(Event::action(action));
        let message = &told(&outcome).message;
        assert!(message.starts_with("[config] project is not "), "{action}: {message}");
    }
    let outcome = deployed.settle(Event::action("plan"));
    let status = told(&outcome).results["status"].as_str().unwrap();
    assert!(status.starts_with("blocked [config] project is not "), "{status}");
}

#[test]
fn a_parameter_that_nobody_knows_is_refused_by_juju() {
    let mut deployed = settled(by_secrets());
    for name in ACTIONS {
        let outcome = deployed.run(given(name, &[("colour", json!("red"))]));
        assert_eq!(outcome.code, None, "{name}");
        assert!(told(&outcome).message.starts_with(&format!("cannot run {name:?} action")));
    }
}
