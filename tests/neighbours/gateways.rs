//! feast-ui with gateways of all ages and kinds.

use juju_sim::{Bag, Event, Relation, State};
use serde::Deserialize;
use serde_json::Value;
use tests::world::ui::{INGRESS, ISTIO_INGRESS_ROUTE};
use tests::world::{Deployed, configured};

use super::{every_hook_changes_nothing, neighbours};

/// All that is left to wait for is the container.
const WELL: &str = "waiting [feast-ui-pebble-service] Waiting for Pebble to be ready.";

/// What istio-ingress-k8s answers.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ambient {
    name: String,
    said: Bag,
    /// The port at which a route is asked for.
    port: u16,
}

impl Ambient {
    fn relation(&self) -> Relation {
        Relation {
            remote_app_data: self.said.clone(),
            ..Relation::to(ISTIO_INGRESS_ROUTE, "istio-ingress-route", "istio-ingress-k8s")
        }
    }
}

/// Who is on the other side of `ingress`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sidecar {
    name: String,
    application: String,
    said: Bag,
    /// What is said of it; nothing where all is well.
    status: Option<String>,
}

/// A unit that has no gateway but this one.
fn behind(gateway: Relation) -> Deployed {
    let mut state = configured();
    state.relations.retain(|relation| relation.id != INGRESS);
    state.relations.push(gateway);
    let mut deployed = Deployed::ui(state);
    deployed.settle(Event::hook("config-changed"));
    deployed
}

#[test]
fn a_route_is_asked_for_at_the_port_that_the_gateway_calls_for_in_every_kind_of_hook() {
    for gateway in neighbours::<Ambient>("istio_ingress_route") {
        let mut deployed = behind(gateway.relation());
        let told = deployed.told(ISTIO_INGRESS_ROUTE);
        let config: Value = serde_json::from_str(&told["config"]).unwrap();
        assert_eq!(told.len(), 1, "{}", gateway.name);
        assert_eq!(config["listeners"][0]["port"], gateway.port, "{}", gateway.name);
        assert_eq!(deployed.status(), WELL, "{}", gateway.name);
        every_hook_changes_nothing(&mut deployed, &gateway.name);
    }
}

#[test]
fn in_a_conflict_no_route_is_asked_for_and_afterwards_it_is_again() {
    for gateway in neighbours::<Ambient>("istio_ingress_route") {
        let mut deployed = behind(gateway.relation());
        let before = deployed.told(ISTIO_INGRESS_ROUTE).clone();
        deployed.unit.state.relations.push(Relation::to(INGRESS, "ingress", "istio-pilot"));
        deployed.settle(Event::RelationCreated(INGRESS));
        assert!(deployed.told(ISTIO_INGRESS_ROUTE).is_empty(), "{}", gateway.name);
        deployed.settle(Event::RelationBroken(INGRESS));
        assert_eq!(deployed.told(ISTIO_INGRESS_ROUTE), &before, "{}", gateway.name);
    }
}

#[test]
fn a_gateway_that_takes_its_answer_back_for_a_conflict_finds_the_same_route_asked_for() {
    for gateway in neighbours::<Ambient>("istio_ingress_route") {
        let mut deployed = behind(gateway.relation());
        let relation = deployed.unit.state.relation_mut(ISTIO_INGRESS_ROUTE).unwrap();
        relation.remote_app_data.clear();
        // It says nothing before it has an address either, so that the status cannot know.
        assert_eq!(deployed.status(), WELL, "{}", gateway.name);
        every_hook_changes_nothing(&mut deployed, &gateway.name);
    }
}

#[test]
fn whoever_is_on_the_other_side_of_ingress_is_told_the_same_and_named_where_it_does_not_fit() {
    let wanted = behind(Relation::to(INGRESS, "ingress", "istio-pilot")).told(INGRESS).clone();
    // The keys of serialized-data-interface: none of those that a provider of URLs per application reads.
    assert_eq!(wanted.keys().collect::<Vec<_>>(), ["_supported_versions", "data"]);
    for neighbour in neighbours::<Sidecar>("ingress") {
        let mut deployed = behind(Relation {
            remote_app_data: neighbour.said.clone(),
            ..Relation::to(INGRESS, "ingress", &neighbour.application)
        });
        assert_eq!(deployed.told(INGRESS), &wanted, "{}", neighbour.name);
        let status = neighbour.status.as_deref().unwrap_or(WELL);
        assert_eq!(deployed.status(), status, "{}", neighbour.name);
        every_hook_changes_nothing(&mut deployed, &neighbour.name);
    }
}

#[test]
fn a_unit_that_does_not_lead_says_the_same_of_its_gateway_and_tells_it_nothing() {
    for neighbour in neighbours::<Sidecar>("ingress") {
        let mut state = State { leader: false, ..configured() };
        let relation = state.relation_mut(INGRESS).unwrap();
        *relation = Relation {
            remote_app_data: neighbour.said.clone(),
            ..Relation::to(INGRESS, "ingress", &neighbour.application)
        };
        let mut deployed = Deployed::ui(state.on_juju_4());
        deployed.settle(Event::hook("config-changed"));
        assert!(deployed.told(INGRESS).is_empty());
        let status = neighbour.status.as_deref().unwrap_or(WELL);
        assert_eq!(deployed.status(), status, "{}", neighbour.name);
    }
}
