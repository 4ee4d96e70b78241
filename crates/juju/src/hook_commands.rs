//! Hook commands: over the agent's socket, or by the tools that Juju puts on the `PATH` of a hook.

use std::collections::BTreeMap;

use charm::ConfigValue;
use serde::de::DeserializeOwned;
use tokio::sync::Mutex;

use crate::agent::{Agent, Trouble};
use crate::command::{self, Error};

/// The option by which an operator has the tools used, if a charm has it.
const OPTION: &str = "hook-commands";

/// The way to the hook commands.
///
/// The socket is Juju's private affair. Whatever is not as expected of it makes the rest of the hook use the tools, which
/// are Juju's own clients of it. Nothing is done twice for that: only what was certainly not done, or changes nothing,
/// is repeated.
#[derive(Debug)]
pub(crate) struct HookCommands {
    /// None where the tools are used.
    agent: Mutex<Option<Agent>>,
}

/// Whether it matters how often a hook command runs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// It only asks. A secret is followed once more to where it already is.
    Question,
    /// It changes something.
    Change,
}

impl HookCommands {
    /// Through `agent`; through the tools where there is none.
    pub(crate) fn through(agent: Option<Agent>) -> Self {
        Self { agent: Mutex::new(agent) }
    }

    /// Runs a hook command for its effect.
    pub(crate) async fn run(&self, command: &'static str, args: &[&str]) -> Result<(), Error> {
        self.output(Kind::Change, command, args, None).await.map(drop)
    }

    /// Runs a hook command for its effect, with `stdin` for what must not show in a list of processes.
    pub(crate) async fn run_with(
        &self,
        command: &'static str,
        args: &[&str],
        stdin: &str,
    ) -> Result<(), Error> {
        self.output(Kind::Change, command, args, Some(stdin.as_bytes())).await.map(drop)
    }

    /// Runs a hook command for its answer in JSON.
    pub(crate) async fn ask<T: DeserializeOwned>(
        &self,
        command: &'static str,
        args: &[&str],
    ) -> Result<T, Error> {
        let args = [&["--format=json"], args].concat();
        let stdout = self.output(Kind::Question, command, &args, None).await?;
        serde_json::from_slice(&stdout).map_err(|source| Error::Unreadable { command, source })
    }

    /// Has the tools used from now on, unless the operator left the choice to the charm.
    pub(crate) async fn choose(&self, config: &BTreeMap<String, ConfigValue>) {
        let auto = match config.get(OPTION) {
            None => true,
            Some(ConfigValue::Text(way)) => ["", "auto"].contains(&way.trim()),
            Some(_) => false,
        };
        if !auto {
            *self.agent.lock().await = None;
        }
    }

    async fn output(
        &self,
        kind: Kind,
        command: &'static str,
        args: &[&str],
        stdin: Option<&[u8]>,
    ) -> Result<Vec<u8>, Error> {
        let mut way = self.agent.lock().await;
        let Some(agent) = way.as_mut() else { return command::output(command, args, stdin).await };
        let trouble = match agent.run(command, args, stdin).await {
            Ok(answer) if answer.code == 0 => return Ok(answer.stdout),
            Ok(answer) => {
                let code = i32::try_from(answer.code).ok();
                return Err(Error::refused(command, code, &answer.stderr));
            }
            Err(trouble) => trouble,
        };
        *way = None;
        match trouble {
            Trouble::Unknown(source) if kind == Kind::Change => {
                Err(Error::Lost { command, source })
            }
            Trouble::Unknown(reason) | Trouble::NotDone(reason) => {
                tracing::info!(
                    "The agent's socket is of no use, so this hook goes on with Juju's tools: {reason}"
                );
                command::output(command, args, stdin).await
            }
        }
    }
}
