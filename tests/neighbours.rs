//! Both charms among neighbours of all ages and kinds, whose databags are data: `fixtures/databags/neighbours`.

mod databases;
mod gateways;
mod meshes;

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::mem::discriminant;
use std::path::Path;

use juju_sim::{Bag, Event};
use serde::de::DeserializeOwned;
use tests::event;
use tests::world::Deployed;

/// All neighbours on `interface`.
fn neighbours<T: DeserializeOwned>(interface: &str) -> Vec<T> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/databags/neighbours");
    let text = fs::read_to_string(folder.join(interface).with_extension("yaml")).unwrap();
    let neighbours: Vec<T> = serde_yaml::from_str(&text).unwrap();
    assert!(neighbours.len() > 2, "{interface}");
    neighbours
}

/// Runs a hook of every kind, each in the world that the unit is in, which must end well and show nobody a password. Where
/// no relation is broken, it must also change nothing: whatever there was to say has been said.
fn every_hook_changes_nothing(deployed: &mut Deployed, name: &str) {
    let before = (deployed.unit.state.clone(), deployed.status());
    for event in one_of_each_kind(deployed) {
        deployed.unit.state = before.0.clone();
        deployed.settle(event.clone());
        let broken =
            matches!(event, Event::RelationBroken(_) | Event::RelationBrokenAfterRestart(_));
        if !broken {
            assert_eq!(deployed.unit.state.relations, before.0.relations, "{name}: {event:?}");
        }
        // Without its units, a neighbour may count for less.
        if !broken && !matches!(event, Event::RelationDeparted { .. }) {
            assert_eq!(deployed.status(), before.1, "{name}: {event:?}");
        }
    }
    deployed.unit.state = before.0;
}

/// Hooks that differ by their subject alone are one kind here: there are many neighbours, and each hook costs.
fn one_of_each_kind(deployed: &Deployed) -> Vec<Event> {
    let mut known = HashSet::new();
    let mut events = event::every_kind(&deployed.unit);
    events.retain(|event| match event {
        Event::Hook(_) => true,
        event => known.insert(discriminant(event)),
    });
    events
}

/// A bag with other things in the places of words in braces.
fn filled(bag: &Bag, places: &BTreeMap<&str, String>) -> Bag {
    let fill = |text: &String| {
        places
            .iter()
            .fold(text.clone(), |text, (word, thing)| text.replace(&format!("{{{word}}}"), thing))
    };
    bag.iter().map(|(key, value)| (key.clone(), fill(value))).collect()
}
