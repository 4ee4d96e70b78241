//! Hooks on real Juju: charms as they are packed, with everything that they are related to.
//!
//! `juju exec` gives a context like that of a hook, as often as one likes. Nothing is changed about what is deployed.

use std::fs;

use tempfile::TempDir;

use crate::Result;
use crate::bench::measure::{self, Plan, Sample};
use crate::bench::row::Row;
use crate::bench::samples::Samples;
use crate::demo;
use crate::demo::terminal::Terminal;
use crate::serve::Address;
use crate::workspace::CHARMS;

/// What the world of each of [`CHARMS`] is like, and the endpoints on which it publishes.
const WORLDS: [(&str, &[&str]); 2] = [
    ("by secrets", &["secrets", "pod-defaults", "feast-configuration"]),
    ("the UI serves", &["dashboard-links", "ingress"]),
];

/// Measures `start`, `update-status` and a `config-changed` that publishes everything, of both charms.
pub(crate) fn measure(runs: usize) -> Result<Vec<Row>> {
    let mut terminal = Terminal::new();
    let stand = demo::deployed(&mut terminal, "0.49.0")?;
    terminal.step("measure");
    let folder = tempfile::tempdir()?;
    measure::dispatch(&folder.path().join("dispatch"), &folder.path().join("plan.json"))?;
    let mut rows = Vec::new();
    for (charm, (world, endpoints)) in CHARMS.into_iter().zip(WORLDS) {
        for (hook, name, forget) in [
            ("start", "start", &[][..]),
            ("update-status", "update-status", &[]),
            ("first config-changed", "config-changed", endpoints),
        ] {
            let samples = Samples::take(runs, |task| {
                let plan = Plan {
                    program: "./dispatch".into(),
                    forget: forget.iter().map(|&endpoint| endpoint.to_owned()).collect(),
                    task,
                    into: folder.path().join("samples"),
                };
                run(&stand.address, &format!("{charm}/0"), name, &plan, &folder)
            })?;
            rows.push(Row::new(("stand with real Juju", charm, world, hook), &samples)?);
        }
    }
    Ok(rows)
}

fn run(address: &Address, unit: &str, hook: &str, plan: &Plan, folder: &TempDir) -> Result<Sample> {
    fs::write(folder.path().join("plan.json"), serde_json::to_vec(plan)?)?;
    let line = format!(
        "JUJU_DISPATCH_PATH=hooks/{hook} JUJU_HOOK_NAME={hook} exec '{}'",
        folder.path().join("dispatch").display()
    );
    let output = address.juju().args(["exec", "--unit", unit, "--", &line]).output()?;
    let said = || {
        let text = [output.stderr.as_slice(), output.stdout.as_slice()].concat();
        String::from_utf8_lossy(&text).trim().to_owned()
    };
    if !output.status.success() {
        return Err(format!("{hook} of {unit} ended with {}: {}", output.status, said()).into());
    }
    let sample = fs::read(&plan.into).map_err(|_| format!("{hook} of {unit}: {}", said()))?;
    fs::remove_file(&plan.into)?;
    Ok(serde_json::from_slice(&sample)?)
}
