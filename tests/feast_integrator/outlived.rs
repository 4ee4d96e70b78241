//! The end of a unit that leads, while others stay.

use juju_sim::{Event, State};
use serde_json::json;
use tests::world::integrator::{FEAST_CONFIGURATION, OFFLINE_STORE, REGISTRY};
use tests::world::{Deployed, by_secrets, in_plain};

use super::settled;

/// A unit that has published everything, leads, and goes. Another one is as `fellow` says.
fn going(state: State, as_secrets: bool, fellow: &str) -> Deployed {
    let mut deployed = settled(state);
    for option in ["manifests-as-secret", "configuration-as-secret"] {
        deployed.unit.state.config.insert(option.to_owned(), json!(as_secrets));
    }
    deployed.settle(Event::hook("config-changed"));
    assert_eq!(deployed.status(), "active");
    deployed.unit.state.goals = [("feast-integrator/0", "dying"), ("feast-integrator/1", fellow)]
        .map(|(unit, goal)| (unit.to_owned(), goal.to_owned()))
        .into();
    deployed
}

#[test]
fn a_leader_that_others_outlive_takes_nothing_back() {
    for (state, as_secrets) in
        [(by_secrets(), false), (by_secrets(), true), (in_plain(), false), (in_plain(), true)]
    {
        let mut deployed = going(state, as_secrets, "active");
        let before = deployed.unit.state.clone();
        for relation in &before.relations {
            deployed.settle(Event::RelationBroken(relation.id));
            let now = &deployed.unit.state;
            assert_eq!(now.relations, before.relations, "{}", relation.endpoint);
            assert_eq!(now.secrets, before.secrets, "{}", relation.endpoint);
        }
        // One relation has ended, and the next begins to.
        deployed.unit.state.relations.retain(|relation| relation.id != REGISTRY);
        let before = deployed.unit.state.clone();
        deployed.settle(Event::RelationDeparted {
            relation: OFFLINE_STORE,
            unit: "pg-offline-store/0".to_owned(),
            departing: "feast-integrator/0".to_owned(),
        });
        assert_eq!(deployed.unit.state.relations, before.relations);
        assert_eq!(deployed.unit.state.secrets, before.secrets);
    }
}

#[test]
fn the_last_leader_and_one_that_stays_take_back_what_lacks_a_database() {
    for (own, fellow) in [("dying", "dying"), ("active", "active")] {
        let mut deployed = going(by_secrets(), false, fellow);
        deployed.unit.state.goals.insert("feast-integrator/0".to_owned(), own.to_owned());
        deployed.settle(Event::RelationBroken(REGISTRY));
        assert!(deployed.told(FEAST_CONFIGURATION).is_empty());
    }
}
