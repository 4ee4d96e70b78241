//! A real Juju controller with one model on a Kubernetes of its own, whose pods are processes.

mod history;
mod hooks;
mod network;
mod pods;
mod status;
mod wait;

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::fs::{File, Permissions};
use std::io::{self, BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use serde::Deserialize;
use tempfile::TempDir;

use crate::cache::{self, Cache};
use crate::kubernetes::Kubernetes;
use crate::log::tail;
use crate::{binary, juju, pebble, view};
pub use history::{DatabagChange, History, LeaderChange};
use network::Network;
pub use pods::Pod;
pub use status::{Application, Current, Status, Unit};

/// How long a controller may take to be ready; 0.5 s is usual.
const READY: Duration = Duration::from_mins(1);
/// How long a controller may take to end its pods.
const END: Duration = Duration::from_secs(20);

/// What a controller is to be like.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The model's name, which is that of its namespace.
    pub model: String,
    /// The folder of image descriptions ([`crate::image::Image`]).
    pub images: Option<PathBuf>,
    /// Variables that hooks have besides what Juju gives them.
    pub hook_variables: BTreeMap<String, String>,
    /// Whether units are removed as this version of Juju does it: without `stop` and `remove` when they have no
    /// relations and no storage.
    pub plain_removal: bool,
    /// For how long a unit leads that has gone silent. Juju's minute would be a long time for a test; less than 5 s is
    /// refused by its API.
    pub lease: Duration,
    /// The controller's logging configuration; `juju.requests=DEBUG` shows every API call.
    pub logging: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            model: "kubeflow".to_owned(),
            images: None,
            hook_variables: BTreeMap::new(),
            plain_removal: false,
            lease: Duration::from_secs(5),
            logging: "<root>=INFO".to_owned(),
        }
    }
}

/// A running controller. When it is dropped, or its process dies, all its processes end.
#[derive(Debug)]
pub struct Controller {
    // Before the folder, where it has its files.
    kubernetes: Kubernetes,
    folder: TempDir,
    programs: PathBuf,
    process: Child,
    /// The controller ends when this is closed.
    stdin: Option<ChildStdin>,
    ready: Ready,
    network: Network,
}

/// The line that juju-controller prints when it is ready.
#[derive(Debug, Deserialize)]
struct Ready {
    client: PathBuf,
    control: PathBuf,
    hosts: PathBuf,
}

impl Controller {
    /// Starts a controller without applications. Programs that `cache` does not have are built first.
    pub fn start(cache: &Cache, settings: &Settings) -> Result<Self, Error> {
        let programs = juju::juju(cache)?;
        let pebble = pebble::pebble(cache)?;
        let pod = binary::binary("stand-pod")?;
        let network = Network::claim().map_err(Error::Network)?;
        let folder = tempfile::Builder::new()
            .prefix("stand-")
            // Containers that run as somebody else have files in here.
            .permissions(Permissions::from_mode(0o755))
            .tempdir()
            .map_err(Error::Folder)?;
        let kubernetes = Kubernetes::start(cache, &folder.path().join("kubernetes"))?;
        let log = File::create(folder.path().join("controller.log")).map_err(Error::Folder)?;

        let mut command = Command::new(programs.join("juju-controller"));
        command.arg("-dir").arg(folder.path());
        // When this process is killed, nobody else is there to do it.
        command.arg("-remove-dir");
        command.arg("-model").arg(&settings.model);
        command.arg("-kubeconfig").arg(kubernetes.kubeconfig());
        command.arg("-network").arg(network.name());
        command.arg("-pod").arg(pod);
        command.arg("-agent").arg(programs.join("juju-agent"));
        command.arg("-pebble").arg(pebble);
        command.arg("-log").arg(&settings.logging);
        // Agents renew when half of it is over.
        command.arg("-leadership").arg(format!("{}ms", settings.lease.as_millis() / 2));
        if let Some(images) = &settings.images {
            command.arg("-images").arg(images);
        }
        for (name, value) in &settings.hook_variables {
            command.arg("-hook-variable").arg(format!("{name}={value}"));
        }
        if settings.plain_removal {
            command.arg("-plain-removal");
        }
        if let Ok(mode) = view::mode() {
            command.env("STAND_VIEW", mode.name());
        }
        let mut process = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            // Ctrl-C in a terminal would else end it before this process can say anything.
            .process_group(0)
            .spawn()
            .map_err(Error::Start)?;
        let stdin = process.stdin.take();
        let ready = wait_ready(&mut process);
        let Some(ready) = ready else {
            let _may_have_ended = process.kill();
            let _status = process.wait();
            let log = tail(&folder.path().join("controller.log"), 20);
            return Err(Error::NotReady { log });
        };
        Ok(Self { kubernetes, folder, programs, process, stdin, ready, network })
    }

    /// The cluster that the model is in.
    pub fn kubernetes(&self) -> &Kubernetes {
        &self.kubernetes
    }

