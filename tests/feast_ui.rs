//! feast-ui on a simulated unit, without a container: what it does inside one is tested against a real Pebble.

mod actions;
mod announced;
mod bad_input;
mod commands;
mod mesh;

use juju_sim::{Event, Relation, State};
use serde_json::Value;
use tests::event;
use tests::world::ui::{DASHBOARD_LINKS, INGRESS, ISTIO_INGRESS_ROUTE};
use tests::world::{Deployed, configured, meshed};

const NO_PEBBLE: &str = "waiting [feast-ui-pebble-service] Waiting for Pebble to be ready.";

/// A unit behind the ambient gateway instead.
fn ambient() -> State {
    let mut state = configured();
    state.relations.retain(|relation| relation.id != INGRESS);
    state.relations.push(gateway());
    state
}

fn gateway() -> Relation {
    Relation::to(ISTIO_INGRESS_ROUTE, "istio-ingress-route", "istio-ingress-k8s")
        .saying(&[("external_host", "feast.example.com"), ("tls_enabled", "False")])
}

#[test]
fn every_kind_of_hook_ends_well_in_every_world() {
    let follower = |state: State| State { leader: false, ..state };
    let mut conflict = configured();
    conflict.relations.push(gateway());
    let worlds = [
        State::leader(),
        ambient().on_juju_4(),
        meshed(),
        follower(meshed()),
        conflict.clone(),
        follower(conflict.on_juju_4()),
        follower(State::leader()),
    ];
    for state in worlds {
        let mut deployed = Deployed::ui(state);
        deployed.settle(Event::hook("config-changed"));
        let before = deployed.unit.state.clone();
        for event in event::every_kind(&deployed.unit) {
            deployed.unit.state = before.clone();
            deployed.settle(event);
        }
    }
}

#[test]
fn before_its_container_is_there_it_waits_and_announces_all_but_that_it_serves() {
    let mut deployed = Deployed::ui(configured());
    deployed.settle(Event::hook("install"));
    assert_eq!(deployed.status(), NO_PEBBLE);
    assert!(deployed.unit.state.opened_ports.contains("8888/tcp"));
    let links: Value =
        serde_json::from_str(&deployed.told(DASHBOARD_LINKS)["dashboard_links"]).unwrap();
    assert_eq!(links[0]["link"], "/feast/");
    assert_eq!(deployed.told(INGRESS)["_supported_versions"], "- v1\n");
    let route: serde_yaml::Value = serde_yaml::from_str(&deployed.told(INGRESS)["data"]).unwrap();
    assert_eq!(
        (route["prefix"].as_str(), route["service"].as_str()),
        (Some("/feast/"), Some("feast-ui"))
    );
}

#[test]
fn a_second_hook_changes_nothing() {
    for state in [configured(), ambient(), State::leader(), configured().on_juju_4()] {
        let mut deployed = Deployed::ui(state);
        deployed.settle(Event::hook("config-changed"));
        let before = deployed.unit.state.clone();
        deployed.settle(Event::hook("update-status"));
        assert_eq!(deployed.unit.state, before);
    }
}

#[test]
fn a_unit_that_does_not_lead_opens_its_port_and_says_nothing_for_the_application() {
    let state = State { leader: false, ..configured() };
    let mut deployed = Deployed::ui(state.clone());
    deployed.settle(Event::hook("config-changed"));
    assert_eq!(deployed.unit.state.relations, state.relations);
    assert!(deployed.unit.state.opened_ports.contains("8888/tcp"));
    assert_eq!(deployed.status(), NO_PEBBLE);
}

#[test]
fn whoever_becomes_the_leader_speaks_for_the_application() {
    let mut deployed = Deployed::ui(State { leader: false, ..configured() });
    deployed.settle(Event::hook("config-changed"));
    deployed.unit.state.leader = true;
    deployed.settle(Event::hook("leader-elected"));
    assert!(!deployed.told(DASHBOARD_LINKS).is_empty());
    assert!(!deployed.told(INGRESS).is_empty());
}

#[test]
fn the_ambient_route_follows_the_certificate_of_the_gateway() {
    let mut deployed = Deployed::ui(ambient());
    for (word, port) in [("False", 80), ("True", 443), ("true", 443), ("False", 80)] {
        let bag = &mut deployed.relation_mut(ISTIO_INGRESS_ROUTE).remote_app_data;
        bag.insert("tls_enabled".to_owned(), word.to_owned());
        deployed.settle(Event::RelationChanged(ISTIO_INGRESS_ROUTE));
        let config: Value =
            serde_json::from_str(&deployed.told(ISTIO_INGRESS_ROUTE)["config"]).unwrap();
        assert_eq!(config["listeners"][0]["port"], port);
    }
}

#[test]
fn a_route_that_juju_does_not_take_is_not_passed_over_in_silence() {
    for (state, relation) in [(configured(), INGRESS), (ambient(), ISTIO_INGRESS_ROUTE)] {
        let mut deployed = Deployed::ui(state);
        let refused = format!("relation-set -r {relation}");
        deployed.unit.state.refusals.insert(refused, "permission denied".to_owned());
        let outcome = deployed.run(Event::hook("config-changed"));
        assert!(!outcome.success(), "{outcome:?}");
        assert!(outcome.stderr.contains("relation-set"), "{outcome:?}");
        assert!(deployed.told(relation).is_empty());

        deployed.unit.state.refusals.clear();
        deployed.settle(Event::hook("update-status"));
        assert!(!deployed.told(relation).is_empty());
    }
}

#[test]
fn a_second_kind_of_ingress_is_refused_and_cuts_nobody_off() {
    let mut deployed = Deployed::ui(configured());
    deployed.settle(Event::hook("config-changed"));
    let before = deployed.told(INGRESS).clone();
    deployed.unit.state.relations.push(gateway());
    deployed.settle(Event::RelationCreated(ISTIO_INGRESS_ROUTE));
    assert_eq!(
        deployed.status(),
        "blocked [istio-relations-conflict-detector] Cannot have both 'istio-ingress-route' and 'ingress' relations at the same time."
    );
    assert_eq!(deployed.told(INGRESS), &before);
    assert!(deployed.told(ISTIO_INGRESS_ROUTE).is_empty());

    deployed.settle(Event::RelationBroken(INGRESS));
    assert_eq!(deployed.status(), NO_PEBBLE);
    assert!(!deployed.told(ISTIO_INGRESS_ROUTE).is_empty());
}
