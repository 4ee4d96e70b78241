//! What those who run an action are told, and what it costs.

use juju_sim::{ActionOutcome, Event, Outcome, State};
use serde_json::json;
use tests::world::ui::{DASHBOARD_LINKS, FEAST_CONFIGURATION};
use tests::world::{CANARY, DATABASES, Deployed, configured};

const ACTIONS: [&str; 5] = ["list-projects", "plan", "restart", "show-config", "validate"];

/// A unit that has said everything, and whose databases nobody can reach.
fn settled(leader: bool) -> Deployed {
    let mut state = State { leader, ..configured() };
    let bag = &mut state.relation_mut(FEAST_CONFIGURATION).unwrap().remote_app_data;
    for (_, _, name, ..) in DATABASES {
        bag.insert(format!("{name}_host"), "127.0.0.1".to_owned());
        bag.insert(format!("{name}_port"), "1".to_owned());
    }
    let mut deployed = Deployed::ui(state);
    deployed.settle(Event::hook("config-changed"));
    deployed
}

fn told(outcome: &Outcome) -> &ActionOutcome {
    outcome.action.as_ref().unwrap()
}

#[test]
fn an_action_changes_nothing_on_any_unit() {
    for leader in [true, false] {
        let mut deployed = settled(leader);
        let before = deployed.unit.state.clone();
        for action in ACTIONS {
            let outcome = deployed.settle(Event::action(action));
            assert_eq!(deployed.unit.state, before, "{action}: {}", outcome.transcript());
        }
    }
}

#[test]
fn actions_ask_juju_for_no_more_than_they_need() {
    let mut deployed = settled(false);
    let outcome = deployed.settle(Event::action("validate"));
    let names: Vec<&str> = outcome.commands.iter().map(|command| command.name.as_str()).collect();
    let asked = [
        "config-get",
        "is-leader",
        "action-get",
        "relation-ids",
        "relation-list",
        "relation-get",
        "relation-list",
        "relation-get",
    ];
    assert_eq!(names, [&asked[..], &["action-set", "action-fail"]].concat());
    let refused =
        "[registry] nothing can be reached at 127.0.0.1:1: Connection refused (os error 111)";
    for (action, commands, message) in [
        ("list-projects", 9, refused),
        ("restart", 4, "There is no UI to restart: its container does not answer."),
        ("show-config", 9, ""),
    ] {
        let outcome = deployed.settle(Event::action(action));
        assert_eq!(outcome.commands.len(), commands, "{}", outcome.transcript());
        assert_eq!(told(&outcome).message, message);
    }
}

#[test]
fn without_a_configuration_it_is_said_what_is_missing() {
    let mut deployed = settled(true);
    deployed.forget(FEAST_CONFIGURATION);
    for action in ["list-projects", "show-config", "validate"] {
        let outcome = deployed.settle(Event::action(action));
        let message = &told(&outcome).message;
        assert_eq!(message, "[feast-configuration] Missing relation: feast-configuration");
    }
}

#[test]
fn who_asks_for_the_configuration_sees_passwords_only_if_that_is_said() {
    let mut deployed = settled(false);
    let outcome = deployed.settle(Event::action("show-config"));
    let shown = told(&outcome).results["feature-store-yaml"].as_str().unwrap().to_owned();
    assert!(shown.contains("password: \"[redacted]\""), "{shown}");
    let parameters = [("reveal".to_owned(), json!(true))].into();
    let revealed = deployed.run(Event::Action("show-config".to_owned(), parameters));
    let shown = told(&revealed).results["feature-store-yaml"].as_str().unwrap();
    assert!(shown.contains(CANARY) && !shown.contains("[redacted]"), "{shown}");
}

#[test]
fn a_plan_names_who_is_told_what_and_what_is_not_known() {
    let mut deployed = settled(true);
    deployed.relation_mut(DASHBOARD_LINKS).local_app_data.clear();
    let outcome = deployed.settle(Event::action("plan"));
    let action = told(&outcome);
    insta::assert_snapshot!(action.results["table"].as_str().unwrap(), @r"
    DESTINATION                               CHANGE
    dashboard-links:12 to kubeflow-dashboard  set dashboard_links
    ");
    let unknown = "Its container does not answer, so that nothing in it is known.";
    assert_eq!(action.results["note"], unknown);
    deployed.unit.state.leader = false;
    let outcome = deployed.settle(Event::action("plan"));
    let action = told(&outcome);
    assert_eq!(action.results["table"], "Nothing would change.");
    assert!(action.results["note"].as_str().unwrap().starts_with("This unit does not lead"));
}
