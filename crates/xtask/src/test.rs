//! `cargo xtask test`: everything that can be wrong, with one line of sums at the end.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use crate::Result;
use crate::demo::{self, Show};
use crate::workspace;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Leave out what needs the stand: real Juju, Kubernetes, PostgreSQL, Pebble and Feast.
    #[arg(long)]
    quick: bool,
}

/// What has passed and failed so far.
#[derive(Default)]
struct Sums {
    passed: u64,
    failed: u64,
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let mut sums = Sums::default();
    sums.step("format", || workspace::run(workspace::cargo().args(["fmt", "--all", "--check"])));
    sums.step("lints", || {
        let mut clippy = workspace::cargo();
        clippy.args([
            "clippy",
            "--quiet",
            "--workspace",
            "--all-targets",
            "--locked",
            "--",
            "-D",
            "warnings",
        ]);
        workspace::run(&mut clippy)
    });
    sums.tests(arguments.quick)?;
    if !arguments.quick {
        let plain = Show { feast: "0.49.0", tls: false, rotate: false, direct: false };
        sums.step("demo", || demo::in_a_test(plain));
        sums.step("demo with the newest Feast", || {
            demo::in_a_test(Show { feast: "newest", ..plain })
        });
        let direct = Show { direct: true, ..plain };
        sums.step("demo without a dispatcher", || demo::in_a_test(direct));
        let changing = Show { tls: true, rotate: true, ..plain };
        sums.step("demo with TLS and new passwords", || demo::in_a_test(changing));
    }
    println!("{} passed, {} failed", sums.passed, sums.failed);
    Ok(if sums.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl Sums {
    /// One thing that either works or does not.
    fn step(&mut self, name: &str, step: impl FnOnce() -> Result<()>) {
        let started = Instant::now();
        println!("── {name}");
        match step() {
            Ok(()) => {
                self.passed += 1;
                println!("── {name}: passed in {:.1} s", started.elapsed().as_secs_f64());
            }
            Err(error) => {
                self.failed += 1;
                println!("── {name}: failed: {error}");
            }
        }
    }

    /// The tests of all packages. A package whose tests do not even build counts as one failure.
    fn tests(&mut self, quick: bool) -> Result<()> {
        let mut command = workspace::cargo();
        command.args(["test", "--workspace", "--locked", "--no-fail-fast"]);
        if quick {
            command.env(stand::missing::WITHOUT_STAND, "1");
        }
        let before = self.passed + self.failed;
        let succeeded = self.count(&mut command)?;
        if !succeeded && self.failed == 0 || self.passed + self.failed == before {
            self.failed += 1;
        }
        Ok(())
    }

    fn count(&mut self, command: &mut Command) -> Result<bool> {
        let mut child = command.stdout(Stdio::piped()).spawn()?;
        if let Some(stdout) = child.stdout.take() {
            for line in BufReader::new(stdout).lines() {
                let line = line?;
                println!("{line}");
                if let Some((passed, failed)) = result(&line) {
                    self.passed += passed;
                    self.failed += failed;
                }
            }
        }
        Ok(child.wait()?.success())
    }
}

/// The numbers in the line with which a test program ends.
fn result(line: &str) -> Option<(u64, u64)> {
    let (_, sums) = line.strip_prefix("test result: ")?.split_once(". ")?;
    let number = |word: &str| -> Option<u64> {
        sums.split("; ").find_map(|sum| sum.strip_suffix(word))?.trim().parse().ok()
    };
    Some((number(" passed")?, number(" failed")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_of_a_test_program_is_counted() {
        let line = "test result: FAILED. 12 passed; 3 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s";
        assert_eq!(result(line), Some((12, 3)));
        assert_eq!(result("test a ... ok"), None);
    }
}
