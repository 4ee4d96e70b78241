//! What the hook commands of a real agent answered, against what ours answer.
//!
//! `transcripts/juju-4.txt` was recorded in an action of the leader `app/1` on Juju 4.1-beta2: lines that begin with
//! `$ ` are commands for a shell, what follows is what they printed to both outputs, and `  (2)` is an exit status
//! other than 0.

mod common;

use std::collections::BTreeMap;

use common::{deploy, transcript};
use juju_sim::{Bag, Event, Model, Relation, Secret, State};
use serde_json::{Value, json};

#[test]
fn the_simulation_answers_what_juju_4_answered() {
    let recorded: Vec<(String, String)> = include_str!("transcripts/juju-4.txt")
        .split("\n$ ")
        .map(|entry| {
            let entry = entry.strip_prefix("$ ").unwrap_or(entry);
            let (command, answer) = entry.split_once('\n').unwrap_or((entry, ""));
            (command.to_owned(), answer.trim_end().to_owned())
        })
        .collect();
    assert!(recorded.len() > 150, "{}", recorded.len());
    let commands: Vec<String> =
        recorded.iter().map(|(command, _)| format!("echo '$$$'; {command}")).collect();

    let given = BTreeMap::from([("target".to_owned(), json!("x"))]);
    let mut unit = deploy(world());
    let said =
        transcript(&mut unit, Event::Action("backup".to_owned(), given), &commands.join("\n"));
    let answers: Vec<&str> = said.split("$$$\n").skip(1).map(str::trim_end).collect();
    assert_eq!(answers.len(), recorded.len());
    let different: Vec<String> = recorded
        .iter()
        .zip(answers)
        .filter(|((_, juju), ours)| {
            juju != ours && value(juju).is_none_or(|juju| Some(juju) != value(ours))
        })
        .map(|((command, juju), ours)| format!("$ {command}\nJuju: {juju}\nours: {ours}"))
        .collect();
    assert!(different.is_empty(), "{}", different.join("\n"));
}

/// The order of keys in an object, and the way to quote in YAML, are no part of the answer.
fn value(text: &str) -> Option<Value> {
    if text.starts_with("ERROR") { None } else { serde_yaml::from_str(text).ok() }
}

/// The world that the recording was made in.
fn world() -> State {
    let mut database = Relation::to(2, "db", "pg");
    database.remote_units_data.insert("pg/1".to_owned(), Bag::new());
    let mut peers = Relation::to(1, "cluster", "app");
    peers.remote_units_data = BTreeMap::from([("app/0".to_owned(), Bag::new())]);
    State {
        unit: "app/1".to_owned(),
        relations: vec![peers, database],
        secrets: vec![Secret::owned("j0iivfn56cjb1kq9s400", "L", &[("pass", "x")])],
        model: Model {
            uuid: "6fe3cf5d-0f6a-4d11-8f9b-dcca017f9b8b".to_owned(),
            ..Model::default()
        },
        juju_version: "4.1-beta2".to_owned(),
        ..State::leader()
    }
}
