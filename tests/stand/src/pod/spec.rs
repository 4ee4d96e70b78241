//! What juju-controller says about a pod (`juju/juju-controller/spec.go`).

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::Error;

/// A pod.
#[derive(Clone, Debug, Deserialize)]
pub struct Spec {
    /// Its name, `APPLICATION-N`.
    pub pod: String,
    /// Its address, in 127.0.0.0/8.
    pub address: String,
    /// The containers besides the charm's.
    pub containers: Vec<ContainerSpec>,
    /// The folder of sockets: Pebble of container NAME listens on `NAME/pebble.socket` there.
    pub sockets: PathBuf,
    /// The pod's `/etc/hosts`, rewritten in place by the controller.
    pub hosts: PathBuf,
    /// The pod's own folder.
    pub scratch: PathBuf,
    /// The folder for what processes print.
    pub logs: PathBuf,
    /// The folder of image descriptions; empty if there is none.
    pub images: PathBuf,
    /// The program `pebble`.
    pub pebble: PathBuf,
    /// The unit agent.
    pub agent: AgentSpec,
}

/// A container of a pod.
#[derive(Clone, Debug, Deserialize)]
pub struct ContainerSpec {
    /// The name in the charm's metadata.
    pub name: String,
    /// The registry path of its resource.
    pub image: String,
    /// The arguments of its Pebble.
    pub arguments: Vec<String>,
    /// The user that it runs as.
    pub uid: Option<u32>,
    /// The group that it runs as.
    pub gid: Option<u32>,
}

/// How to start the unit agent.
#[derive(Clone, Debug, Deserialize)]
pub struct AgentSpec {
    /// Its program.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// What the charm sees as the folder of its service account.
    #[serde(rename = "service-account")]
    pub service_account: PathBuf,
    /// Its variables besides `PATH`, `HOME` and `TMPDIR`.
    pub environment: BTreeMap<String, String>,
}

impl Spec {
    pub(super) fn read(path: &Path) -> Result<Self, Error> {
        let failed = |reason: String| Error::Spec { path: path.to_owned(), reason };
        let text = fs::read(path).map_err(|error| failed(error.to_string()))?;
        serde_json::from_slice(&text).map_err(|error| failed(error.to_string()))
    }

    /// The file for what `what` of this pod prints.
    pub(super) fn log(&self, what: &str) -> PathBuf {
        self.logs.join(format!("{}-{what}.log", self.pod))
    }
}
