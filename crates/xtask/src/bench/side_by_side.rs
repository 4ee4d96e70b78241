//! `update-status` with all related, side by side: as many processes of hook tools as the Python charm makes, our charm by
//! tools and over the agent's socket, and the same questions without a charm. All on the unit agent of Juju 3.6 with its
//! real tools, and without a controller, so that nobody waits for one.

use std::fs;
use std::path::{Path, PathBuf};

use juju_sim::State;
use serde::Serialize;
use serde_json::json;
use stand::cache::Cache;
use stand::runner::{Hook, Run, Runner};
use tempfile::TempDir;
use tests::container::Container;
use tests::world::{by_secrets, configured};

use crate::Result;
use crate::bench::measure::{self, Plan, Sample, Task};
use crate::bench::row::{Original, original};
use crate::bench::spread::Spread;
use crate::workspace;

const HOOK: &str = "update-status";
/// How often memory is looked at; it hardly differs.
const LOOKS: usize = 3;

/// One charm in all ways.
#[derive(Serialize)]
pub(crate) struct Comparison {
    pub(crate) charm: &'static str,
    /// What the Python charm took, interpreter included, as it was recorded.
    pub(crate) recorded: Option<Original>,
    /// As many processes of hook tools as the Python charm makes, and nothing else of it.
    pub(crate) original: Way,
    pub(crate) by_tools: Way,
    pub(crate) by_socket: Way,
    /// The tools that ours starts, without a charm.
    pub(crate) bare_tools: Way,
    /// The requests that ours makes, without a charm.
    pub(crate) bare_requests: Way,
}

/// One way.
#[derive(Serialize)]
pub(crate) struct Way {
    /// Seconds.
    pub(crate) wall: Spread,
    /// Seconds of processors, of the charm and its hook commands; none where there are neither.
    pub(crate) cpu: Option<Spread>,
    /// Processes of hook tools.
    pub(crate) processes: usize,
    /// The most memory that the charm's process had resident, in bytes; none where there is no charm.
    pub(crate) peak_memory: Option<u64>,
}

/// A charm in the hands of the agent.
struct Bench<'a> {
    runner: &'a mut Runner,
    folder: TempDir,
    program: PathBuf,
    containers: Option<PathBuf>,
    state: State,
}

impl Comparison {
    pub(crate) fn ways(&self) -> [(&'static str, &Way); 5] {
        [
            ("the Python charm's hook commands alone", &self.original),
            ("ours by tools", &self.by_tools),
            ("ours over the socket", &self.by_socket),
            ("our tools without a charm", &self.bare_tools),
            ("our requests without a charm", &self.bare_requests),
        ]
    }

    /// The seconds that ours takes over the socket beyond those of its requests to the agent: its start, all that it
    /// decides, and what Pebble has not answered by then.
    pub(crate) fn beyond(&self) -> f64 {
        self.by_socket.wall.median - self.bare_requests.wall.median
    }

    /// How many times less ours takes over the socket than the Python charm's hook commands alone.
    pub(crate) fn times(&self) -> f64 {
        self.original.wall.median / self.by_socket.wall.median
    }
}

/// Measures both charms.
pub(crate) fn measure(runs: usize, program: impl Fn(&str) -> PathBuf) -> Result<Vec<Comparison>> {
    let cache = Cache::open(|line| println!("{line}"))?;
    let mut runner = Runner::start(&cache)?;
    let container = Container::start().ok_or("there is no container for feast-ui to run in")?;
    let containers = Some(container.containers().clone());
    let mut all = Vec::new();
    for (charm, state, containers) in
        [("feast-integrator", by_secrets(), None), ("feast-ui", configured(), containers)]
    {
        let mut bench = Bench::new(&mut runner, charm, program(charm), containers, state)?;
        all.push(bench.compare(runs, charm)?);
    }
    Ok(all)
}

impl<'a> Bench<'a> {
    fn new(
        runner: &'a mut Runner,
        charm: &str,
        program: PathBuf,
        containers: Option<PathBuf>,
        state: State,
    ) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let metadata = workspace::root().join("metadata").join(charm);
        for name in ["metadata.yaml", "config.yaml"] {
            fs::copy(metadata.join(name), folder.path().join(name))?;
        }
        measure::dispatch(&folder.path().join("dispatch"), &folder.path().join("plan.json"))?;
        let state = State { unit: format!("{charm}/0"), ..state };
        let mut bench = Self { runner, folder, program, containers, state };
        bench.run("config-changed", Task::Time, false)?;
        Ok(bench)
    }

