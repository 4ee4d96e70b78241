//! What the person in front of the terminal sees.

use std::process::{Command, Stdio};
use std::time::Instant;

use crate::Result;

/// Steps with their times, and commands as they are typed.
pub(crate) struct Terminal {
    step: Option<(String, Instant)>,
}

impl Terminal {
    pub(crate) fn new() -> Self {
        Self { step: None }
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

    /// Shows a command, runs it, and shows what it prints.
    pub(crate) fn run(&self, command: &mut Command, name: &str, arguments: &[&str]) -> Result<()> {
        println!("$ {name} {}", arguments.join(" "));
        let status = command.args(arguments).stdin(Stdio::null()).status()?;
        if status.success() {
            Ok(())
        } else {
            Err(self.failure(&format!("{name} {}", arguments.join(" ")), ""))
        }
    }

    /// Shows a command, runs it, and answers what it prints.
    pub(crate) fn read(&self, command: &mut Command, shown: &str) -> Result<String> {
        println!("$ {shown}");
        let output = command.stdin(Stdio::null()).output()?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        let lines: Vec<&str> = said.lines().collect();
        Err(self.failure(shown, &lines[lines.len().saturating_sub(20)..].join("\n")))
    }

    fn failure(&self, command: &str, said: &str) -> Box<dyn std::error::Error> {
        let step = self.step.as_ref().map_or("", |(name, _)| name);
        format!("in the step «{step}»: `{command}` failed\n{said}").into()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.end();
    }
}
