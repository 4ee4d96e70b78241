//! What hook commands answer and refuse, as they are documented to.

mod common;

use common::{changed, deploy, related, script, transcript};
use juju_sim::{Event, Owner, Relation, Secret, State};

const ID: &str = "9m4e2mr0ui3e8a215n4g";

#[test]
fn a_relation_hook_sees_what_is_related() {
    let mut unit = deploy(related());
    let seen = transcript(
        &mut unit,
        changed(),
        "relation-ids db --format=json
relation-ids nope --format=json
relation-list --format=json
relation-list --format=json --app
relation-get --format=json - pg/1
relation-get --format=json --app - pg
relation-get --format=json --app nope pg
relation-get -r zzz:3 --format=json --app v pg
relation-get --app v pg
relation-get --format=json ingress-address
relation-get -r db:99 - pg/1
relation-get -r x - pg/1
relation-get - pg
relation-get - pg/7
relation-get --app - other
is-leader --format=json
is-leader",
    );
    let expected = r#"["db:3"]
[]
["pg/0","pg/1"]
"pg"
{"egress-subnets":"10.1.0.9/32","ingress-address":"10.1.0.9","private-address":"10.1.0.9"}
{"v":"\u003ca\u003e\u0026b"}
null
"\u003ca\u003e\u0026b"
<a>&b
"10.1.0.9"
ERROR invalid value "db:99" for option -r: relation not found
  (2)
ERROR invalid value "x" for option -r: invalid relation id
  (2)
ERROR expected unit name, got application name "pg"
  (2)
ERROR cannot read settings for unit "pg/7" in relation "app:db pg:db": unit "pg/7": settings not found
  (1)
ERROR permission denied
  (1)
true
True
"#;
    assert_eq!(seen, expected);
}

#[test]
fn a_leader_writes_databags_state_secrets_and_ports() {
    let mut unit = deploy(related());
    let seen = transcript(
        &mut unit,
        changed(),
        r#"relation-set --app 'k= a b '
relation-get --format=json --app - app
printf '{"k":" a b "}' | relation-set --app --file -
relation-get --format=json --app - app
relation-set --app k=
relation-get --format=json --app - app
relation-set --app novalue
relation-set --app a=1 a=2
printf '["a"]' | relation-set --app --file -
printf '{"a": "\\ud83d\\ude00"}' | relation-set --app --file -
state-get --format=json
state-get --format=json x
state-get --strict x
state-set x=1
state-get --format=json
secret-ids --format=json
secret-add a=1
secret-add --label L pass=x
secret-add --label L pass=x
secret-get --label L --format=json
secret-get nonsense
secret-get secret:9m4e2mr0ui3e8a215vv0
status-set bogus m
open-port 8000-8010
open-port 8080 && opened-ports --format=json
action-get --format=json"#,
    );
    let expected = r#"{"k":"a b"}
{"k":" a b "}
{}
ERROR expected "key=value", got "novalue"
  (2)
ERROR key "a" specified more than once
  (2)
ERROR yaml: unmarshal errors:
  line 1: cannot unmarshal !!seq into map[string]string
  (1)
ERROR yaml: found invalid Unicode character escape code
  (1)
null
""
ERROR "x" not found
  (1)
{"x":"1"}
null
ERROR key "a" not valid
  (2)
secret:9m4e2mr0ui3e8a215n4g
ERROR secret with label "L" already exists
  (1)
{"pass":"x"}
ERROR secret URI "nonsense" not valid
  (2)
ERROR secret "secret:9m4e2mr0ui3e8a215vv0" not found
  (1)
ERROR invalid status "bogus", expected one of [maintenance blocked waiting active]
  (2)
ERROR port ranges are not supported for k8s applications, please specify a single port
  (1)
["8080/tcp"]
ERROR not running an action
  (1)
"#;
    assert_eq!(seen, expected);
    assert_eq!(unit.state.stored["x"], "1");
    assert!(unit.state.opened_ports.contains("8080/tcp"));
    assert_eq!(unit.state.secret(ID).unwrap().label, "L");
}

