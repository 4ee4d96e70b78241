//! The commands of a developer: `cargo xtask pack`, `test`, `demo`, `bench`.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "this program speaks to a terminal")]

mod bench;
mod demo;
mod kept;
mod pack;
mod serve;
mod test;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Build, test, show and measure Charmed Feast.
#[derive(Parser)]
#[command(name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Pack charms into `target/charms/`: the same source gives the same bytes.
    Pack(pack::Arguments),
    /// Test everything; the last line says how many tests passed and failed.
    Test(test::Arguments),
    /// Show everything at work on real Juju, Kubernetes, PostgreSQL, Pebble and Feast.
    Demo(demo::Arguments),
    /// Measure what hooks cost, beside what they cost with the Python charms.
    Bench(bench::Arguments),
    /// Run `juju` against the stand that `demo --keep` has left running.
    Juju(kept::Arguments),
    /// Run `kubectl` against the stand that `demo --keep` has left running.
    Kubectl(kept::Arguments),
    /// End the stand that `demo --keep` has left running.
    Down,
    #[command(hide = true)]
    Measure(bench::measure::Arguments),
    #[command(hide = true)]
    Serve(serve::Arguments),
}

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Pack(arguments) => pack::run(&arguments),
        Command::Test(arguments) => test::run(&arguments),
        Command::Demo(arguments) => demo::run(&arguments),
        Command::Bench(arguments) => bench::run(&arguments),
        Command::Measure(arguments) => bench::measure::run(&arguments),
        Command::Juju(arguments) => kept::juju(&arguments),
        Command::Kubectl(arguments) => kept::kubectl(&arguments),
        Command::Down => kept::down(),
        Command::Serve(arguments) => serve::run(&arguments),
    };
    match result {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}");
            let mut source = error.source();
            while let Some(cause) = source {
                eprintln!("  because {cause}");
                source = cause.source();
            }
            ExitCode::FAILURE
        }
    }
}

/// What a command ends with; its error is printed with its causes.
type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;
