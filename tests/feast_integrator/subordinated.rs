//! Providers that are `subordinated` to another charm are ready when one of their units says so.

use juju_sim::{Event, State};
use tests::world::integrator::REGISTRY;
use tests::world::{Deployed, by_secrets, in_plain};

const UNIT: &str = "pg-registry/0";

fn saying(state: State, subordinated: &str) -> Deployed {
    let mut deployed = Deployed::integrator(state);
    let bag = &mut deployed.relation_mut(REGISTRY).remote_app_data;
    bag.insert("subordinated".to_owned(), subordinated.to_owned());
    deployed
}

#[test]
fn a_database_is_waited_for_until_one_of_its_units_is_ready() {
    for state in [by_secrets(), in_plain()] {
        let mut deployed = saying(state, "true");
        deployed.settle(Event::hook("config-changed"));
        assert_eq!(deployed.status(), "waiting [registry] Waiting for registry relation data");

        let units = &mut deployed.relation_mut(REGISTRY).remote_units_data;
        let bag = units.get_mut(UNIT).expect("a unit of the database");
        bag.insert("state".to_owned(), "ready".to_owned());
        deployed.settle(Event::RelationUnitChanged(REGISTRY, UNIT.to_owned()));
        assert_eq!(deployed.status(), "active");
    }
}

#[test]
fn units_are_looked_at_only_where_they_matter() {
    for (subordinated, more) in [("true", 2), ("false", 0)] {
        let cost = |mut deployed: Deployed| {
            deployed.settle(Event::hook("config-changed"));
            deployed.settle(Event::hook("update-status")).commands.len()
        };
        let usual = cost(Deployed::integrator(by_secrets()));
        assert_eq!(cost(saying(by_secrets(), subordinated)), usual + more, "{subordinated}");
    }
}
