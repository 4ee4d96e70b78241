//! Speaking to the stand that `cargo xtask demo --keep` has left running.

use std::fs;
use std::process::{Command, ExitCode};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};

use crate::Result;
use crate::serve::{self, Address};

/// How long the stand may take to end all its processes.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// What the program is given.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

pub(crate) fn juju(arguments: &Arguments) -> Result<ExitCode> {
    run(Address::of_kept()?.juju(), arguments)
}

pub(crate) fn kubectl(arguments: &Arguments) -> Result<ExitCode> {
    run(Address::of_kept()?.kubectl(), arguments)
}

pub(crate) fn down() -> Result<ExitCode> {
    let address = Address::of_kept()?;
    let process = i32::try_from(address.process)
        .ok()
        .and_then(Pid::from_raw)
        .ok_or("the stand's process id is none")?;
    let started = Instant::now();
    let _may_have_ended = kill_process(process, Signal::TERM);
    while test_kill_process(process).is_ok() {
        if started.elapsed() > PATIENCE {
            return Err(format!(
                "the stand (process {}) has not ended within {PATIENCE:?}",
                address.process
            )
            .into());
        }
        thread::sleep(Duration::from_millis(50));
    }
    fs::remove_file(serve::kept())?;
    println!("The stand has ended.");
    Ok(ExitCode::SUCCESS)
}

fn run(mut command: Command, arguments: &Arguments) -> Result<ExitCode> {
    let status = command.args(&arguments.arguments).status()?;
    Ok(status
        .code()
        .and_then(|code| u8::try_from(code).ok())
        .map_or(ExitCode::FAILURE, ExitCode::from))
}
