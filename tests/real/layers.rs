//! The layers of a Python charm and of ours in one and the same container.
//!
//! Juju replaces the pod when it refreshes a charm, and a new container has no layers but those of its image. Yet nothing
//! goes wrong where one charm finds the other's layer.

use std::collections::BTreeMap;
use std::fs;

use juju_sim::Event;
use serde_json::Value;
use tests::container::Container;
use tests::recorded::{self, Situation};
use tests::world::Deployed;

/// A Python charm whose UI serves.
fn python() -> Situation {
    let mut all = recorded::all().into_iter();
    all.find(|situation| situation.name == "cfg_valid_first").expect("a recording")
}

/// Does to the container what the Python charm did: writes the file, adds its layer, and has changed services restarted.
fn act_as_python(container: &Container, situation: &Situation) {
    let (_, left) = situation.left();
    let left = left.expect("a container");
    for (content, _) in left.files.values() {
        fs::write(container.file(), content).unwrap();
    }
    for (label, layer) in &left.layers {
        let path = container.home().join("layer.yaml");
        fs::write(&path, layer.to_string()).unwrap();
        container.pebble(&["add", "--combine", label, path.to_str().unwrap()]);
    }
    container.pebble(&["replan"]);
}

fn act_as_ours(deployed: &mut Deployed) {
    deployed.settle(Event::hook("upgrade-charm"));
    assert_eq!(deployed.status(), "active");
}

fn plan(container: &Container) -> Value {
    serde_yaml::from_str(&container.pebble(&["plan"])).unwrap()
}

/// How often each checksum was started with; a Python charm gives none.
fn starts(container: &Container) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for start in container.starts() {
        *counts.entry(start).or_default() += 1;
    }
    counts
}

#[test]
fn each_charm_replaces_the_other_ones_layer_by_one_restart() {
    let (python, Some(alone), Some(container)) = (python(), Container::start(), Container::start())
    else {
        return;
    };
    let (state, _) = python.left();
    act_as_ours(&mut alone.deploy(state.clone()));
    let ours = plan(&alone);

    // There.
    act_as_python(&container, &python);
    let theirs = plan(&container);
    assert_eq!(starts(&container), BTreeMap::from([(String::new(), 1)]));
    let mut deployed = container.deploy(state);
    act_as_ours(&mut deployed);
    assert_eq!(plan(&container), ours);
    let [checksum] = &alone.starts()[..] else { panic!("{:?}", alone.starts()) };
    let counted = |python: usize, ours: usize| {
        BTreeMap::from([(String::new(), python), (checksum.clone(), ours)])
    };
    assert_eq!(starts(&container), counted(1, 1));

    // Back. Of ours the check stays, which restarts nothing any more: it asks whether the UI serves, and so it does.
    act_as_python(&container, &python);
    let back = plan(&container);
    assert_eq!(back["services"], theirs["services"]);
    assert_eq!(back["checks"], ours["checks"]);
    assert_eq!(starts(&container), counted(2, 1));
    // As the Python charm asks whether all is well: the services of the plan are those of its layer, and run.
    assert!(container.pebble(&["services"]).contains(" active "));

    // And there again.
    act_as_ours(&mut deployed);
    assert_eq!(plan(&container), ours);
    assert_eq!(starts(&container), counted(2, 2));
}
