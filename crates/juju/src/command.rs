//! Running a hook command: the only place that starts a process.

use std::io;
use std::process::Stdio;

use serde::de::DeserializeOwned;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

/// Why a hook command did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It could not be started.
    #[error("starting the hook command {command}, which Juju puts on the PATH of a hook")]
    Start {
        /// Its name.
        command: &'static str,
        /// Why.
        source: io::Error,
    },
    /// It ran, and Juju said no.
    #[error("asking Juju for {command}: {stderr}")]
    Refused {
        /// Its name.
        command: &'static str,
        /// 1: it failed, 2: wrong arguments; none: it was killed.
        code: Option<i32>,
        /// What it wrote to standard error, without `ERROR ` and the line end.
        stderr: String,
    },
    /// It succeeded, and printed something else than it is documented to.
    #[error("reading the answer of {command}")]
    Unreadable {
        /// Its name.
        command: &'static str,
        /// Why; it shows no content.
        source: serde_json::Error,
    },
}

impl Error {
    /// Whether Juju refused with one of these texts; nothing else tells its reasons apart.
    pub(crate) fn says(&self, texts: &[&str]) -> bool {
        matches!(self, Self::Refused { stderr, .. } if texts.iter().any(|text| stderr.contains(text)))
    }
}

/// Runs a hook command for its effect.
pub(crate) async fn run(command: &'static str, args: &[&str]) -> Result<(), Error> {
    output(command, args, None).await.map(drop)
}

/// Runs a hook command for its effect, with `stdin` for what must not show in a list of processes.
pub(crate) async fn run_with(
    command: &'static str,
    args: &[&str],
    stdin: &str,
) -> Result<(), Error> {
    output(command, args, Some(stdin.as_bytes())).await.map(drop)
}

/// Runs a hook command for its answer in JSON.
pub(crate) async fn ask<T: DeserializeOwned>(
    command: &'static str,
    args: &[&str],
) -> Result<T, Error> {
    let args = [&["--format=json"], args].concat();
    let stdout = output(command, &args, None).await?;
    serde_json::from_slice(&stdout).map_err(|source| Error::Unreadable { command, source })
}

async fn output(
    command: &'static str,
    args: &[&str],
    stdin: Option<&[u8]>,
) -> Result<Vec<u8>, Error> {
    let start = |source| Error::Start { command, source };
    let mut child = Command::new(command)
        .args(args)
        .stdin(if stdin.is_some() { Stdio::piped() } else { Stdio::null() })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(start)?;
    if let (Some(mut pipe), Some(bytes)) = (child.stdin.take(), stdin) {
        // A command that refuses its arguments does not read: its exit status says why, a broken pipe does not.
        let _ = pipe.write_all(bytes).await;
    }
    let output = child.wait_with_output().await.map_err(start)?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let stderr = String::from_utf8_lossy(&output.stderr);
    let stderr = stderr.trim_end();
    let stderr = stderr.strip_prefix("ERROR ").unwrap_or(stderr);
    let stderr = if stderr.is_empty() { output.status.to_string() } else { stderr.to_owned() };
    Err(Error::Refused { command, code: output.status.code(), stderr })
}
