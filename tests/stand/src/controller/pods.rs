//! What a cluster or its operator may do to pods: requests on the controller's socket.

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;

use serde::{Deserialize, Serialize};

use super::{Controller, Error, History};

/// A pod of the controller.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Pod {
    /// Its name, `APPLICATION-N`.
    pub pod: String,
    /// Its address.
    pub address: String,
    /// Its containers besides the charm's.
    pub containers: Vec<String>,
    /// The process id of its first process, or 0.
    pub process: u32,
    /// Which version of charm and configuration it was made for.
    pub charm_modified_version: u64,
    /// How often its containers have been started again.
    pub restarts: u32,
    /// Whether all its containers are ready, as their probes say.
    pub ready: bool,
    /// Whether it is being ended.
    pub stopping: bool,
}

#[derive(Debug, Default, Serialize)]
struct Request<'a> {
    #[serde(rename = "do")]
    action: &'a str,
    pod: &'a str,
    container: &'a str,
    hold: bool,
    depose: bool,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Reply {
    error: String,
    pods: Vec<Pod>,
    history: History,
}

impl Controller {
    /// All pods. A unit that has none yet, or whose pod is held, is not in the list.
    pub fn pods(&self) -> Result<Vec<Pod>, Error> {
        Ok(self.ask(&Request { action: "pods", ..Request::default() })?.pods)
    }

    /// What has become of databags and leadership so far.
    pub fn history(&self) -> Result<History, Error> {
        Ok(self.ask(&Request { action: "history", ..Request::default() })?.history)
    }

    /// Kills all processes of the unit's pod at once, as when a node is lost. A new pod follows.
    pub fn kill(&self, unit: &str) -> Result<(), Error> {
        self.ask(&Request { action: "kill", pod: unit, ..Request::default() }).map(drop)
    }

    /// As [`Self::kill`], and no new pod follows until [`Self::release`]: the unit leads until its lease runs out.
    pub fn lose(&self, unit: &str) -> Result<(), Error> {
        self.ask(&Request { action: "kill", pod: unit, hold: true, ..Request::default() }).map(drop)
    }

    /// As [`Self::kill`], and the unit loses its leadership at once.
    pub fn kill_and_depose(&self, unit: &str) -> Result<(), Error> {
        self.ask(&Request { action: "kill", pod: unit, depose: true, ..Request::default() })
            .map(drop)
    }

    /// As [`Self::kill_and_depose`], and no new pod follows until [`Self::release`].
    pub fn kill_and_hold(&self, unit: &str) -> Result<(), Error> {
        let request =
            Request { action: "kill", pod: unit, hold: true, depose: true, ..Request::default() };
        self.ask(&request).map(drop)
    }

    /// Lets the unit have a pod again.
    pub fn release(&self, unit: &str) -> Result<(), Error> {
        self.ask(&Request { action: "release", pod: unit, ..Request::default() }).map(drop)
    }

    /// Tells the unit's pod to stop, as when a node is drained, and waits for that. A new pod follows.
    pub fn evict(&self, unit: &str) -> Result<(), Error> {
        self.ask(&Request { action: "evict", pod: unit, ..Request::default() }).map(drop)
    }

    /// Kills all processes of one container of the unit. It starts again with the files of its image.
    pub fn kill_container(&self, unit: &str, container: &str) -> Result<(), Error> {
        let request =
            Request { action: "kill-container", pod: unit, container, ..Request::default() };
        self.ask(&request).map(drop)
    }

    fn ask(&self, request: &Request<'_>) -> Result<Reply, Error> {
        let failed = |reason: String| Error::Pods {
            request: format!("{} {} {}", request.action, request.pod, request.container)
                .trim()
                .to_owned(),
            reason,
        };
        let reply = self.exchange(request).map_err(|error| failed(error.to_string()))?;
        if reply.error.is_empty() { Ok(reply) } else { Err(failed(reply.error)) }
    }

    fn exchange(&self, request: &Request<'_>) -> io::Result<Reply> {
        let mut socket = UnixStream::connect(&self.ready.control)?;
        let mut line = serde_json::to_vec(request)?;
        line.push(b'\n');
        socket.write_all(&line)?;
        let mut answer = String::new();
        BufReader::new(socket).read_line(&mut answer)?;
        Ok(serde_json::from_str(&answer)?)
    }
}