    fn compare(&mut self, runs: usize, charm: &'static str) -> Result<Comparison> {
        if self.state.unit_status.name != "active" {
            let status = &self.state.unit_status;
            return Err(format!("{charm} is {status:?} instead of active").into());
        }
        let (by_tools, tools_memory) = self.watch(true)?;
        let (by_socket, socket_memory) = self.watch(false)?;
        let recorded = original(charm, HOOK);
        let count = recorded.and_then(|recorded| recorded.hook_commands).unwrap_or_default();
        let original: Vec<Vec<String>> =
            by_tools.iter().cycle().take(usize::try_from(count)?).cloned().collect();
        let mut samples: [Vec<Sample>; 5] = Default::default();
        for _ in 0..runs {
            // The machine may be slower now than it was a moment ago: what is compared is measured in turn.
            let tasks = [
                (Task::Commands(original.clone()), true),
                (Task::Time, true),
                (Task::Time, false),
                (Task::Commands(by_tools.clone()), true),
                (Task::Requests(by_tools.clone()), false),
            ];
            for (samples, (task, processes)) in samples.iter_mut().zip(tasks) {
                samples.push(self.run(HOOK, task, processes)?);
            }
        }
        let [all, ours, socket, tools, requests] = samples;
        Ok(Comparison {
            charm,
            recorded,
            original: Way::of(&all, original.len(), None)?,
            by_tools: Way::of(&ours, by_tools.len(), tools_memory)?,
            by_socket: Way::of(&socket, by_socket.len(), socket_memory)?,
            bare_tools: Way::of(&tools, by_tools.len(), None)?,
            bare_requests: Way::of(&requests, 0, None)?,
        })
    }

    /// The hook tools that the charm starts, and the most memory that it has.
    fn watch(&mut self, processes: bool) -> Result<(Vec<Vec<String>>, Option<u64>)> {
        let mut memory = None;
        let mut commands = Vec::new();
        for _ in 0..LOOKS {
            let sample = self.run(HOOK, Task::Watch, processes)?;
            memory = memory.max(sample.memory);
            commands = sample.commands;
        }
        Ok((commands, memory))
    }

    fn run(&mut self, hook: &str, task: Task, processes: bool) -> Result<Sample> {
        let path = |name: &str| self.folder.path().join(name);
        let into = path("samples");
        let plan = Plan { program: self.program.clone(), forget: Vec::new(), task, into };
        fs::write(path("plan.json"), serde_json::to_vec(&plan)?)?;
        let mut state = self.state.clone();
        if processes {
            state.config.insert("hook-commands".to_owned(), json!("processes"));
        }
        let containers = self.containers.iter();
        let run = Run {
            charm: self.folder.path(),
            state: &state,
            hook: Some(Hook { kind: hook.to_owned(), ..Hook::default() }),
            action: None,
            variables: containers
                .map(|path| ("CHARM_CONTAINERS_DIR".to_owned(), path.display().to_string()))
                .collect(),
        };
        let ran = self.runner.run(&run)?;
        if !ran.error.is_empty() {
            return Err(format!("{hook} failed: {}", ran.error).into());
        }
        let mut kept: State = ran.state;
        kept.config.remove("hook-commands");
        self.state = kept;
        take(&plan.into)
    }
}

fn take(path: &Path) -> Result<Sample> {
    let sample = serde_json::from_slice(&fs::read(path)?)?;
    fs::remove_file(path)?;
    Ok(sample)
}

impl Way {
    fn of(samples: &[Sample], processes: usize, peak_memory: Option<u64>) -> Result<Self> {
        let spread = |what: fn(&Sample) -> f64| {
            Spread::of(samples.iter().map(what)).ok_or("nothing was measured")
        };
        Ok(Self {
            wall: spread(|sample| sample.wall)?,
            cpu: Some(spread(|sample| sample.cpu)?).filter(|cpu| cpu.max > 0.0),
            processes,
            peak_memory,
        })
    }
}
