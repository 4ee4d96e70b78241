//! Running the tool of a hook command: the only place that starts a process.

use std::io;
use std::process::Stdio;

use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use crate::agent::Reason;

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
    /// Juju was asked, and how it ended is not known.
    #[error(
        "asking Juju for {command}: the answer was lost, and it is not known whether it was carried out; Juju will run the hook again"
    )]
    Lost {
        /// Its name.
        command: &'static str,
        /// What came in place of an answer.
        source: Reason,
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
    /// What a hook command said that ended with `code`.
    pub(crate) fn refused(command: &'static str, code: Option<i32>, stderr: &[u8]) -> Self {
        let stderr = String::from_utf8_lossy(stderr);
        let stderr = stderr.trim_end();
        let stderr = stderr.strip_prefix("ERROR ").unwrap_or(stderr).to_owned();
        Self::Refused { command, code, stderr }
    }

    /// Whether Juju refused with one of these texts; nothing else tells its reasons apart.
    pub(crate) fn says(&self, texts: &[&str]) -> bool {
        matches!(self, Self::Refused { stderr, .. } if texts.iter().any(|text| stderr.contains(text)))
    }
}

/// Runs the tool of a hook command, and gives what it printed.
pub(crate) async fn output(
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
    let said = if output.stderr.is_empty() {
        output.status.to_string().into_bytes()
    } else {
        output.stderr
    };
    Err(Error::refused(command, output.status.code(), &said))
}
