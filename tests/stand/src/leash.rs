//! Programs that die with the process that started them, however that one dies.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::binary;
use crate::log::tail;

/// How often a condition is looked at.
const AGAIN: Duration = Duration::from_millis(20);

/// How a program is asked to end.
#[derive(Clone, Copy, Debug)]
pub struct Ending {
    /// The first, polite signal.
    pub signal: Signal,
    /// How long the program has before SIGKILL.
    pub grace: Duration,
}

impl Default for Ending {
    fn default() -> Self {
        Self { signal: Signal::TERM, grace: Duration::from_secs(10) }
    }
}

/// A command that runs `program` on a leash. Add arguments, variables and the working folder as to any other, then give
/// it to [`Process::start`].
pub fn command(program: impl AsRef<OsStr>, ending: Ending) -> Result<Command, Error> {
    let mut command = Command::new(binary::beside_or_built("stand-leash")?);
    command
        .arg(ending.signal.as_raw().to_string())
        .arg(ending.grace.as_millis().to_string())
        .arg(program);
    Ok(command)
}

/// A running program, ended when this value is dropped or the process that has it dies.
#[derive(Debug)]
pub struct Process {
    name: String,
    leash: Child,
    log: PathBuf,
}

impl Process {
    /// Starts what [`command`] made. Its output is added to the file `log`; `name` is for messages.
    pub fn start(name: &str, mut command: Command, log: &Path) -> Result<Self, Error> {
        let failed = |source| Error::Start { name: name.to_owned(), source };
        let output = File::options().create(true).append(true).open(log).map_err(failed)?;
        let leash = command
            .stdin(Stdio::piped())
            .stdout(output.try_clone().map_err(failed)?)
            .stderr(output)
            // Ctrl-C in a terminal reaches its whole process group, and would end the leash before the program.
            .process_group(0)
            .spawn()
            .map_err(failed)?;
        Ok(Self { name: name.to_owned(), leash, log: log.to_owned() })
    }

    /// The file with the program's output.
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// The program's process id, while it runs.
    pub fn id(&self) -> Option<u32> {
        let leash = self.leash.id();
        let children = fs::read_to_string(format!("/proc/{leash}/task/{leash}/children")).ok()?;
        children.split_whitespace().next()?.parse().ok()
    }

    /// Whether and how the program has ended.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.leash.try_wait().ok().flatten()
    }

    /// Waits until `ready` answers true; an error if the program ends before, or after `limit`.
    pub fn wait_ready(
        &mut self,
        limit: Duration,
        mut ready: impl FnMut() -> bool,
    ) -> Result<(), Error> {
        let started = Instant::now();
        loop {
            if let Some(status) = self.ended() {
                return Err(Error::Ended {
                    name: self.name.clone(),
                    status: status.to_string(),
                    tail: tail(&self.log, 20),
                    log: self.log.clone(),
                });
            }
            if ready() {
                return Ok(());
            }
            if started.elapsed() > limit {
                return Err(Error::NotReady {
                    name: self.name.clone(),
                    limit,
                    tail: tail(&self.log, 20),
                    log: self.log.clone(),
                });
            }
            thread::sleep(AGAIN);
        }
    }

    /// Kills the program at once, as an out-of-memory killer would.
    pub fn kill(&mut self) {
        if let Some(pid) = self.id().and_then(|id| Pid::from_raw(id.cast_signed())) {
            let _may_have_ended = kill_process(pid, Signal::KILL);
        }
        self.stop();
    }

    /// Ends the program and waits until it and all that it started are gone.
    pub fn stop(&mut self) {
        drop(self.leash.stdin.take());
        let _nothing_to_do_about_it = self.leash.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Why a program does not run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no leash.
    #[error(transparent)]
    Leash(#[from] binary::Error),
    /// The leash or the log could not be opened.
    #[error("starting {name}: {source}")]
    Start {
        /// The program.
        name: String,
        /// What the system says.
        source: io::Error,
    },
    /// The program has ended by itself.
    #[error("{name} ended with {status}; the end of {log}:\n{tail}", log = log.display())]
    Ended {
        /// The program.
        name: String,
        /// How it ended.
        status: String,
        /// The last lines of its log.
        tail: String,
        /// Its log.
        log: PathBuf,
    },
    /// The program runs but is not what it should be.
    #[error("{name} was not ready within {limit:?}; the end of {log}:\n{tail}", log = log.display())]
    NotReady {
        /// The program.
        name: String,
        /// How long it was waited for.
        limit: Duration,
        /// The last lines of its log.
        tail: String,
        /// Its log.
        log: PathBuf,
    },
}
