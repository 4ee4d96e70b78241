//! A charm for tests: in the hook that it is told to wait for, it runs the hook commands that it is told to run.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// The variable with the folder in which units find their [`Plan`] and leave their [`Report`].
pub const FOLDER: &str = "PROBE";

/// What a unit is to do.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Plan {
    /// The value of `JUJU_DISPATCH_PATH` of the hook or action to do it in.
    pub within: String,
    /// How hook commands are run.
    pub by: By,
    /// The hook commands.
    pub commands: Vec<Command>,
    /// Texts for `{name}` in arguments and input. The model's UUID is `{model}`.
    pub values: BTreeMap<String, String>,
    /// The exit status after that.
    pub exit: u8,
}

/// How hook commands are run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum By {
    /// As processes.
    Tools,
    /// By requests on one connection to the agent's socket.
    Socket,
}

/// A hook command.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Command {
    /// Its name and arguments.
    pub words: Vec<String>,
    /// Its standard input; none for an empty one.
    pub stdin: Option<String>,
    /// The name of the value that gets the identifier at the end of what it prints.
    pub save: Option<String>,
}

/// What a unit did.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Report {
    /// The answers, in order.
    pub answers: Vec<Answer>,
    /// The values of the plan, and what was saved.
    pub values: BTreeMap<String, String>,
}

/// What a hook command answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// Its exit status.
    pub code: i32,
    /// What it printed.
    pub stdout: String,
    /// What it printed to standard error.
    pub stderr: String,
}

/// The length of the identifier of a secret.
const IDENTIFIER: usize = 20;

/// Where the plan of a unit is.
pub fn plan_of(folder: &Path, unit: &str) -> PathBuf {
    folder.join(format!("{}.plan.json", unit.replace('/', "-")))
}

/// Where the report of a unit is.
pub fn report_of(folder: &Path, unit: &str) -> PathBuf {
    folder.join(format!("{}.report.json", unit.replace('/', "-")))
}

/// `text` with the values in place of their names.
pub fn filled(text: &str, values: &BTreeMap<String, String>) -> String {
    values
        .iter()
        .fold(text.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
}

impl Plan {
    /// Runs all commands by `run`.
    pub fn carry_out<E>(
        &self,
        mut run: impl FnMut(&[String], Option<&str>) -> Result<Answer, E>,
    ) -> Result<Report, E> {
        let mut report = Report { answers: Vec::new(), values: self.values.clone() };
        for command in &self.commands {
            let words: Vec<String> =
                command.words.iter().map(|word| filled(word, &report.values)).collect();
            let stdin = command.stdin.as_ref().map(|text| filled(text, &report.values));
            let answer = run(&words, stdin.as_deref())?;
            if let Some(name) = &command.save {
                let printed = answer.stdout.trim_end();
                let at = printed.len().saturating_sub(IDENTIFIER);
                report.values.insert(name.clone(), printed[at..].to_owned());
            }
            report.answers.push(answer);
        }
        Ok(report)
    }
}
