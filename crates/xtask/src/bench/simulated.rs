//! Hooks on a simulated unit, whose hook commands are programs that answer from a file.

use std::fs;
use std::path::{Path, PathBuf};

use juju_sim::{Event, Socket, State, Unit};
use tempfile::TempDir;
use tests::container::Container;
use tests::world::{by_secrets, configured, in_plain};

use crate::Result;
use crate::bench::direct::Hooks;
use crate::bench::measure::{self, Plan, Sample, Task};
use crate::bench::row::Row;
use crate::bench::samples::Samples;
use crate::workspace;

/// A charm on a simulated unit.
struct Bench {
    unit: Unit,
    plan: Plan,
    folder: TempDir,
}

/// Measures `start`, `update-status` and the first `config-changed` of both charms.
pub(crate) fn measure(runs: usize, program: impl Fn(&str) -> PathBuf) -> Result<Vec<Row>> {
    let tools = tools()?;
    let mut rows = Vec::new();
    for (world, state) in [("by secrets", by_secrets()), ("in plain", in_plain())] {
        let charm = "feast-integrator";
        let mut bench = Bench::new(charm, &program(charm), &tools, state)?;
        rows.extend(bench.hooks(runs, charm, world)?);
    }
    let charm = "feast-ui";
    let container = Container::start().ok_or("there is no container for feast-ui to run in")?;
    let mut bench = Bench::new(charm, &program(charm), &tools, configured())?;
    bench.unit.extra.insert("CHARM_CONTAINERS_DIR".to_owned(), container.containers().into());
    rows.extend(bench.hooks(runs, charm, "the UI serves")?);
    Ok(rows)
}

/// feast-integrator without a dispatcher, in the cluster of this kubeconfig: it delivers, does nothing, and takes all back.
pub(crate) fn direct(program: &Path, kubeconfig: &Path, task: Task) -> Result<Hooks<Sample>> {
    let mut state = by_secrets();
    state.relations.retain(|relation| !["secrets", "pod-defaults"].contains(&&*relation.endpoint));
    let mut bench = Bench::new("feast-integrator", program, &tools()?, state)?;
    let unit = &mut bench.unit;
    unit.socket = Socket::Serves;
    unit.extra.insert("KUBECONFIG".to_owned(), kubeconfig.into());
    unit.extra.insert("KUBERNETES_SERVICE_HOST".to_owned(), "".into());
    let first = bench.run("config-changed", task.clone())?;
    bench.expect_active("feast-integrator")?;
    let quiet = bench.run("update-status", task.clone())?;
    Ok(Hooks { first, quiet, last: bench.run("remove", task)? })
}

impl Bench {
    fn new(charm: &str, program: &Path, tools: &Path, state: State) -> Result<Self> {
        let metadata = workspace::root().join("metadata").join(charm);
        let mut unit = Unit::deploy_with(tools, &metadata, state)?;
        // Hook commands are processes here: they are what is counted and compared.
        unit.socket = Socket::Absent;
        let folder = tempfile::tempdir()?;
        measure::dispatch(&folder.path().join("dispatch"), &folder.path().join("plan.json"))?;
        let plan = Plan {
            program: program.to_owned(),
            forget: Vec::new(),
            task: Task::Time,
            into: folder.path().join("samples"),
        };
        Ok(Self { unit, plan, folder })
    }

    fn hooks(&mut self, runs: usize, charm: &'static str, world: &'static str) -> Result<Vec<Row>> {
        let new = self.unit.state.clone();
        self.run("config-changed", Task::Time)?;
        self.expect_active(charm)?;
        let settled = self.unit.state.clone();
        let mut rows = Vec::new();
        for (hook, name, before) in [
            ("start", "start", &settled),
            ("update-status", "update-status", &settled),
            ("first config-changed", "config-changed", &new),
        ] {
            let samples = Samples::take(runs, |task| {
                self.unit.state = before.clone();
                self.run(name, task)
            })?;
            rows.push(Row::new(("simulated unit", charm, world, hook), &samples)?);
        }
        Ok(rows)
    }

    fn expect_active(&self, charm: &str) -> Result<()> {
        match &self.unit.state.unit_status {
            status if status.name == "active" => Ok(()),
            status => Err(format!("{charm} is {status:?} instead of active").into()),
        }
    }

    fn run(&mut self, hook: &str, task: Task) -> Result<Sample> {
        let plan = Plan { task, ..self.plan.clone() };
        fs::write(self.folder.path().join("plan.json"), serde_json::to_vec(&plan)?)?;
        let outcome = self.unit.run(&self.folder.path().join("dispatch"), Event::hook(hook))?;
        if !outcome.success() {
            return Err(
                format!("{hook} failed: {}{:?}", outcome.stderr, outcome.flush_error).into()
            );
        }
        let sample = serde_json::from_slice(&fs::read(&plan.into)?)?;
        fs::remove_file(&plan.into)?;
        Ok(sample)
    }
}

/// The program of all hook commands, built as a charm is.
fn tools() -> Result<PathBuf> {
    workspace::run(
        workspace::cargo()
            .args(["build", "--quiet", "--locked", "--release", "--bins", "--package", "juju-sim"])
            .arg("--target-dir")
            .arg(workspace::target()),
    )?;
    Ok(workspace::target().join("release").join("juju-sim-tool"))
}
