//! A Python that Feast runs on, and virtual environments in the cache.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cache::{Build, Error};
use crate::missing::output;

/// A Python 3.10, 3.11 or 3.12 that can make virtual environments.
///
/// Older ones lack what Feast needs, and newer ones have no packages for the old release of it.
pub fn find() -> Option<PathBuf> {
    const QUESTION: &str = "import sys, venv, ensurepip; assert (3, 10) <= sys.version_info[:2] <= (3, 12); print(sys.executable)";
    ["python3", "python3.11", "python3.12", "python3.10"]
        .iter()
        .find_map(|name| output(name, ["-c", QUESTION]))
        .map(PathBuf::from)
}

/// Makes a virtual environment in `build`'s folder with exactly what the file `requirements` lists.
pub(crate) fn environment(build: &Build, python: &Path, requirements: &Path) -> Result<(), Error> {
    build.run(Command::new(python).args(["-m", "venv"]).arg(build.folder()))?;
    build.run(
        Command::new(build.folder().join("bin/python"))
            .args([
                "-m",
                "pip",
                "install",
                "--disable-pip-version-check",
                "--no-input",
                "--no-deps",
            ])
            .args(["--only-binary", ":all:", "--requirement"])
            .arg(requirements),
    )?;
    relocate(build)
}

/// The interpreter that the virtual environment `environment` was made with: `PREFIX/bin/python3.N`.
pub(crate) fn base(environment: &Path) -> io::Result<PathBuf> {
    let mut link = environment.join("bin/python");
    // Several names in `bin` lead to one another before they lead out of the environment.
    while let Ok(next) = fs::read_link(&link) {
        link = link.with_file_name("").join(next);
        if !link.starts_with(environment) {
            return link.canonicalize();
        }
    }
    Err(io::Error::new(io::ErrorKind::NotFound, "the environment has an interpreter of its own"))
}

/// Makes the scripts name the interpreter where it will be, rather than where it was installed.
fn relocate(build: &Build) -> Result<(), Error> {
    let failed = |source| Error::Folder { path: build.folder().to_owned(), source };
    let (from, to) = (build.folder().to_string_lossy(), build.finished().to_string_lossy());
    for entry in fs::read_dir(build.folder().join("bin")).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.is_symlink() {
            continue;
        }
        // Programs that are not text have no path in them.
        if let Ok(text) = fs::read_to_string(&path) {
            fs::write(&path, text.replace(&*from, &to)).map_err(failed)?;
        }
    }
    Ok(())
}
