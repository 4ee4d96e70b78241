//! `crates/juju` against the simulated unit, through real processes.

mod common;

use std::collections::BTreeMap;

use common::{deploy, everything, related};
use juju_sim::{Event, Outcome, Owner, Relation, Secret, State, Status, Unit};
use serde_json::json;

const ID: &str = "9m4e2mr0ui3e8a215n4g";
const OTHER: &str = "9m4e2mr0ui3e8a215n5g";

fn run(unit: &mut Unit, event: Event) -> Outcome {
    unit.run(everything(), event).expect("a possible world")
}

#[test]
fn a_hook_that_is_of_no_interest_costs_no_hook_command() {
    let mut unit = deploy(related());
    let outcome = run(&mut unit, Event::hook("update-status"));
    assert!(outcome.success() && outcome.commands.is_empty(), "{outcome:?}");
}

#[test]
fn a_leader_looks_at_everything_with_few_commands() {
    let mut state = related();
    let uri = format!("secret://7c1b8c5e-0000-4000-8000-000000000001/{ID}");
    let said = [("secret-user", uri.as_str()), ("secret-tls", "--help"), ("secret-x", "gone")];
    state.relations[0] = Relation::to(3, "db", "pg").saying(&said).told(&[("database", "feast")]);
    state.relations.push(Relation::to(11, "web", "client").saying(&[("q", "<&>")]));
    state.secrets = vec![
        Secret::granted(ID, &[("username", "me"), ("password", "a b")]),
        Secret::owned(OTHER, "mine", &[("key", "value")]),
    ];
    state.secrets[1].grants.insert(3, None);
    state.opened_ports.insert("80/tcp".to_owned());
    state.unit_status = Status::new("waiting", "for it");
    let mut unit = deploy(state);
    let outcome = run(&mut unit, Event::hook("config-changed"));
    assert_eq!(
        outcome.stdout,
        format!(
            r#"leader true config {{"debug": Boolean(false), "port": Integer(8080), "ratio": Float(0.5)}} ports {{Port {{ number: 80, protocol: Tcp }}}}
status Some(Waiting("for it"))
db 3 pg
  local [("database", "feast")]
  remote [("secret-tls", "--help"), ("secret-user", "{uri}"), ("secret-x", "gone")]
web 11 client
  local []
  remote [("q", "<&>")]
  client/0 []
--help NotAUri
gone NotAUri
{uri} password=a b,username=me
mine secret:{OTHER} key=value {{"pg"}}
"#
        )
    );
    assert_eq!(
        outcome.transcript(),
        format!(
            "config-get --format=json
is-leader --format=json
relation-ids --format=json -- db
relation-list --format=json -r 3 --app
relation-get --format=json -r 3 --app -- - pg
relation-get --format=json -r 3 --app -- - app
secret-get --format=json --label=db.3.tls.secret --refresh -- --help (2)
secret-get --format=json --label=db.3.user.secret --refresh -- {uri}
secret-get --format=json --label=db.3.x.secret --refresh -- gone (2)
relation-ids --format=json -- web
relation-list --format=json -r 11 --app
relation-get --format=json -r 11 --app -- - client
relation-list --format=json -r 11
relation-get --format=json -r 11 -- - client/0
opened-ports --format=json
secret-ids --format=json
secret-info-get --format=json -- secret:{OTHER}
secret-get --format=json --peek -- secret:{OTHER}
status-get --format=json --include-data"
        )
    );
    let label = unit.state.secret(ID).unwrap().consumer_label.as_deref();
    assert_eq!(label, Some("db.3.user.secret"));
}

#[test]
fn a_key_is_asked_for_as_a_secret_only_where_another_says_that_it_is_one() {
    for (mark, asked) in [("true", 1), ("false", 0)] {
        let uri = format!("secret:{ID}");
        let web = Relation::to(11, "web", "client").saying(&[("text", &uri), ("is_secret", mark)]);
        let mut state = State { relations: vec![web], ..State::leader() };
        state.secrets.push(Secret::granted(ID, &[("key", "value")]));
        let mut unit = deploy(state);
        let outcome = run(&mut unit, Event::hook("config-changed"));
        assert_eq!(outcome.count("secret-get"), asked, "{}", outcome.transcript());
        assert_eq!(outcome.stdout.contains(&format!("{uri} key=value")), asked == 1);
        let label = unit.state.secret(ID).unwrap().consumer_label.as_deref();
        assert_eq!(label, (asked == 1).then_some("text.web.11"));
    }
}

