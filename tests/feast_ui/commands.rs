//! How many hook commands each kind of hook costs.

use juju_sim::{Event, State};
use tests::event;
use tests::world::{Deployed, configured};

#[test]
fn hooks_that_can_change_nothing_cost_nothing() {
    for leader in [true, false] {
        let mut deployed = Deployed::ui(State { leader, ..configured() });
        for name in ["start", "stop", "remove"] {
            assert_eq!(deployed.settle(Event::hook(name)).commands, [], "{name}");
        }
    }
}

#[test]
fn an_update_status_asks_for_what_it_needs_and_no_more() {
    let mut deployed = Deployed::ui(configured());
    deployed.settle(Event::hook("config-changed"));
    let outcome = deployed.settle(Event::hook("update-status"));
    insta::assert_snapshot!(outcome.transcript(), @r#"
    config-get --format=json
    is-leader --format=json
    relation-ids --format=json -- feast-configuration
    relation-list --format=json -r 11 --app
    relation-get --format=json -r 11 --app -- - feast-integrator
    relation-list --format=json -r 11
    relation-get --format=json -r 11 -- - feast-integrator/0
    relation-ids --format=json -- dashboard-links
    relation-get --format=json -r 12 --app -- - feast-ui
    relation-ids --format=json -- ingress
    relation-list --format=json -r 13 --app
    relation-get --format=json -r 13 --app -- - istio-pilot
    relation-get --format=json -r 13 --app -- - feast-ui
    relation-ids --format=json -- istio-ingress-route
    relation-ids --format=json -- service-mesh
    relation-ids --format=json -- require-cmr-mesh
    opened-ports --format=json
    status-set waiting -- "[feast-ui-pebble-service] Waiting for Pebble to be ready."
    "#);
}

#[test]
fn every_hook_with_all_related_costs_so_many_commands() {
    let mut deployed = Deployed::ui(configured());
    deployed.settle(Event::hook("config-changed"));
    insta::assert_snapshot!(event::costs(&mut deployed), @r#"
    18 Hook("install")
    18 Hook("config-changed")
     0 Hook("start")
    18 Hook("update-status")
    18 Hook("upgrade-charm")
     0 Hook("stop")
     0 Hook("remove")
    18 Hook("leader-elected")
    17 RelationCreated(11)
    17 RelationJoined(11, "feast-integrator/0")
    17 RelationChanged(11)
    17 RelationUnitChanged(11, "feast-integrator/0")
    16 RelationDeparted { relation: 11, unit: "feast-integrator/0", departing: "feast-integrator/0" }
    16 RelationDeparted { relation: 11, unit: "feast-integrator/0", departing: "feast-ui/0" }
    14 RelationBroken(11)
    14 RelationBrokenAfterRestart(11)
    17 RelationBroken(12)
    17 RelationBrokenAfterRestart(12)
    15 RelationBroken(13)
    15 RelationBrokenAfterRestart(13)
    18 PebbleReady("feast-ui")
    18 PebbleCheckFailed("feast-ui", "up")
    18 PebbleCheckRecovered("feast-ui", "up")
    18 PebbleCustomNotice("feast-ui", "example.com/a")
    "#);
}

#[test]
fn a_unit_that_does_not_lead_or_has_no_relations_asks_less() {
    for (state, commands) in [(State { leader: false, ..configured() }, 13), (State::leader(), 10)]
    {
        let mut deployed = Deployed::ui(state);
        deployed.settle(Event::hook("config-changed"));
        let outcome = deployed.settle(Event::hook("update-status"));
        assert_eq!(outcome.commands.len(), commands, "{}", outcome.transcript());
    }
}
