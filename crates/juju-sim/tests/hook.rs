//! What of a hook stays, and what Juju refuses to run.

mod common;

use std::collections::BTreeMap;

use common::{changed, deploy, related, script};
use juju_sim::{Error, Event, Owner, Relation, Secret, State, Status};
use serde_json::json;

const ID: &str = "9m4e2mr0ui3e8a215n4g";

const CHANGES: &str = "set -e
relation-set --app k=v
relation-set u=v
state-set s=1
open-port 80
secret-add --label L pass=x
status-set active done
application-version-set 1.2
juju-log hello
";

#[test]
fn a_hook_that_ends_well_keeps_everything() {
    let mut unit = deploy(related());
    assert!(script(&mut unit, changed(), CHANGES).success());
    let relation = unit.state.relation(3).unwrap();
    assert_eq!((&*relation.local_app_data["k"], &*relation.local_unit_data["u"]), ("v", "v"));
    assert_eq!(unit.state.stored["s"], "1");
    assert_eq!(unit.state.secrets.len(), 1);
    assert_eq!(unit.state.unit_status, Status::new("active", "done"));
    assert_eq!(unit.state.log[0].message, "db:3: hello");
}

#[test]
fn a_hook_that_fails_keeps_only_what_takes_effect_at_once() {
    let mut unit = deploy(related());
    let before = unit.state.clone();
    let outcome = script(&mut unit, changed(), &format!("{CHANGES}exit 3"));
    assert_eq!((outcome.code, outcome.success()), (Some(3), false));
    assert_eq!(outcome.hook_error.as_deref(), Some("hook failed: \"db-relation-changed\""));
    assert_eq!(unit.state.unit_status, Status::new("active", "done"));
    assert_eq!(unit.state.workload_version, "1.2");
    assert_eq!(unit.state.relations, before.relations);
    assert_eq!(unit.state.secrets, before.secrets);
    assert_eq!((unit.state.stored.len(), unit.state.opened_ports.len()), (0, 0));
}

#[test]
fn leadership_that_is_lost_fails_the_hook_after_its_end() {
    let mut unit = deploy(State { loses_leadership: true, ..related() });
    let outcome = script(&mut unit, changed(), "relation-set --app k=v");
    assert_eq!((outcome.code, outcome.success()), (Some(0), false));
    assert_eq!(
        outcome.flush_error.as_deref(),
        Some("checking leadership continuity: \"app/0\" is not leader of \"app\"")
    );
    assert!(unit.state.relation(3).unwrap().local_app_data.is_empty());
    assert!(script(&mut unit, changed(), "relation-set own=v").success());
}

#[test]
fn the_controller_refuses_what_the_agent_could_not_know() {
    let mut state = State { leader: false, ..related() };
    state.secrets.push(Secret::owned(ID, "L", &[("pass", "x")]));
    for (leader, commands, why) in [
        (
            true,
            "secret-add --label L pass=y",
            "secret label \"L\" for owner \"application-app\" already exists",
        ),
        (false, "secret-set 9m4e2mr0ui3e8a215n4g pass=y", "updating secrets: permission denied"),
        (false, "secret-remove 9m4e2mr0ui3e8a215n4g", "removing secrets: permission denied"),
        (true, "open-port icmp", "protocol icmp on caas models not supported"),
    ] {
        let mut unit = deploy(State { leader, ..state.clone() });
        let outcome = script(&mut unit, changed(), commands);
        let error = outcome.flush_error.unwrap_or_default();
        assert!(error.contains(why), "{commands}: {error}");
        assert_eq!(unit.state.secret(ID).unwrap().newest().unwrap()["pass"], "x");
    }
}

