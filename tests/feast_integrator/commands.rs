//! How many hook commands each kind of hook costs: each is a process, and Juju serves them one at a time.

use juju_sim::{Event, State};
use tests::event;
use tests::world::{Deployed, by_secrets, in_plain};

use super::settled;

#[test]
fn hooks_that_can_change_nothing_cost_nothing() {
    for state in [State::leader(), by_secrets(), State { leader: false, ..by_secrets() }] {
        let mut deployed = Deployed::integrator(state);
        for name in ["start", "stop"] {
            assert_eq!(deployed.settle(Event::hook(name)).commands, [], "{name}");
        }
    }
}

#[test]
fn an_update_status_asks_for_what_it_needs_and_no_more() {
    for (state, commands) in [(in_plain(), 20), (by_secrets(), 26)] {
        let outcome = settled(state).settle(Event::hook("update-status"));
        assert_eq!(outcome.commands.len(), commands, "{}", outcome.transcript());
    }
}

#[test]
fn an_update_status_reads_each_thing_once() {
    let outcome = settled(by_secrets()).settle(Event::hook("update-status"));
    insta::assert_snapshot!(outcome.transcript(), @r#"
    config-get --format=json
    is-leader --format=json
    relation-ids --format=json -- offline-store
    relation-list --format=json -r 1 --app
    relation-get --format=json -r 1 --app -- - pg-offline-store
    secret-get --format=json --label=offline-store.1.tls.secret --refresh -- secret:9m4e2mr0ui3e8a215t10
    secret-get --format=json --label=offline-store.1.user.secret --refresh -- secret:9m4e2mr0ui3e8a215n10
    relation-ids --format=json -- online-store
    relation-list --format=json -r 2 --app
    relation-get --format=json -r 2 --app -- - pg-online-store
    secret-get --format=json --label=online-store.2.tls.secret --refresh -- secret:9m4e2mr0ui3e8a215t20
    secret-get --format=json --label=online-store.2.user.secret --refresh -- secret:9m4e2mr0ui3e8a215n20
    relation-ids --format=json -- registry
    relation-list --format=json -r 3 --app
    relation-get --format=json -r 3 --app -- - pg-registry
    secret-get --format=json --label=registry.3.tls.secret --refresh -- secret:9m4e2mr0ui3e8a215t30
    secret-get --format=json --label=registry.3.user.secret --refresh -- secret:9m4e2mr0ui3e8a215n30
    relation-ids --format=json -- secrets
    relation-get --format=json -r 4 --app -- - feast-integrator
    relation-ids --format=json -- pod-defaults
    relation-get --format=json -r 5 --app -- - feast-integrator
    relation-ids --format=json -- feast-configuration
    relation-get --format=json -r 6 --app -- - feast-integrator
    relation-get --format=json -r 6 -- - feast-integrator/0
    secret-ids --format=json
    status-get --format=json --include-data
    "#);
}

#[test]
fn every_hook_with_all_related_by_secrets_costs_so_many_commands() {
    insta::assert_snapshot!(event::costs(&mut settled(by_secrets())), @r#"
    26 Hook("install")
    26 Hook("config-changed")
     0 Hook("start")
    26 Hook("update-status")
    26 Hook("upgrade-charm")
     0 Hook("stop")
     2 Hook("remove")
    26 Hook("leader-elected")
    25 RelationCreated(1)
    25 RelationJoined(1, "pg-offline-store/0")
    25 RelationChanged(1)
    25 RelationUnitChanged(1, "pg-offline-store/0")
    25 RelationDeparted { relation: 1, unit: "pg-offline-store/0", departing: "pg-offline-store/0" }
    25 RelationDeparted { relation: 1, unit: "pg-offline-store/0", departing: "feast-integrator/0" }
    28 RelationBroken(1)
    28 RelationBrokenAfterRestart(1)
    28 RelationBroken(2)
    28 RelationBrokenAfterRestart(2)
    28 RelationBroken(3)
    28 RelationBrokenAfterRestart(3)
    29 RelationBroken(4)
    29 RelationBrokenAfterRestart(4)
    26 RelationBroken(5)
    26 RelationBrokenAfterRestart(5)
    24 RelationBroken(6)
    24 RelationBrokenAfterRestart(6)
    26 SecretChanged("9m4e2mr0ui3e8a215n10")
    26 SecretChanged("9m4e2mr0ui3e8a215t10")
    26 SecretChanged("9m4e2mr0ui3e8a215n20")
    26 SecretChanged("9m4e2mr0ui3e8a215t20")
    26 SecretChanged("9m4e2mr0ui3e8a215n30")
    26 SecretChanged("9m4e2mr0ui3e8a215t30")
    "#);
}

#[test]
fn a_unit_that_does_not_lead_or_has_no_relations_asks_less() {
    let mut follower = Deployed::integrator(State { leader: false, ..by_secrets() });
    insta::assert_snapshot!(follower.settle(Event::hook("update-status")).transcript(), @r#"
    config-get --format=json
    is-leader --format=json
    status-set waiting -- "[leadership-gate] Waiting for leadership"
    "#);
    let mut alone = Deployed::integrator(State::leader());
    insta::assert_snapshot!(alone.settle(Event::hook("update-status")).transcript(), @r#"
    config-get --format=json
    is-leader --format=json
    relation-ids --format=json -- offline-store
    relation-ids --format=json -- online-store
    relation-ids --format=json -- registry
    relation-ids --format=json -- secrets
    relation-ids --format=json -- pod-defaults
    relation-ids --format=json -- feast-configuration
    secret-ids --format=json
    status-get --format=json --include-data
    status-set blocked -- "[offline-store] Please add the missing relation: offline-store"
    "#);
}
