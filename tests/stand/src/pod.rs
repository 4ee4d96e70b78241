//! A pod: the containers of a unit, each with its Pebble, and the unit agent.

mod agent;
mod container;
mod spec;

use std::fs;
use std::io::{self, BufRead as _, BufReader, Read, Write as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use crate::{image, leash, view};
use agent::Agent;
use container::Container;
pub use spec::{AgentSpec, ContainerSpec, Spec};

/// How often the pod looks whether one of its processes has ended.
const LOOK: Duration = Duration::from_millis(50);

/// The container that the agent is.
const CHARM: &str = "charm";

/// Runs the pod that the file `spec` describes until its agent ends well or was told to, and returns the agent's exit code.
/// All that the pod has started is gone by then. `requests` is read by line; its end ends the pod. Each start of a
/// container is a line on standard output.
pub fn run(spec: &Path, requests: impl Read + Send + 'static) -> Result<u8, Error> {
    let spec = Spec::read(spec)?;
    let mut containers = Vec::new();
    remake(&spec.sockets)?;
    for container in &spec.containers {
        containers.push(Container::start(&spec, container)?);
        tell_start(&container.name);
    }
    let mut agent = Agent::start(&spec)?;
    tell_start(CHARM);
    let requests = lines(requests);
    let mut stopping = false;
    loop {
        match requests.recv_timeout(LOOK) {
            Ok(line) => match line.split_once(' ') {
                None if line == "stop" => {
                    stopping = true;
                    agent.stop();
                }
                Some(("kill", CHARM)) => agent.kill(),
                Some(("kill", name)) => {
                    for container in containers.iter_mut().filter(|one| one.name() == name) {
                        container.restart()?;
                        tell_start(name);
                    }
                }
                _ => return Err(Error::Request(line)),
            },
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Ok(137),
        }
        for container in &mut containers {
            if container.keep_running()? {
                tell_start(container.name());
            }
        }
        match agent.ended() {
            Some(code) if code == 0 || stopping => return Ok(code),
            Some(_) if agent.has_rested() => {
                agent = Agent::start(&spec)?;
                tell_start(CHARM);
            }
            _ => {}
        }
    }
}

/// Tells whoever started the pod that one of its containers has been started.
fn tell_start(container: &str) {
    // Nobody may be left to hear it.
    let _gone = writeln!(io::stdout(), "started {container}");
}

fn lines(requests: impl Read + Send + 'static) -> mpsc::Receiver<String> {
    let (send, receive) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(requests).lines() {
            let Ok(line) = line else { return };
            if send.send(line).is_err() {
                return;
            }
        }
    });
    receive
}

/// Makes `folder` anew, empty.
fn remake(folder: &Path) -> Result<(), Error> {
    let failed = |source| Error::Folder { path: folder.to_owned(), source };
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
        _ => {}
    }
    fs::create_dir_all(folder).map_err(failed)
}

/// Why a pod cannot run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The pod's description is not one.
    #[error("reading the pod's description {path}: {reason}", path = path.display())]
    Spec {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A folder of the pod cannot be made.
    #[error("making {path}: {source}", path = path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Copying a part of an image.
    #[error("copying {from} for a container: {reason}", from = from.display())]
    Copy {
        /// What was copied.
        from: PathBuf,
        /// What went wrong.
        reason: String,
    },
    /// A unix socket's path may have no more than 107 bytes.
    #[error("Pebble's socket {path} has too long a path: set TMPDIR to a shorter one", path = .0.display())]
    LongSocket(PathBuf),
    /// Nobody knows this request.
    #[error("understanding the request {0:?}: it is neither \"stop\" nor \"kill NAME\"")]
    Request(String),
    /// An image is not described well.
    #[error("{0}: {source}", source = std::error::Error::source(.0).map(ToString::to_string).unwrap_or_default())]
    Image(#[from] image::Error),
    /// A container cannot see its files.
    #[error(transparent)]
    View(#[from] view::Error),
    /// A process did not start.
    #[error(transparent)]
    Leash(#[from] leash::Error),
}
