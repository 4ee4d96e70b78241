//! Direct delivery into many namespaces of a real Kubernetes API, beside what it costs anybody to write so much.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Serialize;
use serde_json::{Value, json};
use stand::cache::Cache;
use stand::kubernetes::Kubernetes;

use crate::Result;
use crate::bench::measure::Task;
use crate::bench::table::{aligned, mebibytes, optional, words};
use crate::bench::{Machine, simulated};
use crate::pack::{self, Arch};
use crate::workspace;

/// So often everything is delivered and taken back.
const ROUNDS: usize = 3;
/// A first delivery is meant to take no longer than so many times the floor.
const RATIO: f64 = 1.5;
/// The charm is meant to stay below so many bytes of memory.
const MEMORY: u64 = 32 * 1024 * 1024;

/// What direct delivery takes.
#[derive(Serialize)]
pub(crate) struct Direct {
    commit: String,
    machine: Machine,
    namespaces: usize,
    /// From the one that took the least time, beside its floor, to the one that took the most.
    rounds: Vec<Round>,
    /// The most memory that the hooks of another round had resident, in bytes.
    memory: Hooks<Option<u64>>,
}

/// Times are in seconds.
#[derive(Serialize)]
struct Round {
    /// Writing as much, by a program that does nothing else: before and after the charm.
    floor: [f64; 2],
    hooks: Hooks<f64>,
}

/// One number for each kind of hook.
#[derive(Serialize)]
pub(crate) struct Hooks<T> {
    /// The first that delivers.
    pub(crate) first: T,
    /// One that finds everything in order.
    pub(crate) quiet: T,
    /// The one that takes everything back.
    pub(crate) last: T,
}

impl Round {
    fn floor(&self) -> f64 {
        f64::midpoint(self.floor[0], self.floor[1])
    }

    fn ratio(&self) -> f64 {
        self.hooks.first / self.floor()
    }
}

impl Direct {
    fn median(&self) -> Option<&Round> {
        self.rounds.get(self.rounds.len() / 2)
    }
}

impl fmt::Display for Direct {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { commit, machine, namespaces, memory, .. } = self;
        let Some(round) = self.median() else { return Ok(()) };
        let Round { floor, hooks } = round;
        let row = |what: &str, seconds: f64, memory: Option<u64>| {
            vec![what.to_owned(), format!("{seconds:.2}"), optional(memory, mebibytes)]
        };
        let rows = [
            words(&["what", "seconds", "MiB"]),
            row("the same writes without a charm, before", floor[0], None),
            row("the same writes without a charm, after", floor[1], None),
            row("the hook that delivers for the first time", hooks.first, memory.first),
            row("a hook that finds everything in order", hooks.quiet, memory.quiet),
            row("the hook that takes everything back", hooks.last, memory.last),
        ];
        let ratios = self.rounds.iter().map(|round| format!("{:.2}", round.ratio()));
        let ratios = ratios.collect::<Vec<_>>().join(", ");
        let most = [memory.first, memory.quiet, memory.last].into_iter().flatten().max();
        writeln!(f, "Commit {commit}, {machine}.\n")?;
        writeln!(
            f,
            "Into {namespaces} namespaces of a real Kubernetes API, the one in the middle of {ROUNDS} rounds:"
        )?;
        writeln!(f, "{}", aligned(&rows))?;
        let mut target = |reached, line| writeln!(f, "{} {line}", if reached { '✓' } else { '✗' });
        target(
            round.ratio() <= RATIO,
            format!(
                "a first delivery: {:.2} times as long as its writes, {RATIO} wanted; in all rounds {ratios}",
                round.ratio()
            ),
        )?;
        target(
            most.is_some_and(|most| most < MEMORY),
            format!(
                "at most {} MiB resident, less than {} wanted",
                optional(most, mebibytes),
                MEMORY >> 20
            ),
        )
    }
}

/// Delivers by `program`, a feast-integrator.
pub(crate) fn measure(program: &Path, namespaces: usize) -> Result<Direct> {
    let floor = Floor { program: pack::built_as_charms_are("floor", Arch::host())?, namespaces };
    let folder = tempfile::tempdir()?;
    let cache = Cache::open(|line| println!("   {line}"))?;
    let kubernetes = Kubernetes::start(&cache, &folder.path().join("kubernetes"))?;
    let item = |index: usize| {
        let labels = json!({"app.kubernetes.io/part-of": "kubeflow-profile"});
        let metadata = json!({"name": format!("user-{index}"), "labels": labels});
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})
    };
    let items: Vec<Value> = (0..namespaces).map(item).collect();
    kubernetes.apply(&json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string())?;

    let mut machine = Machine::begin()?;
    let hooks = |task| simulated::direct(program, &kubernetes.kubeconfig(), task);
    // The first to write so much makes the server grow, whoever it is.
    floor.write(&kubernetes)?;
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        let before = floor.write(&kubernetes)?;
        let hooks = hooks(Task::Time)?.map(|sample| sample.wall);
        let after = floor.write(&kubernetes)?;
        rounds.push(Round { floor: [before, after], hooks });
    }
    rounds.sort_by(|one, other| one.ratio().total_cmp(&other.ratio()));
    let memory = hooks(Task::Watch)?.map(|sample| sample.memory);
    machine.end();
    let ours = ["--selector", "app.kubernetes.io/managed-by=feast-integrator", "--output=name"];
    let kinds = ["get", "secrets,poddefaults", "--all-namespaces"];
    let left = kubernetes.kubectl(kinds.into_iter().chain(ours))?;
    if !left.trim().is_empty() {
        return Err(format!("it has left {}", left.trim()).into());
    }
    Ok(Direct { commit: workspace::commit(), machine, namespaces, rounds, memory })
}

/// What writes as much, and takes it back.
struct Floor {
    program: PathBuf,
    namespaces: usize,
}

impl Floor {
    /// The seconds that writing took.
    fn write(&self, kubernetes: &Kubernetes) -> Result<f64> {
        let mut command = Command::new(&self.program);
        command.arg(kubernetes.kubeconfig()).arg(self.namespaces.to_string());
        let output = command.output()?;
        if !output.status.success() {
            return Err(format!("floor: {}", String::from_utf8_lossy(&output.stderr).trim()).into());
        }
        Ok(String::from_utf8_lossy(&output.stdout).trim().parse()?)
    }
}

impl<T> Hooks<T> {
    pub(crate) fn map<U>(self, what: impl Fn(T) -> U) -> Hooks<U> {
        let Self { first, quiet, last } = self;
        Hooks { first: what(first), quiet: what(quiet), last: what(last) }
    }
}
