//! `dispatch` of the charm.

use std::env;
use std::error::Error;
use std::ffi::OsStr;
use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};

use juju::Agent;
use probe::{Answer, By, FOLDER, Plan, plan_of, report_of};
use tokio::runtime::Builder;

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
    let report = match plan.by {
        By::Tools => plan.carry_out(by_tool)?,
        By::Socket => {
            let folder = env::current_dir()?.display().to_string();
            let agent = Agent::of(|name| env::var(name).ok(), &folder);
            let mut agent = agent.ok_or("the environment names no socket")?;
            let runtime = Builder::new_current_thread().enable_all().build()?;
            plan.carry_out(|words, stdin| runtime.block_on(by_socket(&mut agent, words, stdin)))?
        }
    };
    fs::remove_file(path)?;
    let unfinished = folder.join(format!("{}.unfinished", std::process::id()));
    fs::write(&unfinished, serde_json::to_vec(&report)?)?;
    fs::rename(unfinished, report_of(&folder, &unit))?;
    Ok(ExitCode::from(plan.exit))
}

/// Has the agent run a hook command.
async fn by_socket(
    agent: &mut Agent,
    words: &[String],
    stdin: Option<&str>,
) -> Result<Answer, Box<dyn Error>> {
    let (name, args) = words.split_first().ok_or("a hook command without a name")?;
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let answer = agent
        .run(name, &args, stdin.map(str::as_bytes))
        .await
        .map_err(|trouble| format!("{name}: {trouble:?}"))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok(Answer {
        code: answer.code.try_into()?,
        stdout: text(&answer.stdout),
        stderr: text(&answer.stderr),
    })
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
