//! Programs of the workspace, built once.

use std::collections::BTreeMap;
use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

/// The program of the package `package`, built as the running test was.
///
/// `cargo test` builds the programs of the package under test alone, so others are built here, once in each test
/// program.
///
/// # Panics
///
/// If it cannot be built: then there is nothing to test.
pub fn binary(package: &str) -> PathBuf {
    static BUILT: Mutex<BTreeMap<String, PathBuf>> = Mutex::new(BTreeMap::new());
    let mut built = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(path) = built.get(package) {
        return path.clone();
    }
    let program = build(&["--package", package, "--bins"]).join(package);
    built.insert(package.to_owned(), program.clone());
    program
}

/// Builds by `cargo build` with `selection`, and answers the folder of programs: `target/debug` or its like.
pub(crate) fn build(selection: &[&str]) -> PathBuf {
    let folder = programs();
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut command = Command::new(cargo);
    command.arg("build").arg("--quiet").args(selection).current_dir(workspace);
    if folder.file_name().is_some_and(|name| name == "release") {
        command.arg("--release");
    }
    if let Some(target) = folder.parent() {
        command.arg("--target-dir").arg(target);
    }
    let status = command.status();
    assert!(
        status.as_ref().is_ok_and(std::process::ExitStatus::success),
        "building the programs of {selection:?}: {status:?}"
    );
    folder
}

/// The folder that holds the `deps` folder with the running test.
fn programs() -> PathBuf {
    let test = env::current_exe().unwrap_or_default();
    let folder = test.parent().unwrap_or(Path::new("."));
    let inside = ["deps", "examples"].iter().any(|name| folder.ends_with(name));
    let folder = if inside { folder.parent().unwrap_or(folder) } else { folder };
    folder.to_owned()
}