#[test]
fn an_action_has_parameters_and_results() {
    let mut unit = deploy(State::leader());
    let given = BTreeMap::from([("target".to_owned(), json!("/tmp"))]);
    let backup = Event::Action("backup".to_owned(), given);
    let outcome = script(
        &mut unit,
        backup.clone(),
        "action-get --format=json; action-set a=1 b.c=2; action-set Bad=1; action-set stdout=1; exit 0",
    );
    let action = outcome.action.unwrap();
    assert!(action.completed);
    assert_eq!(action.results["a"], "1");
    assert_eq!(action.results["b"], json!({ "c": "2" }));
    assert_eq!(action.results["return-code"], 0);
    assert_eq!(action.results["stdout"], "{\"level\":1,\"target\":\"/tmp\"}\n");
    assert!(outcome.stderr.contains("ERROR cannot set reserved action key \"stdout\""));
    assert!(outcome.stderr.contains("ERROR key \"Bad\" must start and end with lowercase"));

    let outcome = script(&mut unit, backup.clone(), "state-set s=1; action-fail 'no room'");
    assert_eq!(outcome.action.unwrap().message, "no room");
    assert_eq!(unit.state.stored["s"], "1");

    let outcome = script(&mut unit, backup, "state-set s=2; exit 4");
    assert_eq!(outcome.hook_error, None);
    assert_eq!(outcome.action.unwrap().message, "exit status 4");
    assert_eq!(unit.state.stored["s"], "1");
}

#[test]
fn an_action_with_wrong_parameters_does_not_run_the_charm() {
    let mut unit = deploy(State::leader());
    let outcome = script(&mut unit, Event::action("backup"), "status-set active ran");
    let action = outcome.action.unwrap();
    assert!(!action.completed && action.message.contains("\"target\" property is missing"));
    assert_eq!(unit.state.unit_status.name, "unknown");
}

#[test]
fn the_environment_is_built_from_nothing() {
    let mut unit = deploy(related());
    unit.extra.insert("CHARM_CONTAINERS_DIR".to_owned(), "/elsewhere".into());
    let seen = script(&mut unit, changed(), "env -u PWD -u SHLVL -u _ -u OLDPWD").stdout;
    let mut names: Vec<&str> =
        seen.lines().filter_map(|line| Some(line.split_once('=')?.0)).collect();
    names.sort_unstable();
    let expected = "APT_LISTCHANGES_FRONTEND CHARM_CONTAINERS_DIR CHARM_DIR CLOUD_API_VERSION \
        DEBIAN_FRONTEND JUJU_AGENT_SOCKET_ADDRESS JUJU_AGENT_SOCKET_NETWORK JUJU_API_ADDRESSES \
        JUJU_AVAILABILITY_ZONE JUJU_CHARM_DIR JUJU_CHARM_FTP_PROXY JUJU_CHARM_HTTPS_PROXY \
        JUJU_CHARM_HTTP_PROXY JUJU_CHARM_NO_PROXY JUJU_CONTEXT_ID JUJU_DISPATCH_PATH \
        JUJU_HOOK_NAME JUJU_MACHINE_ID JUJU_MODEL_NAME JUJU_MODEL_UUID JUJU_PRINCIPAL_UNIT \
        JUJU_RELATION JUJU_RELATION_ID JUJU_REMOTE_APP JUJU_REMOTE_UNIT JUJU_SLA JUJU_UNIT_NAME \
        JUJU_VERSION KUBERNETES_SERVICE_HOST KUBERNETES_SERVICE_PORT LANG PATH TERM";
    assert_eq!(names.join(" "), expected);
    for line in ["JUJU_RELATION_ID=db:3", "JUJU_REMOTE_UNIT=pg/1", "JUJU_MACHINE_ID="] {
        assert!(seen.lines().any(|seen| seen == line), "{line}");
    }
}

#[test]
fn each_kind_of_event_has_its_variables() {
    let mut state = related();
    state.secrets.push(Secret { tracked: Some(1), ..Secret::granted(ID, &[("pass", "x")]) });
    let unit = "pg/1".to_owned();
    let (web, data) = (|| "web".to_owned(), || "data/0".to_owned());
    for (event, expected) in [
        (Event::RelationChanged(3), "JUJU_REMOTE_APP=pg JUJU_REMOTE_UNIT="),
        (
            Event::RelationDeparted { relation: 3, unit: unit.clone(), departing: unit },
            "JUJU_DEPARTING_UNIT=pg/1 JUJU_REMOTE_APP=pg",
        ),
        (
            Event::RelationBroken(3),
            "JUJU_DISPATCH_PATH=hooks/db-relation-broken JUJU_REMOTE_APP=pg",
        ),
        (Event::RelationBrokenAfterRestart(3), "JUJU_REMOTE_APP= JUJU_RELATION_ID=db:3"),
        (Event::PebbleReady(web()), "JUJU_HOOK_NAME=web-pebble-ready JUJU_WORKLOAD_NAME=web"),
        (Event::PebbleCheckFailed(web(), "up".to_owned()), "JUJU_PEBBLE_CHECK_NAME=up"),
        (
            Event::PebbleCustomNotice(web(), "example.com/x".to_owned()),
            "JUJU_NOTICE_TYPE=custom JUJU_NOTICE_KEY=example.com/x",
        ),
        (
            Event::SecretChanged(ID.to_owned()),
            "JUJU_SECRET_ID=secret:9m4e2mr0ui3e8a215n4g JUJU_SECRET_LABEL=",
        ),
        (Event::StorageAttached(data()), "JUJU_STORAGE_LOCATION=/var/lib/juju/storage/data/0"),
        (Event::hook("nobody-knows-it"), "JUJU_HOOK_NAME=nobody-knows-it"),
    ] {
        let mut unit = deploy(state.clone());
        let seen = script(&mut unit, event.clone(), "env").stdout;
        for line in expected.split(' ') {
            assert!(seen.lines().any(|seen| seen == line), "{event:?} {line}:\n{seen}");
        }
    }
}