    /// The process id of the controller.
    pub fn process(&self) -> u32 {
        self.process.id()
    }

    /// The folder of the controller: its logs are in `logs`, and go when it is dropped.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A hosts file with the names of all Services, kept up to date, for programs outside of pods ([`view::View::hosts`]).
    pub fn hosts(&self) -> &Path {
        &self.ready.hosts
    }

    /// The first two numbers of all pods' addresses, `127.S`.
    pub fn network(&self) -> &str {
        self.network.name()
    }

    /// The variables with which programs find `juju` and this controller: `PATH` and `JUJU_DATA`.
    pub fn environment(&self) -> BTreeMap<&'static str, OsString> {
        let behind = std::env::var_os("PATH").unwrap_or_default();
        let path = std::iter::once(self.programs.clone()).chain(std::env::split_paths(&behind));
        let mut variables = BTreeMap::new();
        variables.insert("JUJU_DATA", self.ready.client.clone().into_os_string());
        if let Ok(path) = std::env::join_paths(path) {
            variables.insert("PATH", path);
        }
        variables
    }

    /// Runs the `juju` command to its end and returns what it printed.
    pub fn juju<S: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = S>,
    ) -> Result<String, Error> {
        let mut command = Command::new(self.programs.join("juju"));
        command.args(arguments).envs(self.environment()).stdin(Stdio::null());
        let output = command.output().map_err(Error::Start)?;
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        if output.status.success() {
            return Ok(text(&output.stdout));
        }
        let arguments: Vec<_> = command.get_args().map(OsStr::to_string_lossy).collect();
        Err(Error::Juju {
            command: arguments.join(" "),
            status: output.status.to_string(),
            output: (text(&output.stderr) + &text(&output.stdout)).trim().to_owned(),
        })
    }

    /// What `juju debug-log` has to say so far.
    pub fn debug_log(&self) -> Result<String, Error> {
        self.juju(["debug-log", "--replay", "--no-tail"])
    }
}

impl Drop for Controller {
    fn drop(&mut self) {
        drop(self.stdin.take());
        let started = Instant::now();
        while started.elapsed() < END {
            if matches!(self.process.try_wait(), Ok(Some(_)) | Err(_)) {
                return;
            }
            thread::sleep(Duration::from_millis(5));
        }
        let _may_have_ended = self.process.kill();
        let _status = self.process.wait();
    }
}

/// Reads the line that says that the controller is ready; nothing if it ends before, or takes too long.
fn wait_ready(process: &mut Child) -> Option<Ready> {
    let stdout = process.stdout.take()?;
    let (send, receive) = mpsc::channel();
    thread::spawn(move || {
        let mut line = String::new();
        let read = BufReader::new(stdout).read_line(&mut line);
        send.send(read.ok().and_then(|_| serde_json::from_str(&line).ok()))
    });
    receive.recv_timeout(READY).ok().flatten()
}

/// Why a controller did not do something.
#[derive(thiserror::Error)]
pub enum Error {
    /// A program could not be built.
    #[error(transparent)]
    Cache(#[from] cache::Error),
    /// A program of this crate could not be built.
    #[error(transparent)]
    Binary(#[from] binary::Error),
    /// There is no Kubernetes.
    #[error("starting Kubernetes: {0}")]
    Kubernetes(#[from] crate::kubernetes::Error),
    /// All of 127.0.0.0/8 is taken.
    #[error("finding addresses for pods: {0}")]
    Network(io::Error),
    /// There is no folder to work in.
    #[error("making a folder for the controller: {0}")]
    Folder(io::Error),
    /// A program did not start.
    #[error("starting Juju: {0}")]
    Start(io::Error),
    /// The controller ended before it was ready, or did not get ready.
    #[error("the controller did not get ready; the end of its log:\n{log}")]
    NotReady {
        /// The last lines of its log.
        log: String,
    },
    /// The `juju` command failed.
    #[error("juju {command} failed with {status}: {output}")]
    Juju {
        /// Its arguments.
        command: String,
        /// How it ended.
        status: String,
        /// What it printed.
        output: String,
    },
    /// `juju status` printed something unknown.
    #[error("understanding what juju status printed: {0}")]
    Status(serde_json::Error),
    /// The log of the units cannot be read.
    #[error("reading the log of the units: {0}")]
    Log(io::Error),
    /// What was waited for did not happen.
    #[error("waited {limit:?} in vain\n{status}\n{log}")]
    Waited {
        /// For how long.
        limit: Duration,
        /// What `juju status` shows.
        status: String,
        /// Warnings and errors of hooks, the last ones.
        log: String,
    },
    /// The controller could not do something to a pod.
    #[error("asking for {request}: {reason}")]
    Pods {
        /// What was asked for.
        request: String,
        /// Why it was not done.
        reason: String,
    },
}

/// As `Display`, so that a test that unwraps shows `juju status` as it is, in lines.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