#[test]
fn a_follower_looks_at_relations_only_if_it_has_to() {
    let mut unit = deploy(State { leader: false, ..related() });
    let outcome = run(&mut unit, Event::hook("config-changed"));
    let seen = "config-get --format=json\nis-leader --format=json\nopened-ports --format=json";
    assert_eq!(outcome.transcript(), seen);

    let mut state = State { leader: false, unit: "app/1".to_owned(), ..related() };
    state.secrets.push(Secret::owned(OTHER, "mine", &[("key", "value")]));
    let mut unit = deploy(state);
    let outcome = run(&mut unit, Event::hook("config-changed"));
    assert_eq!(outcome.count("relation-get"), 1, "{}", outcome.transcript());
    assert_eq!(outcome.count("secret-ids"), 0);
    assert!(outcome.stdout.contains("remote [(\"v\", \"<a>&b\")]"), "{}", outcome.stdout);
}

#[test]
fn the_hook_names_the_application_of_its_relation() {
    let mut unit = deploy(related());
    let outcome = run(&mut unit, Event::RelationChanged(3));
    assert!(outcome.success());
    assert_eq!(outcome.count("relation-list"), 0, "{}", outcome.transcript());
}

#[test]
fn what_the_other_side_echoes_is_not_read_again() {
    let mut state = related();
    state.relations[0] = Relation::to(3, "db", "pg")
        .saying(&[("data", "{\"database\":\"feast\"}")])
        .told(&[("database", "feast")]);
    let mut unit = deploy(state.clone());
    let outcome = run(&mut unit, Event::RelationChanged(3));
    assert_eq!(outcome.count("relation-get"), 1, "{}", outcome.transcript());
    assert!(outcome.stdout.contains("local [(\"database\", \"feast\")]"));

    state.relations[0].remote_app_data.insert("data".to_owned(), "[broken".to_owned());
    let mut unit = deploy(state);
    let outcome = run(&mut unit, Event::RelationChanged(3));
    assert_eq!(outcome.count("relation-get"), 2);
    assert!(outcome.stdout.contains("local [(\"database\", \"feast\")]"));
}

#[test]
fn a_relation_that_is_being_broken_is_gone_and_nothing_of_it_is_read() {
    for event in [Event::RelationBroken(3), Event::RelationBrokenAfterRestart(3)] {
        let mut unit = deploy(related());
        let outcome = run(&mut unit, event);
        assert!(outcome.success());
        assert!(!outcome.stdout.contains("db 3"), "{}", outcome.stdout);
        assert_eq!(outcome.count("relation-get") + outcome.count("relation-list"), 0);
    }
}

#[test]
fn secrets_answer_in_the_same_way_on_every_juju() {
    for juju_4 in [false, true] {
        let mut state = related();
        if juju_4 {
            state = state.on_juju_4();
        }
        let said = [("secret-user", ID), ("secret-tls", OTHER)];
        state.relations[0] = Relation::to(3, "db", "pg").saying(&said);
        state.secrets.push(Secret::kept(ID, &[("password", "x")]));
        let mut unit = deploy(state);
        let outcome = run(&mut unit, Event::RelationChanged(3));
        assert!(outcome.success(), "{outcome:?}");
        let answers = format!("{ID} Denied\n{OTHER} NotFound\n");
        assert!(outcome.stdout.contains(&answers), "{}", outcome.stdout);
    }
}

#[test]
fn a_secret_that_replaces_another_is_read_though_its_label_is_taken() {
    for juju_4 in [false, true] {
        let mut state = related();
        if juju_4 {
            state = state.on_juju_4();
        }
        state.relations[0] = Relation::to(3, "db", "pg").saying(&[("secret-user", OTHER)]);
        let label = Some("db.3.user.secret".to_owned());
        state.secrets = vec![
            Secret { consumer_label: label, ..Secret::granted(ID, &[("password", "old")]) },
            Secret::granted(OTHER, &[("password", "new")]),
        ];
        let mut unit = deploy(state);
        let outcome = run(&mut unit, Event::RelationChanged(3));
        assert!(outcome.stdout.contains(&format!("{OTHER} password=new")), "{}", outcome.stdout);
    }
}

