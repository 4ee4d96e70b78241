//! Where things are in this workspace.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Result;

/// The charms that are shipped.
pub(crate) const CHARMS: [&str; 2] = ["feast-integrator", "feast-ui"];

/// The top of the checkout.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).map_or_else(|| here.to_owned(), Path::to_owned)
}

/// Cargo's target folder, as the environment or the workspace has it.
pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| root().join("target"), |path| root().join(path))
}

/// Where packed charms are.
pub(crate) fn charms() -> PathBuf {
    target().join("charms")
}

/// `cargo` in the workspace, the same one that runs this program.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}

/// Runs `command` to its end, and fails with its name when it fails.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command.status().map_err(|error| format!("cannot start {command:?}: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("{command:?} ended with {status}").into()) }
}

/// The first characters of the current commit, with `-dirty` where files differ from it; `unknown` outside git.
pub(crate) fn commit() -> String {
    let output = Command::new("git")
        .args(["describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"])
        .current_dir(root())
        .output();
    match output {
        Ok(output) if output.status.success() => {
            String::from_utf8_lossy(&output.stdout).trim().to_owned()
        }
        _ => "unknown".to_owned(),
    }
}

/// The program of `package`, built now if it is not up to date. It is for this machine, and not for shipping.
pub(crate) fn built(package: &str) -> Result<PathBuf> {
    run(cargo()
        .args(["build", "--locked", "--bins", "--package", package])
        .arg("--target-dir")
        .arg(target()))?;
    Ok(target().join("debug").join(package))
}
