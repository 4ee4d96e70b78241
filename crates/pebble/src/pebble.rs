//! A container, in a charm's terms.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use charm::{CheckHealth, CheckState, Container, File, Secret, ServiceState, WorkloadChange};

use crate::{Action, Cause, CheckInfo, Client, Error, ServiceInfo};

/// Where Juju keeps the directories that a charm's container shares with each workload container.
const CONTAINERS_DIR: &str = "/charm/containers";
/// The environment variable that says where else they are, for tests that do not run as root.
const CONTAINERS_DIR_VARIABLE: &str = "CHARM_CONTAINERS_DIR";

/// How long a start, stop or replan may take. Pebble itself gives up on a service that does not stop after 10 s.
const CHANGE_LIMIT: Duration = Duration::from_secs(30);

/// The Pebble of one workload container.
#[derive(Clone, Debug)]
pub struct Pebble {
    client: Client,
    container: String,
}

impl Pebble {
    /// The Pebble of a workload container of this charm, whose socket is in `/charm/containers/<container>`, or below
    /// the directory that the environment names in `CHARM_CONTAINERS_DIR`. Nothing is looked at yet.
    pub fn of(container: &str) -> Self {
        let containers_dir = std::env::var_os(CONTAINERS_DIR_VARIABLE)
            .map_or_else(|| CONTAINERS_DIR.into(), PathBuf::from);
        Self::of_container(&containers_dir, container)
    }

    /// The Pebble of `container`, whose socket is in the directory of that name below `containers_dir`. Nothing is
    /// looked at yet.
    pub fn of_container(containers_dir: &Path, container: &str) -> Self {
        let socket = containers_dir.join(container).join("pebble.socket");
        let client = Client::new(socket).called(format!("in container {container}"));
        Self { client, container: container.to_owned() }
    }

    /// The name of the container.
    pub(crate) fn container(&self) -> &str {
        &self.container
    }

    /// The same Pebble, endpoint by endpoint.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Looks at these files, and at all services and checks. `None` while the container does not answer.
    ///
    /// That takes three requests; where files are asked for one more, and one for each of them that exists. All are made
    /// at the same time but the last. What is not UTF-8 in a file is replaced by U+FFFD, so that the file differs from
    /// any that a charm would push.
    pub async fn observe(&self, files: &[&str]) -> Result<Option<Container>, Error> {
        match self.look(files).await {
            Err(error) if error.container_is_gone() => {
                tracing::debug!(cause = %error.cause, "{error}");
                Ok(None)
            }
            other => other.map(Some),
        }
    }

    /// Makes one change, and waits until it is made. `label` names the layer that services and checks are put into.
    ///
    /// A service that fails within its first second makes a replan fail, with Pebble's reason.
    pub async fn apply(&self, label: &str, change: &WorkloadChange) -> Result<(), Error> {
        match change {
            WorkloadChange::Push { path, file } => {
                self.client.write_file(path, file.content.reveal().as_bytes(), file.mode).await
            }
            WorkloadChange::AddLayer { services, checks } => {
                self.client.add_services_and_checks(label, services, checks).await
            }
            WorkloadChange::Replan => self.act(Action::Replan, &[]).await,
            WorkloadChange::Stop(services) => self.act_on(Action::Stop, services).await,
            WorkloadChange::Restart(services) => self.act_on(Action::Restart, services).await,
        }
    }

    async fn act_on(&self, action: Action, services: &BTreeSet<String>) -> Result<(), Error> {
        if services.is_empty() {
            return Ok(());
        }
        let services: Vec<&str> = services.iter().map(String::as_str).collect();
        self.act(action, &services).await
    }

    async fn act(&self, action: Action, services: &[&str]) -> Result<(), Error> {
        let id = self.client.act(action, services).await?;
        self.client.wait(&id, CHANGE_LIMIT).await.map(drop).map_err(|error| {
            let action = format!("{action} {}", services.join(", "));
            Error { action: action.trim_end().to_owned(), ..error }
        })
    }

    async fn look(&self, paths: &[&str]) -> Result<Container, Error> {
        // Of what goes wrong with several, it is always the same that is told.
        let (files, plan, states) =
            tokio::join!(self.files(paths), self.client.plan(), self.states());
        let (files, plan, (states, health)) = (files?, plan?, states?);
        Ok(Container { services: plan.services, checks: plan.checks, files, states, health })
    }

    /// How services and checks do.
    pub(crate) async fn states(
        &self,
    ) -> Result<(BTreeMap<String, ServiceState>, BTreeMap<String, CheckHealth>), Error> {
        let (services, checks) = tokio::join!(self.client.services(), self.client.checks());
        let (services, checks) = (services?, checks?);
        Ok((
            services.into_iter().map(|info| (info.name.clone(), state(&info))).collect(),
            checks.into_iter().map(|info| (info.name.clone(), health(&info))).collect(),
        ))
    }

    async fn files(&self, paths: &[&str]) -> Result<BTreeMap<String, File>, Error> {
        let mut files = BTreeMap::new();
        if paths.is_empty() {
            return Ok(files);
        }
        for read in self.client.read_files(paths).await? {
            let content = match read.content {
                Ok(content) => content,
                Err(trouble) if trouble.is_not_found() => continue,
                Err(trouble) => {
                    let action = format!("read {}", read.path);
                    return Err(self.client.error(&action, trouble.at(read.path)));
                }
            };
            // It may have gone in between.
            let Some(info) = self.client.file_info(&read.path).await? else { continue };
            let Some(mode) = info.mode() else {
                let cause = Cause::Answer("permissions are not octal".to_owned());
                return Err(self.client.error(&format!("look at {}", read.path), cause));
            };
            let content = String::from_utf8(content)
                .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
            files.insert(read.path, File { content: Secret::new(content), mode });
        }
        Ok(files)
    }
}

fn state(info: &ServiceInfo) -> ServiceState {
    match info.current.as_str() {
        "active" => ServiceState::Active,
        "inactive" => ServiceState::Inactive,
        "backoff" => ServiceState::Backoff,
        _ => ServiceState::Error,
    }
}

pub(crate) fn health(info: &CheckInfo) -> CheckHealth {
    CheckHealth {
        state: match info.status.as_str() {
            "up" => CheckState::Up,
            "inactive" => CheckState::Inactive,
            _ => CheckState::Down,
        },
        successes: info.successes,
        failures: info.failures,
    }
}
