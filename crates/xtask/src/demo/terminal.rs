//! What the person in front of the terminal sees.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::Result;

/// Steps with their times, and commands as they are typed.
pub(crate) struct Terminal {
    started: Instant,
    step: Option<(String, Instant)>,
}

impl Terminal {
    pub(crate) fn new() -> Self {
        Self { started: Instant::now(), step: None }
    }

    /// Begins a step, and says how long the one before took.
    pub(crate) fn step(&mut self, name: &str) {
        self.end();
        println!("── {name}");
        self.step = Some((name.to_owned(), Instant::now()));
    }

    fn end(&mut self) {
        if let Some((name, started)) = self.step.take() {
            println!("── {name}: {:.1} s", started.elapsed().as_secs_f64());
        }
    }

    /// How long it has been since the beginning.
    pub(crate) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// What went wrong and why, with the step that it went wrong in.
    pub(crate) fn failure(&self, error: &dyn std::error::Error) -> Box<dyn std::error::Error> {
        let step = self.step.as_ref().map_or("", |(name, _)| name);
        let mut text = format!("in the step «{step}»: {error}");
        let mut cause = error.source();
        while let Some(error) = cause {
            text.push_str("\n  because ");
            text.push_str(&error.to_string());
            cause = error.source();
        }
        text.into()
    }
}

/// Shows a command, runs it, and shows what it prints.
pub(crate) fn run(command: &mut Command, name: &str, arguments: &[&str]) -> Result<()> {
    println!("$ {name} {}", arguments.join(" "));
    let status = command.args(arguments).stdin(Stdio::null()).status()?;
    if status.success() {
        return Ok(());
    }
    Err(format!("`{name} {}` ended with {status}", arguments.join(" ")).into())
}

/// Shows a command, runs it, and answers what it prints, which is also added to the file `log`.
pub(crate) fn read(command: &mut Command, shown: &str, log: &Path) -> Result<String> {
    println!("$ {shown}");
    let output = command.stdin(Stdio::null()).output()?;
    let mut log = File::options().create(true).append(true).open(log)?;
    for text in [format!("$ {shown}\n").as_bytes(), &output.stdout, &output.stderr] {
        log.write_all(text)?;
    }
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<&str> = said.lines().collect();
    let end = lines[lines.len().saturating_sub(20)..].join("\n");
    Err(format!("`{shown}` ended with {}\n{end}", output.status).into())
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.end();
    }
}
