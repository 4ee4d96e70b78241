//! Stories on the simulated unit.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use juju_sim::{Event, Unit, binary};
use probe::{By, Plan, Report};
use serde_json::json;

use crate::case::{self, Story, Version, Within};
use crate::world;

/// The metadata of the charm that is simulated, and is deployed on Juju.
pub(crate) fn metadata() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("hook_commands/charm")
}

/// What is different from what a story expects, in lines.
pub(crate) fn differences(by: By, story: &Story, version: Version) -> String {
    let mut unit = Unit::deploy(&metadata(), world::state(version, story.unit)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    unit.extra.insert(probe::FOLDER.to_owned(), folder.path().into());
    let mut values = world::values(version, story.unit);
    let mut text = String::new();
    for hook in &story.hooks {
        let database: u32 = values["db"].parse().unwrap();
        let event = match hook.within {
            Within::ConfigChanged => Event::hook("config-changed"),
            Within::RelationChanged => Event::RelationUnitChanged(database, "pg/0".to_owned()),
            Within::Backup => {
                Event::Action("backup".to_owned(), [("target".to_owned(), json!("x"))].into())
            }
        };
        let name = unit.state.unit.clone();
        put(&hook.plan(by, &values), folder.path(), &name);
        let outcome = unit.run(&binary("probe"), event).unwrap();
        let report = take(folder.path(), &name, &outcome.stderr);
        text += &case::differences(hook, version, &report);
        let refused = outcome.flush_error.unwrap_or_default();
        let expected = hook.flush_refused.get(&version).map_or("", String::as_str);
        if !refused.contains(expected) || refused.is_empty() != expected.is_empty() {
            let _ = writeln!(text, "the flush: expected {expected:?}, got {refused:?}");
        }
        values = report.values;
    }
    if text.is_empty() { text } else { format!("── {}\n{text}", story.name) }
}

/// Leaves a plan for the unit `name`.
pub(crate) fn put(plan: &Plan, folder: &Path, name: &str) {
    fs::write(probe::plan_of(folder, name), serde_json::to_vec(plan).unwrap()).unwrap();
}

/// Takes the report of the unit `name`.
pub(crate) fn take(folder: &Path, name: &str, otherwise: &str) -> Report {
    let path = probe::report_of(folder, name);
    let text = fs::read(&path).unwrap_or_else(|_| panic!("no report: {otherwise}"));
    fs::remove_file(path).unwrap();
    serde_json::from_slice(&text).unwrap()
}
