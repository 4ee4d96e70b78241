//! `dispatch` of the charm.

use std::env;
use std::error::Error;
use std::ffi::OsStr;
use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};

use probe::{Answer, FOLDER, Plan, plan_of, report_of};

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let variable = |name: &str| env::var(name).map_err(|error| format!("{name}: {error}"));
    let folder = PathBuf::from(variable(FOLDER)?);
    let unit = variable("JUJU_UNIT_NAME")?;
    let path = plan_of(&folder, &unit);
    let Ok(text) = fs::read(&path) else { return Ok(ExitCode::SUCCESS) };
    let mut plan: Plan = serde_json::from_slice(&text)?;
    if variable("JUJU_DISPATCH_PATH")? != plan.within {
        return Ok(ExitCode::SUCCESS);
    }
    plan.values.insert("model".to_owned(), variable("JUJU_MODEL_UUID")?);
    let report = plan.carry_out(by_tool)?;
    fs::remove_file(path)?;
    let unfinished = folder.join(format!("{}.unfinished", std::process::id()));
    fs::write(&unfinished, serde_json::to_vec(&report)?)?;
    fs::rename(unfinished, report_of(&folder, &unit))?;
    Ok(ExitCode::from(plan.exit))
}

/// Runs a hook command as a process.
fn by_tool(words: &[String], stdin: Option<&str>) -> Result<Answer, Box<dyn Error>> {
    let (name, args) = words.split_first().ok_or("a hook command without a name")?;
    let mut child = Command::new(OsStr::new(name))
        .args(args)
        .stdin(if stdin.is_some() { Stdio::piped() } else { Stdio::null() })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("{name}: {error}"))?;
    if let (Some(mut pipe), Some(text)) = (child.stdin.take(), stdin) {
        // A command that refuses its arguments does not read.
        let _ = pipe.write_all(text.as_bytes());
    }
    let output = child.wait_with_output()?;
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    Ok(Answer {
        code: output.status.code().unwrap_or(-1),
        stdout: text(&output.stdout),
        stderr: text(&output.stderr),
    })
}
