//! Hooks and actions as the unit agent of Juju 3.6 runs them: its runner, its hook context, the server and the processes of
//! its hook tools, and no controller. What a controller would answer is a state in JSON, as `juju_sim::State` writes it, and
//! so is what it would have taken over in the end.

use std::collections::BTreeMap;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::cache::{self, Cache};
use crate::juju;

/// A unit agent that waits for something to run. It ends when it is dropped.
#[derive(Debug)]
pub struct Runner {
    process: Child,
    /// Closed at the end.
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
}

/// What to run.
#[derive(Clone, Debug, Serialize)]
pub struct Run<'a, S> {
    /// The folder with the charm's `dispatch`, `metadata.yaml`, `config.yaml` and `actions.yaml`.
    pub charm: &'a Path,
    /// What the controller knows.
    pub state: &'a S,
    /// The hook; none for an action.
    pub hook: Option<Hook>,
    /// The action; none for a hook.
    pub action: Option<Action>,
    /// Variables that are added to the environment, such as `CHARM_CONTAINERS_DIR`.
    pub variables: BTreeMap<String, String>,
}

/// A hook, and what it is about.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Hook {
    /// Its name without that of its subject: `config-changed`, `relation-changed`, `pebble-ready`.
    pub kind: String,
    /// The relation's number.
    pub relation: u32,
    /// The unit on the other side; empty for none.
    pub remote_unit: String,
    /// The application on the other side.
    pub remote_app: String,
}

/// An action.
#[derive(Clone, Debug, Serialize)]
pub struct Action {
    /// Its name.
    pub name: String,
    /// What it was asked.
    pub parameters: BTreeMap<String, Value>,
}

/// What came of a [`Run`].
#[derive(Clone, Debug, Deserialize)]
pub struct Ran<S> {
    /// What the controller knows now.
    pub state: S,
    /// Why the hook failed, or why its changes were not taken over; empty if all is well.
    pub error: String,
    /// What the action answered.
    pub action: Option<Answer>,
    /// What the agent has asked of the controller, in order, from before the hook until after it.
    pub requests: Vec<String>,
}

/// What an action answered.
#[derive(Clone, Debug, Deserialize)]
pub struct Answer {
    /// `completed` or `failed`.
    pub status: String,
    /// Why it failed.
    pub message: String,
    /// Its results.
    pub results: BTreeMap<String, Value>,
}

/// Why something could not be run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The programs could not be built.
    #[error(transparent)]
    Cache(#[from] cache::Error),
    /// The agent did not start, or has ended.
    #[error("running a hook as Juju 3.6 does: {0}")]
    Agent(#[from] io::Error),
    /// The agent and this program do not understand each other.
    #[error("understanding what the agent says: {0}")]
    Json(#[from] serde_json::Error),
}

impl Runner {
    /// Starts the agent. Programs that `cache` does not have are built first.
    pub fn start(cache: &Cache) -> Result<Self, Error> {
        let programs = juju::juju_3_6(cache)?;
        let mut process = Command::new(programs.join("juju-runner"))
            .arg("-jujuc")
            .arg(programs.join("jujuc"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let (stdin, stdout) = (process.stdin.take(), process.stdout.take());
        let stdout = stdout.ok_or(io::ErrorKind::BrokenPipe).map_err(io::Error::from)?;
        Ok(Self { process, stdin, stdout: BufReader::new(stdout) })
    }

    /// Runs a hook or an action to its end. What the charm does wrong is no error, but in [`Ran`].
    pub fn run<S: Serialize + DeserializeOwned>(
        &mut self,
        run: &Run<'_, S>,
    ) -> Result<Ran<S>, Error> {
        let mut line = serde_json::to_vec(run)?;
        line.push(b'\n');
        let stdin =
            self.stdin.as_mut().ok_or(io::ErrorKind::BrokenPipe).map_err(io::Error::from)?;
        stdin.write_all(&line)?;
        let mut answer = String::new();
        if self.stdout.read_line(&mut answer)? == 0 {
            return Err(io::Error::other(self.process.wait()?.to_string()).into());
        }
        Ok(serde_json::from_str(&answer)?)
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        drop(self.stdin.take());
        let _status = self.process.wait();
    }
}
