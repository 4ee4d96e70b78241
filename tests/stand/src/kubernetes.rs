//! A Kubernetes: etcd, kube-apiserver and some controllers on this machine, without nodes.

mod access;
mod certificates;
mod programs;
mod servers;

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::cache::{self, Cache};
use crate::leash::{self, Process};

pub use access::Trust;
pub use programs::Programs;

/// How long a server may take to become ready on a busy machine.
const LIMIT: Duration = Duration::from_mins(2);
/// Kubeflow's PodDefault, which is not part of Kubernetes.
const POD_DEFAULTS: &str = include_str!("../kubernetes/poddefaults.yaml");

/// A running Kubernetes API that knows `PodDefault`. It ends when this value is dropped.
///
/// Its own controllers make pods for a `StatefulSet`, and take away what belongs to something that is deleted: a namespace,
/// an owner. There are no nodes: pods stay `Pending` for want of one ([`crate::controller::Controller`] brings it).
#[derive(Debug)]
pub struct Kubernetes {
    // Fields are dropped in this order: who asks before who answers.
    _controllers: Process,
    _apiserver: Process,
    _etcd: Process,
    kubectl: PathBuf,
    folder: PathBuf,
    server: String,
}

impl Kubernetes {
    /// Starts the API on free ports of 127.0.0.1, and waits until it is ready and `PodDefault` is established.
    ///
    /// Data, certificates, kubeconfigs and logs go to `folder`, which is made anew.
    pub fn start(cache: &Cache, folder: &Path) -> Result<Self, Error> {
        Self::start_with(&Programs::build(cache)?, folder)
    }

    /// As [`Kubernetes::start`], with programs that are built already.
    pub fn start_with(programs: &Programs, folder: &Path) -> Result<Self, Error> {
        // A port that was free a moment ago may be taken by another process: that ends etcd or the API server.
        for _ in 0..2 {
            match Self::start_once(programs, folder) {
                Err(Error::Process(leash::Error::Ended { .. })) => {}
                result => return result,
            }
        }
        Self::start_once(programs, folder)
    }

    fn start_once(programs: &Programs, folder: &Path) -> Result<Self, Error> {
        let failed = |source| Error::Folder { path: folder.to_owned(), source };
        if folder.exists() {
            fs::remove_dir_all(folder).map_err(failed)?;
        }
        fs::create_dir_all(folder).map_err(failed)?;
        let [client, peer, secure] = servers::free_ports().map_err(failed)?;
        certificates::write(folder)?;

        let etcd = servers::etcd(programs, folder, client, peer)?;
        let mut apiserver = servers::apiserver(programs, folder, client, secure)?;
        let server = format!("https://127.0.0.1:{secure}");
        access::write_admin(folder, &server)?;
        let mut readyz = kubectl(&programs.kubectl, folder);
        readyz.args(["get", "--raw", "/readyz"]).stderr(Stdio::null());
        apiserver
            .wait_ready(LIMIT, || readyz.output().is_ok_and(|output| output.stdout == b"ok"))?;
        let kubernetes = Self {
            _controllers: servers::controllers(programs, folder)?,
            _apiserver: apiserver,
            _etcd: etcd,
            kubectl: programs.kubectl.clone(),
            folder: folder.to_owned(),
            server,
        };
        kubernetes.apply(POD_DEFAULTS)?;
        kubernetes.kubectl([
            "wait",
            "--for=condition=Established",
            "--timeout=60s",
            "crd/poddefaults.kubeflow.org",
        ])?;
        Ok(kubernetes)
    }

    /// The address of the API: `https://127.0.0.1:PORT`.
    pub fn server(&self) -> &str {
        &self.server
    }

    /// The administrator's kubeconfig.
    pub fn kubeconfig(&self) -> PathBuf {
        self.folder.join("kubeconfig")
    }

    /// The certificate that the API's own is signed by, as PEM.
    pub fn ca(&self) -> PathBuf {
        self.folder.join("ca.crt")
    }

    /// A `kubectl` of the administrator, without arguments.
    pub fn command(&self) -> Command {
        kubectl(&self.kubectl, &self.folder)
    }

    /// What the administrator's `kubectl` prints.
    pub fn kubectl<'a>(
        &self,
        arguments: impl IntoIterator<Item = &'a str>,
    ) -> Result<String, Error> {
        let mut command = self.command();
        command.args(arguments);
        run(&mut command, "")
    }

    /// Creates or changes the objects of a YAML or JSON text.
    pub fn apply(&self, objects: &str) -> Result<(), Error> {
        run(self.command().args(["apply", "--server-side", "--filename", "-"]), objects).map(drop)
    }

    /// Creates a namespace, or gives one that is there these labels.
    pub fn create_namespace(&self, name: &str, labels: &[(&str, &str)]) -> Result<(), Error> {
        let labels: serde_json::Map<String, Value> =
            labels.iter().map(|(key, value)| ((*key).to_owned(), Value::from(*value))).collect();
        let namespace = json!({
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": { "name": name, "labels": labels },
        });
        self.apply(&namespace.to_string())
    }

    /// The object `kind` (as kubectl takes it, such as `secret` or `poddefault`) `name` of `namespace`, if it is there.
    pub fn read(&self, kind: &str, namespace: &str, name: &str) -> Result<Option<Value>, Error> {
        let text = self.kubectl([
            "get",
            kind,
            name,
            "--namespace",
            namespace,
            "--output=json",
            "--ignore-not-found",
        ])?;
        if text.trim().is_empty() {
            return Ok(None);
        }
        serde_json::from_str(&text).map(Some).map_err(|source| Error::Answer { source })
    }
}

/// A `kubectl` of the administrator whose kubeconfig is in `folder`.
fn kubectl(program: &Path, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .env("KUBECONFIG", folder.join("kubeconfig"))
        .env("KUBECACHEDIR", folder.join("discovery"));
    command
}

fn run(kubectl: &mut Command, input: &str) -> Result<String, Error> {
    let failed = |source| Error::Kubectl { text: String::new(), source: Some(source) };
    let mut child = kubectl
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    if let Some(mut stdin) = child.stdin.take() {
        // kubectl reads all of it before it prints anything; if it ended early, its own message says more.
        let _broken_pipe = stdin.write_all(input.as_bytes());
    }
    let output = child.wait_with_output().map_err(failed)?;
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(Error::Kubectl { text, source: None });
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Why Kubernetes is not there, or did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A program is not built.
    #[error(transparent)]
    Cache(#[from] cache::Error),
    /// A server does not run.
    #[error(transparent)]
    Process(#[from] leash::Error),
    /// A file cannot be written.
    #[error("writing {path}: {source}", path = path.display())]
    Folder {
        /// The file or its folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A certificate cannot be made.
    #[error("making certificates: {0}")]
    Certificate(#[from] rcgen::Error),
    /// A `kubectl` command failed.
    #[error("asking Kubernetes: {text}")]
    Kubectl {
        /// What it printed.
        text: String,
        /// Why it did not even start.
        source: Option<io::Error>,
    },
    /// An answer is not JSON.
    #[error("reading what Kubernetes answered")]
    Answer {
        /// What is wrong, and where.
        source: serde_json::Error,
    },
}
