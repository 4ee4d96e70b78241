//! Stories on the unit agent of Juju 3.6.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use juju_sim::{State, binary};
use probe::By;
use serde_json::json;
use stand::runner::{Action, Hook, Ran, Run, Runner};

use crate::case::{self, Story, Version, Within};
use crate::simulated::{metadata, put, take};
use crate::world;

/// The folder of the charm, unpacked.
pub(crate) fn unpack(folder: &Path) {
    for name in ["metadata.yaml", "config.yaml", "actions.yaml", "manifest.yaml"] {
        fs::copy(metadata().join(name), folder.join(name)).unwrap();
    }
    symlink(binary("probe"), folder.join("dispatch")).unwrap();
}

/// What is different from what a story expects, in lines.
pub(crate) fn differences(runner: &mut Runner, charm: &Path, by: By, story: &Story) -> String {
    let version = Version::V3;
    let folder = tempfile::tempdir().unwrap();
    let mut state = world::state(version, story.unit);
    let mut values = world::values(version, story.unit);
    let mut text = String::new();
    for hook in &story.hooks {
        let (mut happens, mut action) = (None, None);
        match hook.within {
            Within::ConfigChanged => {
                happens = Some(Hook { kind: "config-changed".to_owned(), ..Hook::default() });
            }
            Within::RelationChanged => {
                happens = Some(Hook {
                    kind: "relation-changed".to_owned(),
                    relation: values["db"].parse().unwrap(),
                    remote_unit: "pg/0".to_owned(),
                    remote_app: "pg".to_owned(),
                });
            }
            Within::Backup => {
                // What is not given is the controller's to fill in.
                let parameters = [("target", json!("x")), ("level", json!(1))];
                let parameters = parameters.map(|(name, value)| (name.to_owned(), value)).into();
                action = Some(Action { name: "backup".to_owned(), parameters });
            }
        }
        put(&hook.plan(by, &values), folder.path(), &state.unit);
        let variables = [(probe::FOLDER.to_owned(), folder.path().display().to_string())].into();
        let run = Run { charm, state: &state, hook: happens, action, variables };
        let ran: Ran<State> = runner.run(&run).unwrap();
        let report = take(folder.path(), &state.unit, &format!("{ran:?}"));
        text += &case::differences(hook, version, &report);
        let refused = match &ran.action {
            Some(answer) => {
                answer.results.get("stderr").map(ToString::to_string).unwrap_or_default()
            }
            None => ran.error,
        };
        let expected = hook.flush_refused.get(&version).map_or("", String::as_str);
        if !refused.contains(expected) || refused.is_empty() != expected.is_empty() {
            let _ = writeln!(text, "the flush: expected {expected:?}, got {refused:?}");
        }
        state = State { juju_version: state.juju_version, ..ran.state };
        values = report.values;
    }
    if text.is_empty() { text } else { format!("── {}\n{text}", story.name) }
}
