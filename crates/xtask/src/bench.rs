//! `cargo xtask bench`: what hooks cost, beside what they cost with the Python charms.

mod direct;
mod forget;
pub(crate) mod measure;
mod plot;
mod row;
mod samples;
mod shim;
mod side_by_side;
mod simulated;
mod spread;
mod stand;
mod table;

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::{fmt, fs};

use serde::Serialize;
use serde_json::{Map, Value};

use crate::Result;
use crate::pack::{self, Arch};
use crate::workspace::{self, CHARMS};
use row::Row;
use side_by_side::Comparison;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// How often each hook is run.
    #[arg(long, default_value_t = 21, value_parser = clap::value_parser!(u16).range(1..))]
    runs: u16,
    /// Measure on real Juju, Kubernetes, PostgreSQL, Pebble and Feast too.
    #[arg(long)]
    stand: bool,
    /// Measure only direct delivery, into so many namespaces of a real Kubernetes API.
    #[arg(long, value_name = "NAMESPACES", num_args = 0..=1, default_missing_value = "1000")]
    #[arg(conflicts_with_all = ["runs", "stand"])]
    direct: Option<usize>,
}

/// Everything that was measured, as it is in `target/bench.json`. Times are in seconds, sizes in bytes.
#[derive(Serialize)]
struct Report {
    commit: String,
    machine: Machine,
    packages: Vec<Package>,
    hooks: Vec<Row>,
    /// `update-status` in the original's way and in ours.
    side_by_side: Vec<Comparison>,
}

/// Where it was measured.
#[derive(Serialize)]
struct Machine {
    processors: usize,
    /// Processes that wanted to run at the beginning and at the end; measurements on a busy machine are worth less.
    load: [Option<f64>; 2],
}

/// How large a packed charm is.
#[derive(Serialize)]
struct Package {
    charm: &'static str,
    /// The `.charm`.
    packed: u64,
    /// The program in it.
    program: u64,
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    if let Some(namespaces) = arguments.direct {
        let program = pack::pack("feast-integrator", Arch::host())?.binary;
        let direct = direct::measure(&program, namespaces)?;
        print!("{direct}");
        keep([("direct".to_owned(), serde_json::to_value(direct)?)])?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut programs = BTreeMap::new();
    let mut packages = Vec::new();
    for charm in CHARMS {
        let packed = pack::pack(charm, Arch::host())?;
        let program = fs::metadata(&packed.binary)?.len();
        packages.push(Package { charm, packed: packed.size, program });
        programs.insert(charm, packed.binary);
    }
    let runs = usize::from(arguments.runs);
    let mut machine = Machine::begin()?;
    let program = |charm: &str| programs.get(charm).cloned().unwrap_or_default();
    let side_by_side = side_by_side::measure(runs, program)?;
    let mut hooks = simulated::measure(runs, program)?;
    if arguments.stand {
        hooks.extend(stand::measure(runs)?);
    }
    machine.end();
    let report = Report { commit: workspace::commit(), machine, packages, hooks, side_by_side };
    print!("{}", table::text(&report));
    if let Value::Object(measured) = serde_json::to_value(&report)? {
        keep(measured)?;
    }
    let picture = workspace::root().join("docs/update-status.svg");
    fs::write(&picture, plot::svg(&report.side_by_side))?;
    println!("The picture is {}.", picture.display());
    Ok(ExitCode::SUCCESS)
}

/// Writes what was `measured` into `target/bench.json`; what it is silent of stays there.
fn keep(measured: impl IntoIterator<Item = (String, Value)>) -> Result<()> {
    let path = workspace::target().join("bench.json");
    let mut all: Map<String, Value> = fs::read(&path)
        .ok()
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .unwrap_or_default();
    all.extend(measured);
    fs::write(&path, serde_json::to_string_pretty(&all)?)?;
    println!("All numbers are in {}.", path.display());
    Ok(())
}

impl Machine {
    fn begin() -> Result<Self> {
        let processors = std::thread::available_parallelism()?.get();
        Ok(Self { processors, load: [load(), None] })
    }

    fn end(&mut self) {
        self.load[1] = load();
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [before, after] =
            self.load.map(|load| load.map_or_else(|| "–".to_owned(), |load| format!("{load:.1}")));
        write!(f, "{} processors, load {before} before and {after} after", self.processors)
    }
}

/// How many processes wanted to run in the last minute, on average.
fn load() -> Option<f64> {
    fs::read_to_string("/proc/loadavg").ok()?.split_whitespace().next()?.parse().ok()
}
