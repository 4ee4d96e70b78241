//! Waiting until a model is as it should be, and telling why it is not.

use std::fmt::Write as _;
use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use super::{Controller, Error, Status};

/// How often to look. Each look costs 0.1 s of a processor.
const LOOK: Duration = Duration::from_millis(200);

/// How many lines of the log to show.
const LINES: usize = 30;

impl Controller {
    /// Waits until `done` says so of the model's status, and returns that.
    ///
    /// The error after `limit` shows what `juju status` does, the last warnings and errors of units, and what the
    /// controller did last.
    pub fn wait(
        &self,
        limit: Duration,
        mut done: impl FnMut(&Status) -> bool,
    ) -> Result<Status, Error> {
        let started = Instant::now();
        loop {
            let status = self.status()?;
            if done(&status) {
                return Ok(status);
            }
            if started.elapsed() > limit {
                let status = self
                    .juju(["status", "--relations"])
                    .unwrap_or_else(|error| format!("juju status: {error}"));
                return Err(Error::Waited { limit, status, log: self.troubles() });
            }
            thread::sleep(LOOK);
        }
    }

    /// The last lines of `juju debug-log` that are warnings or worse, of all other logs of pods, and of the controller's.
    fn troubles(&self) -> String {
        let log = self.debug_log().unwrap_or_else(|error| format!("juju debug-log: {error}"));
        let mut all = last(&log, |line| line.contains(" WARNING ") || line.contains(" ERROR "));
        let mut files: Vec<_> = fs::read_dir(self.folder().join("logs"))
            .into_iter()
            .flatten()
            .filter_map(|entry| Some(entry.ok()?.path()))
            // What agents say is in debug-log, or not worth a look; logsink.log is debug-log.
            .filter(|path| {
                path.file_name()
                    .and_then(|name| name.to_str())
                    .is_some_and(|name| !name.ends_with("-agent.log") && name != "logsink.log")
            })
            .collect();
        files.sort();
        for file in files {
            let text = fs::read_to_string(&file).unwrap_or_default();
            let text = last(&text, |_| true);
            if !text.is_empty() {
                let _infallible = write!(all, "\n{}:\n{text}", file.display());
            }
        }
        let log = fs::read_to_string(self.folder().join("controller.log")).unwrap_or_default();
        // Every status that was set, who logged in and what is still to be removed would be most of it.
        let log = last(&log, |line| {
            !["status-history", "securitylog", "INFO juju.removal"]
                .iter()
                .any(|what| line.contains(what))
        });
        let _infallible = write!(all, "\nthe controller:\n{log}");
        all
    }
}

fn last(text: &str, wanted: impl Fn(&str) -> bool) -> String {
    let lines: Vec<&str> = text.lines().filter(|line| wanted(line)).collect();
    lines.get(lines.len().saturating_sub(LINES)..).unwrap_or_default().join("\n")
}
