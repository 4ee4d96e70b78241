//! The configuration in a Juju secret, when the unit that announced it goes away.

use juju_sim::{Event, Secret};
use tests::world::ui::FEAST_CONFIGURATION;
use tests::world::{Deployed, configured};

const ID: &str = "9m4e2mr0ui3e8a215n4g";
const UNIT: &str = "feast-integrator/0";
const CONFIGURED: &str = "waiting [feast-ui-pebble-service] Waiting for Pebble to be ready.";

/// A UI that is told everything by a secret, and has read it.
fn announced() -> Deployed {
    let mut state = configured();
    let relation = state.relation_mut(FEAST_CONFIGURATION).unwrap();
    relation.remote_app_data.clear();
    let announcement = ("secret-configuration".to_owned(), format!("secret:{ID}"));
    relation.remote_units_data.insert(UNIT.to_owned(), [announcement].into());
    state.secrets.push(Secret::granted(ID, &[("feature-store", "project: \"shop\"\n")]));
    let mut deployed = Deployed::ui(state);
    deployed.settle(Event::hook("config-changed"));
    assert_eq!(deployed.status(), CONFIGURED);
    deployed
}

fn departed(deployed: &mut Deployed) -> juju_sim::Outcome {
    deployed.settle(Event::RelationDeparted {
        relation: FEAST_CONFIGURATION,
        unit: UNIT.to_owned(),
        departing: UNIT.to_owned(),
    })
}

#[test]
fn what_was_announced_holds_until_the_next_leader_has_spoken() {
    let mut deployed = announced();
    let outcome = departed(&mut deployed);
    assert_eq!(deployed.status(), CONFIGURED, "{}", outcome.transcript());
}

#[test]
fn a_secret_that_is_gone_with_its_announcement_is_a_configuration_that_is_gone() {
    let mut deployed = announced();
    deployed.unit.state.secrets.clear();
    departed(&mut deployed);
    assert!(
        deployed.status().starts_with("waiting [feast-configuration]"),
        "{}",
        deployed.status()
    );
}

#[test]
fn a_unit_that_never_read_it_waits_for_the_next_leader() {
    let mut deployed = announced();
    deployed.unit.state.secrets[0].consumer_label = None;
    departed(&mut deployed);
    assert!(
        deployed.status().starts_with("waiting [feast-configuration]"),
        "{}",
        deployed.status()
    );
}