#[test]
fn a_follower_is_refused() {
    let mut state = State { leader: false, ..related() };
    state.secrets.push(Secret::owned(ID, "L", &[("pass", "x")]));
    let mut unit = deploy(state);
    let commands = "relation-set --app k=v
relation-get --app - app
secret-add pass=x
status-set --application active
status-get --application
secret-grant secret:9m4e2mr0ui3e8a215n4g -r 3
secret-ids --format=json
secret-get --format=json --label L";
    let expected = r#"ERROR cannot write relation settings
  (1)
ERROR permission denied
  (1)
ERROR this unit is not the leader
  (1)
ERROR this unit is not the leader
  (1)
ERROR finding application status: this unit is not the leader
  (1)
ERROR secret "9m4e2mr0ui3e8a215n4g" not found
  (1)
null
{"pass":"x"}
"#;
    assert_eq!(transcript(&mut unit, changed(), commands), expected);
}

#[test]
fn a_follower_reads_its_applications_databag_among_peers_only() {
    let mut peers = Relation::to(1, "cluster", "app").told(&[("k", "v")]);
    peers.remote_units_data.clear();
    let mut unit = deploy(State { relations: vec![peers], ..State::default() });
    let command = "relation-get -r 1 --format=json --app - app";
    assert_eq!(transcript(&mut unit, Event::hook("start"), command), "{\"k\":\"v\"}\n");
}

#[test]
fn command_lines_are_read_as_by_juju() {
    let mut unit = deploy(State::leader());
    let seen = transcript(
        &mut unit,
        Event::hook("start"),
        "is-leader --nosuch
is-leader extra
is-leader --format
is-leader --format=bad
status-set -- active --help
status-get --format=json --include-data
config-get --format=json
config-get --format=json name
config-get --format=json --all
config-get --all name
relation-get
relation-ids
juju-log
network-get nope
juju-log -l warn -- a b",
    );
    let expected = r#"ERROR option provided but not defined: --nosuch
  (2)
ERROR unrecognized args: ["extra"]
  (2)
ERROR option needs an argument: --format
  (2)
ERROR invalid value "bad" for option --format: unknown format "bad"
  (2)
{"message":"--help","status":"active","status-data":{}}
{"debug":false,"port":8080,"ratio":0.5}
null
{"debug":false,"name":null,"port":8080,"ratio":0.5}
ERROR cannot use argument --all together with key "name"
  (2)
ERROR no relation id specified
  (2)
ERROR no endpoint name specified
  (2)
ERROR no message specified
  (2)
ERROR no network config found for binding "nope"
  (1)
"#;
    assert_eq!(seen, expected);
    let line = unit.state.log.last().unwrap();
    assert_eq!((line.level.as_str(), line.message.as_str()), ("WARNING", "a b"));
}

#[test]
fn reading_a_secret_pins_its_revision_until_it_is_refreshed() {
    let mut state = State::leader();
    state.secrets.push(Secret::granted(ID, &[("pass", "old")]));
    let mut unit = deploy(state);
    let read = format!("secret-get --format=json --label mine {ID}");
    assert_eq!(transcript(&mut unit, Event::hook("start"), &read), "{\"pass\":\"old\"}\n");
    unit.state.secret_mut(ID).unwrap().revise(&[("pass", "new")]);
    let commands = "secret-get 9m4e2mr0ui3e8a215n4g --format=json pass
secret-get 9m4e2mr0ui3e8a215n4g --format=json pass --peek
secret-get 9m4e2mr0ui3e8a215n4g --format=json pass
secret-get 9m4e2mr0ui3e8a215n4g --format=json pass --refresh
secret-get 9m4e2mr0ui3e8a215n4g --format=json pass
secret-get 9m4e2mr0ui3e8a215n4g nope";
    let seen = transcript(&mut unit, Event::SecretChanged(ID.to_owned()), commands);
    let expected = "\"old\"\n\"new\"\n\"old\"\n\"new\"\n\"new\"\nERROR secret key value \"nope\" not found\n  (1)\n";
    assert_eq!(seen, expected);
    unit.state.secret_mut(ID).unwrap().readable = false;
    let seen = transcript(&mut unit, Event::hook("start"), "secret-get --label mine");
    assert_eq!(seen, "ERROR permission denied\n  (1)\n");
}

