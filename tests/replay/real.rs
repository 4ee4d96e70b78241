//! The Pebble without processes comes to the same as a real one.

use std::os::unix::fs::PermissionsExt as _;
use std::{collections::BTreeMap, fs};

use serde_json::Value;
use tests::container::Container;
use tests::{pebble, recorded};

use crate::case::Case;
use crate::fields::{self, Fields};

const FILE: &str = "/home/ubuntu/feature_store.yaml";

/// What a real Pebble has, as the one without processes would have it.
fn observed(real: &Container) -> pebble::Container {
    let plan: Value = serde_yaml::from_str(&real.pebble(&["plan"])).expect("a plan");
    let mut container = pebble::Container::default();
    if plan["services"].is_object() {
        container.layers.push(("feast-ui".to_owned(), plan));
        let services = real.pebble(&["services"]);
        let words = services.lines().skip(1).map(|line| line.split_whitespace());
        let states = words.filter_map(|mut words| Some((words.next()?, words.nth(1)?)));
        container.services =
            states.map(|(name, state)| (name.to_owned(), state.to_owned())).collect();
    }
    if let Ok(content) = fs::read_to_string(real.file()) {
        let mode = fs::metadata(real.file()).expect("the file").permissions().mode() & 0o777;
        container.files = BTreeMap::from([(FILE.to_owned(), (content, format!("{mode:04o}")))]);
    }
    container
}

#[test]
fn a_real_pebble_comes_to_the_same() {
    let names = ["cfg_valid_first", "cfg_empty", "cfg_port_zero", "password_leading_newline"];
    for situation in recorded::all() {
        if situation.charm != "feast-ui" || !names.contains(&situation.name.as_str()) {
            continue;
        }
        let Some(real) = Container::start() else { return };
        let mut deployed = real.deploy(situation.input.state());
        let outcome = situation.run(&mut deployed, situation.input.event.event());
        let found: Fields = fields::ours(&outcome, &deployed.unit.state, Some(&observed(&real)));
        let expected = Case::of(&situation).run().fields;
        let differences = fields::differences(&expected, &found);
        assert!(differences.is_empty(), "{}: {differences:?}", situation.name);
    }
}
