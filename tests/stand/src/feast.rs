//! Feast, installed from the Python package index with frozen dependencies, its user interface fit for a path prefix.

mod prefix;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::cache::{self, Cache, Key};
use crate::image::{Image, Mount};
use crate::python;

/// A release of Feast that the stand can install.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Release {
    /// 0.49.0, which the original charm's image contains.
    Original,
    /// 0.58.0, which has a health check of its own.
    Healthy,
    /// 0.62.0, the first that asks for TLS where the file says nothing of it.
    Encrypting,
    /// 0.67.0, the newest release.
    Newest,
}

impl Release {
    /// All of them, the oldest first.
    pub const ALL: [Self; 4] = [Self::Original, Self::Healthy, Self::Encrypting, Self::Newest];

    /// The version.
    pub fn version(self) -> &'static str {
        match self {
            Self::Original => "0.49.0",
            Self::Healthy => "0.58.0",
            Self::Encrypting => "0.62.0",
            Self::Newest => "0.67.0",
        }
    }

    /// Whether its user interface is made to work behind a prefix. Of the releases between, notebooks are of interest.
    fn has_prefix(self) -> bool {
        matches!(self, Self::Original | Self::Newest)
    }

    fn requirements(self) -> PathBuf {
        let name = match self {
            Self::Original => "0.49.0.txt",
            Self::Healthy => "0.58.0.txt",
            Self::Encrypting => "0.62.0.txt",
            Self::Newest => "newest.txt",
        };
        files().join("feast").join(name)
    }
}

/// An installed Feast.
#[derive(Clone, Debug)]
pub struct Feast {
    environment: PathBuf,
    build: PathBuf,
}

impl Feast {
    /// Installs `release`, if it is not there: about half a minute and 600 MB.
    pub fn install(cache: &Cache, release: Release) -> Result<Self, Error> {
        let python = python::find().ok_or(Error::NoPython)?;
        let key = Key::new()
            .file(release.requirements())?
            .with(python.to_string_lossy())
            .with(prefix::EDITION);
        let environment = cache.part(&format!("feast-{}", release.version()), &key, |build| {
            python::environment(build, &python, &release.requirements())?;
            let build = build_folder(build.folder())?;
            if release.has_prefix() { prefix::apply(&build, release) } else { Ok(()) }
        })?;
        Ok(Self { build: build_folder(&environment)?, environment })
    }

    /// The interpreter that can `import feast`.
    pub fn python(&self) -> PathBuf {
        self.environment.join("bin/python")
    }

    /// The command line.
    pub fn command(&self) -> PathBuf {
        self.environment.join("bin/feast")
    }

    /// The image `feast-ui` of [`Release::Original`] or [`Release::Newest`]: `feast` is on `PATH`, and `/home/ubuntu` is there to be written to.
    ///
    /// Everything is below `/opt/feast`, because the user of a container may not be let into the folders above the cache.
    pub fn image(&self) -> Result<Image, Error> {
        let environment = Path::new("/opt/feast/environment");
        let inside =
            |path: &Path| environment.join(path.strip_prefix(&self.environment).unwrap_or(path));
        // Releases up to 0.65 write this file into their own installation at every start.
        let projects = self.build.join("projects-list.json");
        let packages = inside(self.build.ancestors().nth(3).unwrap_or(&self.build));
        let mut mounts = vec![
            Mount { from: files().join("feast/bin"), to: "/opt/feast/bin".into() },
            Mount { from: self.environment.clone(), to: environment.into() },
        ];
        let mut python = python::base(&self.environment)
            .map_err(|source| Error::File { path: self.python(), source })?;
        if !python.starts_with("/usr") {
            let prefix = python.ancestors().nth(2).unwrap_or(&python).to_owned();
            let moved = Path::new("/opt/feast/python");
            python = moved.join(python.strip_prefix(&prefix).unwrap_or(&python));
            mounts.push(Mount { from: prefix, to: moved.into() });
        }
        let variables = [
            ("FEAST_PYTHON", &*python.to_string_lossy()),
            ("FEAST_ENVIRONMENT", &*environment.to_string_lossy()),
            ("FEAST_PACKAGES", &*packages.to_string_lossy()),
            ("FEAST_USAGE", "False"),
            ("TMPDIR", "/var/lib/feast-ui"),
        ];
        Ok(Image {
            mounts,
            copies: vec![Mount { to: inside(&projects), from: projects }],
            scratch: vec!["/home/ubuntu".into(), "/var/lib/feast-ui".into()],
            path: vec!["/opt/feast/bin".into()],
            environment: variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        })
    }
}

/// The folder of what a person with a notebook would run: `notebook.py` loads known rows into the offline store, applies
/// `repo/driver_features.py`, materializes, reads the features back and prints them and whether they are right as JSON.
pub fn notebook() -> PathBuf {
    files().join("notebook")
}

fn files() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn build_folder(environment: &Path) -> Result<PathBuf, Error> {
    let lib = environment.join("lib");
    let failed = |source| Error::File { path: lib.clone(), source };
    for entry in fs::read_dir(&lib).map_err(failed)? {
        let build = entry.map_err(failed)?.path().join("site-packages/feast/ui/build");
        if build.is_dir() {
            return Ok(build);
        }
    }
    Err(failed(io::Error::new(
        io::ErrorKind::NotFound,
        "no python*/site-packages/feast/ui/build in it",
    )))
}

/// Why there is no Feast.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No Python that Feast runs on.
    #[error(
        "finding Python 3.10, 3.11 or 3.12 with venv, for Feast: there is none; apt-get install -y python3 python3-venv"
    )]
    NoPython,
    /// It could not be installed.
    #[error(transparent)]
    Cache(#[from] cache::Error),
    /// A file of the installation cannot be used.
    #[error("using {path}: {source}", path = path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The user interface is not the one that is known.
    #[error("giving {path} its prefix: {from} is there {found} times instead of {expected}", path = path.display())]
    Unknown {
        /// The file.
        path: PathBuf,
        /// What is replaced.
        from: String,
        /// How often it is there.
        found: usize,
        /// How often it should be.
        expected: usize,
    },
}
