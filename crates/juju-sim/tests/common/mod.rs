//! Units of the charm in `tests/metadata`, run by shell scripts and by the program in `tests/charm`.
#![expect(dead_code, reason = "no test program needs all of it")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use juju_sim::{Event, Outcome, Relation, State, Unit};

pub(crate) fn deploy(state: State) -> Unit {
    Unit::deploy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/metadata"), state)
        .expect("the metadata of the tests")
}

/// A leader with a database of two units, of which the second has just changed its databag.
pub(crate) fn related() -> State {
    let mut relation = Relation::to(3, "db", "pg").saying(&[("v", "<a>&b")]);
    let automatic = ["egress-subnets", "ingress-address", "private-address"];
    let values = ["10.1.0.9/32", "10.1.0.9", "10.1.0.9"];
    let bag = automatic.into_iter().zip(values);
    let bag = bag.map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
    relation.remote_units_data.insert("pg/1".to_owned(), bag);
    State { relations: vec![relation], ..State::leader() }
}

pub(crate) fn changed() -> Event {
    Event::RelationUnitChanged(3, "pg/1".to_owned())
}

/// Runs a shell script as the charm.
///
/// It is read by a program that was there before: one just written may be busy, where another thread starts processes.
pub(crate) fn script(unit: &mut Unit, event: Event, script: &str) -> Outcome {
    fs::write(unit.charm_dir().join("script"), script).expect("the charm's folder");
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/script");
    unit.run(&program, event).expect("a possible world")
}

/// What each line of `commands` prints, with its exit status unless that is 0.
pub(crate) fn transcript(unit: &mut Unit, event: Event, commands: &str) -> String {
    let with_exit =
        |command| format!("{command} 2>&1; code=$?; [ $code = 0 ] || echo \"  ($code)\"");
    let lines: Vec<String> = commands.trim().lines().map(with_exit).collect();
    script(unit, event, &(lines.join("\n") + "\n")).stdout
}

/// The program in `tests/charm`.
pub(crate) fn everything() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let test = std::env::current_exe().expect("the running test");
        let folder = test.parent().and_then(Path::parent).expect("target/debug");
        let built = Command::new(env!("CARGO"))
            .args(["build", "--quiet", "--package", "juju-sim", "--example", "everything"])
            .arg("--target-dir")
            .arg(folder.parent().expect("target"))
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .status();
        assert!(built.expect("cargo").success());
        folder.join("examples/everything")
    })
}
