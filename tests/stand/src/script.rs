//! Scripts that are run as soon as they are written.

use std::io::{self, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

/// Writes a script that can be run at once, by threads of this process too.
///
/// Another process does the writing: a child that another thread starts meanwhile has our open files until it runs its own
/// program, and nothing is run that anybody has open for writing ("Text file busy").
///
/// # Errors
///
/// If the script cannot be written there.
pub fn write(path: &Path, text: &str) -> io::Result<()> {
    let mut child = Command::new("sh")
        .args(["-c", r#"cat >"$1" && chmod 755 "$1""#, "sh"])
        .arg(path)
        .stdin(Stdio::piped())
        .spawn()?;
    let written = child.stdin.take().map(|mut input| input.write_all(text.as_bytes()));
    let status = child.wait()?;
    written.unwrap_or(Ok(()))?;
    let failed = || io::Error::other(format!("writing {}: sh ended with {status}", path.display()));
    status.success().then_some(()).ok_or_else(failed)
}
