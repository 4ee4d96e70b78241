//! What came of a run.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Way;

/// What came of a run.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// The exit status of the charm; none if a signal ended it, or if Juju did not run it at all.
    pub code: Option<i32>,
    /// What it wrote to standard output.
    pub stdout: String,
    /// What it wrote to standard error.
    pub stderr: String,
    /// Every hook command that it had run, in order.
    pub commands: Vec<Invocation>,
    /// Why the controller refused the changes of a charm that ended well.
    pub flush_error: Option<String>,
    /// What the person who ran the action is told.
    pub action: Option<ActionOutcome>,
    /// What Juju shows as the message of the unit's `error` status: `hook failed: "install"`. Actions have none.
    pub hook_error: Option<String>,
}

/// One hook command that ran.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invocation {
    /// The name of the hook command.
    pub name: String,
    /// Its arguments; values of secrets and databags are replaced by their sizes.
    pub args: Vec<String>,
    /// Its exit status.
    pub exit: u8,
    /// How it was run.
    pub way: Way,
}

/// What came of an action.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ActionOutcome {
    /// Whether it completed; it failed otherwise.
    pub completed: bool,
    /// Why it failed; empty if it did not.
    pub message: String,
    /// Its results, nested where keys have dots; with `return-code`, and `stdout` and `stderr` unless empty.
    pub results: Value,
}

impl Outcome {
    /// Whether the charm ended well and its changes were taken.
    pub fn success(&self) -> bool {
        self.code == Some(0) && self.flush_error.is_none()
    }

    /// The hook commands as a person reads them, one a line.
    pub fn transcript(&self) -> String {
        let lines: Vec<String> = self.commands.iter().map(Invocation::line).collect();
        lines.join("\n")
    }

    /// How many processes of hook commands there were.
    pub fn processes(&self) -> usize {
        self.commands.iter().filter(|command| command.way == Way::Tool).count()
    }

    /// How often the hook command `name` was run.
    pub fn count(&self, name: &str) -> usize {
        self.commands.iter().filter(|command| command.name == name).count()
    }
}

impl Invocation {
    fn line(&self) -> String {
        let mut words = vec![self.name.clone()];
        words.extend(self.args.iter().map(|arg| {
            let plain = !arg.is_empty() && !arg.contains(char::is_whitespace);
            if plain { arg.clone() } else { format!("{arg:?}") }
        }));
        if self.exit != 0 {
            words.push(format!("({})", self.exit));
        }
        words.join(" ")
    }
}
