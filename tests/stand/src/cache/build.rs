//! A part that is being built.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::Error;
use crate::log::tail;

/// A part that is being built.
pub struct Build {
    pub(super) folder: PathBuf,
    pub(super) finished: PathBuf,
    pub(super) log: PathBuf,
}

impl Build {
    /// The folder to fill.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where [`Build::folder`] will be once it is complete, for files that contain their own path.
    pub fn finished(&self) -> &Path {
        &self.finished
    }

    /// Runs `command` to its end, its output going to the build's log.
    pub fn run(&self, command: &mut Command) -> Result<(), Error> {
        let program = command.get_program().to_string_lossy().into_owned();
        let failed = |source| Error::Start { program: program.clone(), source };
        let log = File::options().append(true).open(&self.log).map_err(failed)?;
        let status = command
            .stdin(Stdio::null())
            .stdout(log.try_clone().map_err(failed)?)
            .stderr(log)
            .status()
            .map_err(failed)?;
        if status.success() {
            return Ok(());
        }
        Err(Error::Command {
            program,
            status: status.to_string(),
            tail: tail(&self.log, 20),
            log: self.log.clone(),
        })
    }
}
