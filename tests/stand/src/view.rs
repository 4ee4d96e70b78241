//! A program's own view of the file system: some paths lead elsewhere, and nothing of this machine is changed.

mod inside;
mod proot;
mod root;

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use serde::{Deserialize, Serialize};

use crate::binary;
use crate::image::Mount;

pub use inside::{inside, probe};

/// How programs get views; `STAND_VIEW` chooses one of them by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// `namespaces`: a mount namespace, which root may make.
    Namespaces,
    /// `user-namespaces`: a mount namespace inside a user namespace.
    UserNamespaces,
    /// `proot`: the program of that name, which rewrites paths by ptrace.
    Proot,
}

/// What a program finds at other paths than this machine has it, and its environment.
///
/// Paths that are not mentioned are those of this machine, and writing there writes to this machine.
///
/// ```no_run
/// # fn main() -> Result<(), stand::view::Error> {
/// let status = stand::view::View::new()
///     .mount("/tmp/secret", "/feast")
///     .command("cat", ["/feast/feature_store.yaml"])?
///     .status();
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct View {
    inside: Inside,
    path: Vec<PathBuf>,
    variables: BTreeMap<OsString, OsString>,
}

/// What `stand-view` is told on its command line, as JSON.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct Inside {
    /// A folder that may be made, over which the new root is built.
    #[serde(default)]
    pub(crate) place: PathBuf,
    /// In this order.
    pub(crate) mounts: Vec<Mount>,
    /// Whom to become.
    pub(crate) uid: Option<u32>,
    /// Whose group to join.
    pub(crate) gid: Option<u32>,
}

impl View {
    /// The view of this machine as it is.
    pub fn new() -> Self {
        Self::default()
    }

    /// Shows the file or folder `from` at the absolute path `to`, which need not exist. `to` may be inside an earlier one.
    #[must_use]
    pub fn mount(mut self, from: impl Into<PathBuf>, to: impl Into<PathBuf>) -> Self {
        self.inside.mounts.push(Mount { from: from.into(), to: to.into() });
        self
    }

    /// Shows `file` as `/etc/hosts`. It may be rewritten in place while programs run.
    #[must_use]
    pub fn hosts(self, file: impl Into<PathBuf>) -> Self {
        self.mount(file, "/etc/hosts")
    }

    /// Puts `folder` in front of `PATH`, behind those that were put there before.
    #[must_use]
    pub fn path(mut self, folder: impl Into<PathBuf>) -> Self {
        self.path.push(folder.into());
        self
    }

    /// Sets an environment variable.
    #[must_use]
    pub fn variable(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.variables.insert(name.into(), value.into());
        self
    }

    /// Runs the program as this user and group, where this process may choose; else as who it is.
    #[must_use]
    pub fn user(mut self, uid: Option<u32>, gid: Option<u32>) -> Self {
        self.inside.uid = uid;
        self.inside.gid = gid;
        self
    }

    /// A command that runs `program` in this view. More arguments and variables may be added to it.
    pub fn command<S: AsRef<OsStr>>(
        &self,
        program: impl AsRef<OsStr>,
        arguments: impl IntoIterator<Item = S>,
    ) -> Result<Command, Error> {
        if let Some(absent) = self.inside.mounts.iter().find(|mount| !mount.from.exists()) {
            return Err(Error::Absent(absent.clone()));
        }
        let mode = if self.inside.mounts.is_empty() { None } else { Some(mode()?) };
        let mut command = self.in_mode(mode, program.as_ref())?;
        command.args(arguments);
        Ok(command)
    }

