//! charmcraft, which packs, checks and publishes charms, installed from the Python package index with frozen dependencies.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cache::{self, Cache, Key};
use crate::python;
use crate::view::{self, View};

/// An installed charmcraft.
#[derive(Clone, Debug)]
pub struct Charmcraft {
    environment: PathBuf,
}

impl Charmcraft {
    /// Installs it, if it is not there: about a quarter of a minute and 160 MB.
    pub fn install(cache: &Cache) -> Result<Self, Error> {
        let python = python::find().ok_or(Error::NoPython)?;
        let requirements = files().join("requirements.txt");
        let key = Key::new().file(&requirements)?.with(python.to_string_lossy());
        let environment = cache
            .part("charmcraft", &key, |build| python::environment(build, &python, &requirements))?;
        Ok(Self { environment })
    }

    /// The interpreter that can `import charmcraft`.
    pub fn python(&self) -> PathBuf {
        self.environment.join("bin/python")
    }

    /// The command line. What it writes for itself goes to `home`, which is made if it is not there.
    pub fn command(&self, home: &Path) -> Result<Command, Error> {
        let mut command = Command::new(self.environment.join("bin/charmcraft"));
        command.envs(own(home)?);
        Ok(command)
    }

    /// `charmcraft pack` of the platform `platform`, to be run in the folder with `charmcraft.yaml`, as on a machine of the
    /// base `ubuntu@24.04` that has all build packages. The programs in the folder `programs` come before this machine's.
    pub fn pack(&self, platform: &str, programs: &Path, home: &Path) -> Result<Command, Error> {
        let release = home.join("os-release");
        let [runtime, own_home] = own(home)?;
        fs::write(
            &release,
            "NAME=Ubuntu\nID=ubuntu\nVERSION_ID=\"24.04\"\nVERSION_CODENAME=noble\n",
        )
        .map_err(|source| Error::File { path: release.clone(), source })?;
        let view = View::new()
            .mount(&release, "/etc/os-release")
            .mount(&release, "/usr/lib/os-release")
            .path(programs)
            .variable(runtime.0, runtime.1)
            .variable(own_home.0, own_home.1);
        let program = files().join("without-apt.py");
        let mut command = view.command(self.python(), [program])?;
        command.args(["pack", "--destructive-mode", "--platform", platform]);
        Ok(command)
    }
}

fn files() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("charmcraft")
}

/// The variables that keep charmcraft out of the home of who runs it.
fn own(home: &Path) -> Result<[(&'static str, PathBuf); 2], Error> {
    use std::os::unix::fs::DirBuilderExt as _;
    let runtime = home.join("runtime");
    // It does not use one that others may look into.
    match fs::DirBuilder::new().recursive(true).mode(0o700).create(&runtime) {
        Ok(()) => Ok([("XDG_RUNTIME_DIR", runtime), ("HOME", home.to_owned())]),
        Err(source) => Err(Error::File { path: runtime, source }),
    }
}

/// Why there is no charmcraft.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No Python that its frozen dependencies are for.
    #[error(
        "finding Python 3.10, 3.11 or 3.12 with venv, for charmcraft: there is none; apt-get install -y python3 python3-venv"
    )]
    NoPython,
    /// It could not be installed.
    #[error(transparent)]
    Cache(#[from] cache::Error),
    /// A file for it cannot be written.
    #[error("writing {path} for charmcraft: {source}", path = path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// It cannot be shown the base that it builds on.
    #[error(transparent)]
    View(#[from] view::Error),
}