#[test]
fn a_relation_that_ends_has_no_units_and_is_not_listed() {
    let commands = "relation-ids db --format=json; relation-list --format=json
relation-list --app --format=json; relation-get --format=json --app - pg";
    let mut unit = deploy(related());
    let seen = script(&mut unit, Event::RelationBroken(3), commands).stdout;
    assert_eq!(seen, "[]\n[]\n\"pg\"\n{\"v\":\"\\u003ca\\u003e\\u0026b\"}\n");
    let seen = script(&mut unit, Event::RelationBrokenAfterRestart(3), commands).stdout;
    assert!(seen.starts_with("[\"db:3\"]\n[]\n"), "{seen}");
    let left = "pg/1".to_owned();
    let departed = Event::RelationDeparted { relation: 3, unit: left.clone(), departing: left };
    let seen =
        script(&mut unit, departed, "relation-list --format=json; relation-get ingress-address");
    assert_eq!(seen.stdout, "[\"pg/0\"]\n10.1.0.9\n");
}

#[test]
fn an_impossible_world_is_not_run() {
    let wrong_endpoint =
        State { relations: vec![Relation::to(1, "nope", "pg")], ..State::leader() };
    let not_a_peer = State { relations: vec![Relation::to(1, "cluster", "pg")], ..State::leader() };
    let twice = State {
        relations: vec![Relation::to(1, "db", "pg"), Relation::to(1, "web", "x")],
        ..State::leader()
    };
    let option = |name: &str, value| State {
        config: BTreeMap::from([(name.to_owned(), value)]),
        ..State::leader()
    };
    let start = || Event::hook("start");
    for (state, event) in [
        (State::leader(), changed()),
        (related(), Event::RelationUnitChanged(3, "pg/7".to_owned())),
        (related(), Event::hook("db-relation-changed")),
        (State::leader(), Event::PebbleReady("nope".to_owned())),
        (State::leader(), Event::action("nope")),
        (State::leader(), Event::SecretChanged(ID.to_owned())),
        (State::leader(), Event::StorageAttached("nope/0".to_owned())),
        (State::default(), Event::hook("leader-elected")),
        (State::default().on_juju_4(), Event::hook("leader-settings-changed")),
        (wrong_endpoint, start()),
        (not_a_peer, start()),
        (twice, start()),
        (option("nope", json!(1)), start()),
        (option("port", json!("1")), start()),
    ] {
        let mut unit = deploy(state);
        let result = unit.run("/bin/true".as_ref(), event.clone());
        assert!(matches!(result, Err(Error::Impossible(_))), "{event:?}: {result:?}");
    }
}

#[test]
fn a_unit_manages_its_own_secrets_without_leading() {
    let mut unit = deploy(State::default());
    let outcome = script(&mut unit, Event::hook("start"), "secret-add --owner unit pass=x");
    assert!(outcome.success());
    assert_eq!(unit.state.secrets[0].owner, Owner::Unit);
}

#[test]
fn a_command_can_be_made_to_fail() {
    let mut unit = deploy(related());
    unit.state.refusals.insert("relation-get -r 3".to_owned(), "permission denied".to_owned());
    let outcome = script(&mut unit, changed(), "relation-get -r 3; relation-get v pg --app");
    assert_eq!(
        (outcome.stdout.as_str(), outcome.stderr.as_str()),
        ("<a>&b\n", "ERROR permission denied\n")
    );
}