    fn in_mode(&self, mode: Option<Mode>, program: &OsStr) -> Result<Command, Error> {
        let mut command = match mode {
            None if self.inside.uid.or(self.inside.gid).is_none() => Command::new(program),
            None => Command::new(binary::beside_or_built("stand-view")?),
            Some(Mode::Namespaces) => {
                let mut command = Command::new("unshare");
                command.args(["--mount", "--propagation", "private", "--"]);
                command.arg(binary::beside_or_built("stand-view")?);
                command
            }
            Some(Mode::UserNamespaces) => {
                let mut command = Command::new("unshare");
                command.args(["--user", "--map-current-user", "--keep-caps"]);
                command.args(["--mount", "--propagation", "private", "--"]);
                command.arg(binary::beside_or_built("stand-view")?);
                command
            }
            Some(Mode::Proot) => {
                let place = own_place();
                let arguments = proot::arguments(&place, &self.inside.mounts)
                    .map_err(|source| Error::Place { place, source })?;
                let mut command = Command::new("proot");
                command.args(arguments);
                command
            }
        };
        if command.get_program() != program && mode != Some(Mode::Proot) {
            // Not where TMPDIR of the program says: that may be a path of the view.
            let place = std::env::temp_dir().join("stand-view");
            let inside = Inside { place, ..self.inside.clone() };
            command.arg(serde_json::to_string(&inside).map_err(Error::Encode)?);
        }
        if command.get_program() != program {
            command.arg(program);
        }
        if !self.path.is_empty() {
            let behind = std::env::var_os("PATH").unwrap_or_default();
            let all = self.path.iter().cloned().chain(std::env::split_paths(&behind));
            command.env("PATH", std::env::join_paths(all).map_err(Error::Path)?);
        }
        command.envs(&self.variables);
        Ok(command)
    }
}

/// The way in which this process gives views, found out by trying.
pub fn mode() -> Result<Mode, Error> {
    static MODE: OnceLock<Option<Mode>> = OnceLock::new();
    if let Some(mode) = MODE.get_or_init(choose) {
        return Ok(*mode);
    }
    // The programs that all ways need may be what is missing.
    binary::beside_or_built("stand-view")?;
    Err(Error::NoMode)
}

impl Mode {
    /// All of them, the quickest first.
    pub const ALL: [Self; 3] = [Self::Namespaces, Self::UserNamespaces, Self::Proot];

    /// The name in `STAND_VIEW`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Namespaces => "namespaces",
            Self::UserNamespaces => "user-namespaces",
            Self::Proot => "proot",
        }
    }

    /// Whether a file of this machine can be seen at a path that does not exist.
    pub fn works(self) -> bool {
        let elsewhere = Path::new("/stand-view-is-trying/hosts");
        let Ok(program) = binary::beside_or_built("stand-view") else { return false };
        View::new()
            .mount("/etc/passwd", elsewhere)
            .in_mode(Some(self), program.as_os_str())
            .is_ok_and(|mut command| {
                command
                    .arg("--probe")
                    .arg(elsewhere)
                    .stdin(Stdio::null())
                    .stdout(Stdio::null())
                    .stderr(Stdio::null())
                    .status()
                    .is_ok_and(|status| status.success())
            })
    }
}

/// A folder that no other view has. What a program writes beside what is mounted may stay there.
fn own_place() -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let (process, count) = (std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    std::env::temp_dir().join(format!("stand-view-{process}-{count}"))
}

fn choose() -> Option<Mode> {
    let named = std::env::var("STAND_VIEW").ok();
    let named = named.and_then(|name| Mode::ALL.into_iter().find(|mode| mode.name() == name));
    named.or_else(|| Mode::ALL.into_iter().find(|mode| mode.works()))
}

/// Why there is no view.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// This machine has none of the ways.
    #[error(
        "giving a program its own view of the file system: run as root, allow user namespaces \
         (sysctl kernel.unprivileged_userns_clone=1 kernel.apparmor_restrict_unprivileged_userns=0), or install proot, newer than 5.1 (which knows neither statx nor faccessat2)"
    )]
    NoMode,
    /// The stand's own program is missing.
    #[error(transparent)]
    Program(#[from] binary::Error),
    /// What is to be shown is not there.
    #[error("showing {from} as {to}: there is no such file", from = .0.from.display(), to = .0.to.display())]
    Absent(Mount),
    /// The root folder of a view cannot be made.
    #[error("making the root folder {place} of a view: {source}", place = place.display())]
    Place {
        /// The folder.
        place: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A folder for `PATH` has a colon in its name.
    #[error("putting folders in front of PATH: {0}")]
    Path(std::env::JoinPathsError),
    /// A path is not UTF-8.
    #[error("describing the view: {0}")]
    Encode(serde_json::Error),
}
