//! Finding the stand's own programs, built from this crate.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The path of this crate's program `name`, built on first use in the profile of the calling program.
///
/// `cargo test` and `cargo run` do not build the programs of other packages, and an old one would be a trap.
pub fn binary(name: &str) -> Result<PathBuf, Error> {
    static FOLDER: OnceLock<Result<PathBuf, Error>> = OnceLock::new();
    Ok(FOLDER.get_or_init(build).as_ref().map_err(Clone::clone)?.join(name))
}

/// The path of the program `name` for one of this crate's programs, which lies beside it; for others as [`binary`].
pub(crate) fn beside_or_built(name: &str) -> Result<PathBuf, Error> {
    let own = std::env::current_exe().map_err(|error| Error(error.to_string()))?;
    let one_of_them =
        own.file_name().and_then(|own| own.to_str()).is_some_and(|own| own.starts_with("stand-"));
    if one_of_them && !own.parent().is_some_and(|folder| folder.ends_with("deps")) {
        return Ok(own.with_file_name(name));
    }
    binary(name)
}

fn build() -> Result<PathBuf, Error> {
    let own = std::env::current_exe().map_err(|error| Error(error.to_string()))?;
    let folder = own
        .ancestors()
        .skip(1)
        .find(|folder| !folder.ends_with("deps") && !folder.ends_with("examples"))
        .ok_or_else(|| Error(format!("{} is in no folder", own.display())))?;
    let profile = match folder.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => "dev",
        Some(name) => name,
    };
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["build", "--quiet", "--package", "stand", "--bins", "--profile", profile])
        .args(
            folder
                .parent()
                .map(Path::as_os_str)
                .into_iter()
                .flat_map(|target| ["--target-dir".as_ref(), target]),
        )
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .map_err(|error| Error(format!("starting cargo: {error}")))?;
    if output.status.success() {
        Ok(folder.to_owned())
    } else {
        Err(Error(String::from_utf8_lossy(&output.stderr).into_owned()))
    }
}

/// The stand's own programs cannot be built.
#[derive(Clone, Debug, thiserror::Error)]
#[error("building the stand's programs: {0}")]
pub struct Error(String);
