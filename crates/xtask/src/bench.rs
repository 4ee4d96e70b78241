//! `cargo xtask bench`: what hooks cost, beside what they cost with the Python charms.

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
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use serde::Serialize;

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
    let mut programs = BTreeMap::new();
    let mut packages = Vec::new();
    for charm in CHARMS {
        let packed = pack::pack(charm, Arch::host())?;
        let program = fs::metadata(&packed.binary)?.len();
        packages.push(Package { charm, packed: packed.size, program });
        programs.insert(charm, packed.binary);
    }
    let runs = usize::from(arguments.runs);
    let before = load();
    let program = |charm: &str| programs.get(charm).cloned().unwrap_or_default();
    let side_by_side = side_by_side::measure(runs, program)?;
    let mut hooks = simulated::measure(runs, program)?;
    if arguments.stand {
        hooks.extend(stand::measure(runs)?);
    }
    let machine =
        Machine { processors: std::thread::available_parallelism()?.get(), load: [before, load()] };
    let report = Report { commit: workspace::commit(), machine, packages, hooks, side_by_side };
    print!("{}", table::text(&report));
    let path = json();
    fs::write(&path, serde_json::to_string_pretty(&report)?)?;
    println!("All numbers are in {}.", path.display());
    let picture = workspace::root().join("docs/update-status.svg");
    fs::write(&picture, plot::svg(&report.side_by_side))?;
    println!("The picture is {}.", picture.display());
    Ok(ExitCode::SUCCESS)
}

fn json() -> PathBuf {
    workspace::target().join("bench.json")
}

/// How many processes wanted to run in the last minute, on average.
fn load() -> Option<f64> {
    fs::read_to_string("/proc/loadavg").ok()?.split_whitespace().next()?.parse().ok()
}