#[test]
fn what_goes_away_between_two_commands_is_absent_and_no_error() {
    for (command, text) in [
        ("relation-get --format=json -r 3", "permission denied"),
        ("relation-get --format=json -r 3", "relation unit not found"),
        ("relation-list", "invalid value \"3\" for option -r: relation not found"),
    ] {
        let mut unit = deploy(related());
        unit.state.refusals.insert(command.to_owned(), text.to_owned());
        let outcome = run(&mut unit, Event::hook("config-changed"));
        assert!(outcome.success(), "{outcome:?}");
        assert!(!outcome.stdout.contains("<a>"), "{}", outcome.stdout);
    }
}

#[test]
fn an_agent_that_does_not_work_fails_the_hook_with_its_words() {
    let mut unit = deploy(related());
    unit.state.refusals.insert("relation-get".to_owned(), "connection is shut down".to_owned());
    let outcome = run(&mut unit, Event::hook("config-changed"));
    assert_eq!(outcome.code, Some(1));
    assert!(outcome.stderr.contains("connection is shut down"), "{}", outcome.stderr);
}

#[test]
fn every_change_arrives_exactly_and_no_value_is_an_argument() {
    let mut state = related();
    state.relations[0] = Relation::to(3, "db", "pg").told(&[("stale", "x"), ("kept", "y")]);
    state.opened_ports.insert("80/tcp".to_owned());
    for state in [state.clone(), state.on_juju_4()] {
        let mut unit = deploy(state);
        let outcome = run(&mut unit, Event::hook("start"));
        assert!(outcome.success(), "{outcome:?}");
        let odd = "{\"a\": \"\\\"</>&\u{7f}\u{85}\u{2028}\u{feff}\0 😀\"}\n";
        let bag = &unit.state.relation(3).unwrap().local_app_data;
        let expected = [("kept", "y"), ("odd", odd), ("plain", " spaces ")];
        assert!(bag.iter().map(|(key, value)| (&**key, &**value)).eq(expected), "{bag:?}");

        let secret = &unit.state.secrets[0];
        assert_eq!((secret.owner, secret.label.as_str()), (Owner::Application, "mine"));
        // The second content replaced the first within the hook.
        assert_eq!(secret.newest().unwrap()["password"], "second");
        assert_eq!(secret.grants, BTreeMap::from([(3, None)]));
        assert!(unit.state.opened_ports.iter().eq(["8888/tcp"]));
        assert_eq!(unit.state.unit_status, Status::new("blocked", "--help: \"me\""));
        let log = &unit.state.log[0];
        assert_eq!(log.level, "INFO");
        assert_eq!(log.message.lines().count(), 4, "{}", log.message);
        let all = format!("{:?} {}", outcome.commands, log.message);
        for value in ["second", "p@:/", "spaces"] {
            assert!(!all.contains(value), "{value} shows in {all}");
        }
    }
}

#[test]
fn the_content_of_a_secret_arrives_exactly() {
    let mut unit = deploy(related());
    assert!(run(&mut unit, Event::hook("install")).success());
    let secret = &unit.state.secrets[0];
    assert_eq!(secret.newest().unwrap()["password"], "p@:/?#%'\"\\` =\n😀");
}

#[test]
fn secrets_that_are_not_wanted_any_more_are_removed() {
    let mut unit = deploy(related());
    run(&mut unit, Event::hook("install"));
    assert_eq!(unit.state.secrets.len(), 1);
    assert!(run(&mut unit, Event::hook("leader-elected")).success());
    assert!(unit.state.secrets.is_empty(), "{:?}", unit.state.secrets);
}

#[test]
fn an_action_is_asked_and_answers() {
    let mut unit = deploy(State::leader());
    let given = BTreeMap::from([("target".to_owned(), json!("x"))]);
    let outcome = run(&mut unit, Event::Action("backup".to_owned(), given));
    let action = outcome.action.unwrap();
    assert_eq!(action.results["where"], json!({ "path": "/tmp/a b" }));
    assert_eq!(action.message, "level 1");
}

#[test]
fn outside_of_a_hook_it_says_that_it_is_a_charm() {
    let output = std::process::Command::new(everything()).env_clear().output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && stderr.contains("JUJU_DISPATCH_PATH"), "{stderr}");
}