#[test]
fn the_owner_sees_what_it_made_of_its_secret() {
    let mut state = related();
    state.secrets.push(Secret::owned(ID, "L", &[("pass", "old")]));
    let mut unit = deploy(state);
    let commands = "secret-set 9m4e2mr0ui3e8a215n4g pass=old
secret-set 9m4e2mr0ui3e8a215n4g pass=1st
secret-set 9m4e2mr0ui3e8a215n4g pass=2nd
secret-grant 9m4e2mr0ui3e8a215n4g
secret-get --label L --peek
secret-info-get --label L --format=json
secret-revoke 9m4e2mr0ui3e8a215n4g --app pg";
    let seen = transcript(&mut unit, changed(), commands);
    let expected = r#"pass: 2nd
{"9m4e2mr0ui3e8a215n4g":{"label":"L","owner":"application","revision":1,"rotation":"never"}}
ERROR do not specify both relation and app
  (2)
"#;
    assert_eq!(seen, expected);
    let secret = unit.state.secret(ID).unwrap();
    assert_eq!((secret.newest_revision(), secret.owner), (2, Owner::Application));
}

#[test]
fn addresses_are_left_out_until_they_are_known() {
    let command = "network-get db --format=json
network-get db --bind-address
unit-get public-address";
    let mut unit = deploy(State::leader());
    let expected = r#"{"bind-addresses":[{"addresses":[{"cidr":"","hostname":"","value":"10.1.0.5"}],"interface-name":"","mac-address":""}],"egress-subnets":["10.152.183.5/32"],"ingress-addresses":["10.152.183.5"]}
10.1.0.5
10.152.183.5
"#;
    assert_eq!(transcript(&mut unit, Event::hook("start"), command), expected);
    unit.state.address.clear();
    unit.state.service_address.clear();
    let expected = "{}\nERROR public address not found\n  (1)\n";
    assert_eq!(transcript(&mut unit, Event::hook("start"), command), expected);
}

#[test]
fn juju_4_says_some_things_in_other_words() {
    let mut state = related().on_juju_4();
    state.secrets.push(Secret::kept(ID, &[("pass", "x")]));
    let mut unit = deploy(state);
    let commands = "secret-get 9m4e2mr0ui3e8a215n4g
secret-get 9m4e2mr0ui3e8a215vv0
relation-get --app - other
relation-get - pg/7
secret-add pass=x";
    let expected = r#"ERROR "app/0" is not allowed to read this secret
  (1)
ERROR getting latest secret revision: secret not found
  (1)
ERROR getting application "other" not found
  (1)
ERROR relation unit not found
  (1)
secret://7c1b8c5e-0000-4000-8000-000000000001/9m4e2mr0ui3e8a215n50
"#;
    assert_eq!(transcript(&mut unit, changed(), commands), expected);
}

#[test]
fn a_hook_command_outside_of_its_hook_is_turned_away() {
    let mut unit = deploy(State::leader());
    let commands = "JUJU_CONTEXT_ID=app/0-stale is-leader
env -u JUJU_CONTEXT_ID is-leader";
    let expected = "ERROR bad request: wrong context ID; got \"app/0-stale\"\n  (1)
ERROR JUJU_CONTEXT_ID not set\n  (1)\n";
    assert_eq!(transcript(&mut unit, Event::hook("start"), commands), expected);
}

#[test]
fn values_do_not_show_among_the_commands() {
    let mut unit = deploy(related());
    let outcome =
        script(&mut unit, changed(), "secret-add password=hunter2; relation-set k=hunter2");
    assert_eq!(
        outcome.transcript(),
        "secret-add \"password=<7 bytes>\"\nrelation-set \"k=<7 bytes>\""
    );
}
