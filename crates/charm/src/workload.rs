//! What runs in a container, as Pebble sees it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::Secret;

/// What is to run in one container.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Workload {
    /// Services to run, by name. Each is started where it does not run, and restarted where it differs.
    pub services: BTreeMap<String, Service>,
    /// Health checks, by name.
    pub checks: BTreeMap<String, Check>,
    /// Files to be there before a service starts, by absolute path.
    pub files: BTreeMap<String, File>,
    /// Services that must not run. They are stopped where they do; Pebble cannot forget them.
    pub stopped: BTreeSet<String>,
}

/// What one container holds and does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Container {
    /// The services of Pebble's plan, by name.
    pub services: BTreeMap<String, Service>,
    /// The health checks of Pebble's plan, by name.
    pub checks: BTreeMap<String, Check>,
    /// Those files that were asked for and exist, by absolute path.
    pub files: BTreeMap<String, File>,
    /// How each service does.
    pub states: BTreeMap<String, ServiceState>,
    /// How each health check does.
    pub health: BTreeMap<String, CheckHealth>,
}

/// A file in a container. Its owner is Pebble's own user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// What it holds.
    pub content: Secret,
    /// Its permission bits, such as `0o600`.
    pub mode: u32,
}

/// A service of Pebble's plan. Absent and empty are the same, as in Pebble's own rendering.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Service {
    /// One line for people.
    pub summary: String,
    /// Split into words as a shell would, without expansion.
    pub command: String,
    /// Whether Pebble starts it by itself.
    pub startup: Startup,
    /// Absolute path; empty is Pebble's own.
    pub working_dir: String,
    /// Added to Pebble's own environment.
    pub environment: BTreeMap<String, String>,
    /// What Pebble does when a check goes down, by check.
    pub on_check_failure: BTreeMap<String, OnCheckFailure>,
    /// Keys of the service in Pebble's plan that are not modelled here, such as `user` or `after`. A service that has
    /// one never equals one of ours, which has none.
    pub other: BTreeSet<String>,
}

/// Whether Pebble starts a service by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Startup {
    /// On `autostart` and `replan`.
    Enabled,
    /// Only when told; also what an absent key means.
    #[default]
    Disabled,
}

/// What Pebble does with a service when a check goes down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnCheckFailure {
    /// Restart it.
    Restart,
    /// Leave it.
    Ignore,
    /// Something else that Pebble can do, and we never ask for.
    Other,
}

/// A health check of Pebble's plan. Durations are in milliseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// Which of Kubernetes' probes listens to it.
    pub level: Option<CheckLevel>,
    /// Between two runs; Pebble's default is 10 s.
    pub period_ms: u64,
    /// Of one run; Pebble's default is 3 s.
    pub timeout_ms: u64,
    /// Failures in a row until it is down; Pebble's default is 3.
    pub threshold: u32,
    /// What is looked at.
    pub probe: Probe,
}

/// Which of Kubernetes' probes listens to a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckLevel {
    /// The liveness probe: the container is restarted when the check is down.
    Alive,
    /// The readiness probe: the pod leaves its Service when the check is down.
    Ready,
}

/// What a health check looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Probe {
    /// A GET of this URL answers 2xx.
    Http(String),
    /// Something listens on this port of localhost.
    Tcp(u16),
    /// Another kind, which we never ask for.
    Other,
}

/// How a service does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServiceState {
    /// Its process exists; it may yet fail.
    Active,
    /// Never started, stopped, or could not be executed.
    Inactive,
    /// It keeps failing; Pebble waits to start it again.
    Backoff,
    /// It failed, and Pebble has given up.
    Error,
}

/// How a health check does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckHealth {
    /// As Pebble sums it up. A new check is `Up` before it ever ran.
    pub state: CheckState,
    /// Runs that succeeded since it was set; `None` where Pebble (before 1.23) does not count them.
    pub successes: Option<u64>,
    /// Failures in a row.
    pub failures: u64,
}

/// How Pebble sums a health check up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckState {
    /// Fewer failures in a row than the threshold.
    Up,
    /// At least as many.
    Down,
    /// Not running.
    Inactive,
}

/// One thing to do to a container.
#[derive(Clone, PartialEq, Eq)]
pub enum WorkloadChange {
    /// Write a file, with its missing parents.
    Push {
        /// Absolute path.
        path: String,
        /// What it is to be.
        file: File,
    },
    /// Add these services and checks to Pebble's plan, in the layer that has the container's name.
    AddLayer {
        /// By name.
        services: BTreeMap<String, Service>,
        /// By name.
        checks: BTreeMap<String, Check>,
    },
    /// Have Pebble restart what differs from its plan, and start what is enabled.
    Replan,
    /// Stop these services.
    Stop(BTreeSet<String>),
    /// Stop and start these services, whether or not they run. No plan asks for it; a person may.
    Restart(BTreeSet<String>),
}

impl Workload {
    /// The changes that make `found` match, in the order they are to be made; none where it does.
    ///
    /// Pushing a file and restarting a service are two steps. The reason for the second must stay visible when a hook
    /// dies between them, so a service that reads a file should carry its [`checksum`] in its environment.
    pub fn changes(&self, found: &Container) -> Vec<WorkloadChange> {
        let Self { services, checks, files, stopped } = self;
        let pushes = files
            .iter()
            .filter(|(path, file)| found.files.get(*path) != Some(file))
            .map(|(path, file)| WorkloadChange::Push { path: path.clone(), file: file.clone() });
        let mut changes: Vec<WorkloadChange> = pushes.collect();

        // A service that must not run is also disabled: a replan would start it again.
        let mut wanted = services.clone();
        for name in stopped {
            if let Some(service) = found.services.get(name) {
                wanted.insert(
                    name.clone(),
                    Service { startup: Startup::Disabled, ..service.clone() },
                );
            }
        }
        let differs =
            |(name, service): &(&String, &Service)| found.services.get(*name) != Some(*service);
        let is_up = |name: &String| {
            found.states.get(name).is_some_and(|state| *state != ServiceState::Inactive)
        };
        // Pebble tells what is planned, and not what a service was started with. One that ran on with its old plan beside a
        // new one would look right to the hook after one that died before the replan.
        let outdated: BTreeSet<String> = services
            .iter()
            .filter(|service| differs(service) && is_up(service.0))
            .map(|(name, _)| name.clone())
            .collect();
        if !outdated.is_empty() {
            changes.push(WorkloadChange::Stop(outdated));
        }
        let other_services = wanted.iter().any(|service| differs(&service));
        let other_checks = checks.iter().any(|(name, check)| found.checks.get(name) != Some(check));
        if other_services || other_checks {
            changes.push(WorkloadChange::AddLayer { services: wanted, checks: checks.clone() });
        }
        let stands_still = |name| found.states.get(name) != Some(&ServiceState::Active);
        let sleeps =
            |name| found.health.get(name).is_some_and(|check| check.state == CheckState::Inactive);
        let replans = !services.is_empty()
            && (other_services || services.keys().any(stands_still) || checks.keys().any(sleeps));
        if replans {
            changes.push(WorkloadChange::Replan);
        }
        // Last: a replan also starts a disabled service, if it ran before and the plan has changed since.
        let running: BTreeSet<String> = stopped
            .iter()
            .filter(|name| is_up(name) || replans && found.services.contains_key(*name))
            .cloned()
            .collect();
        if !running.is_empty() {
            changes.push(WorkloadChange::Stop(running));
        }
        changes
    }
}

impl Container {
    pub(crate) fn make(&mut self, change: &WorkloadChange) {
        match change {
            WorkloadChange::Push { path, file } => {
                self.files.insert(path.clone(), file.clone());
            }
            WorkloadChange::AddLayer { services, checks } => {
                self.services.extend(services.clone());
                let fresh = CheckHealth { state: CheckState::Up, successes: Some(1), failures: 0 };
                self.health.extend(checks.keys().map(|name| (name.clone(), fresh)));
                self.checks.extend(checks.clone());
            }
            WorkloadChange::Replan => {
                let enabled =
                    self.services.iter().filter(|(_, service)| service.startup == Startup::Enabled);
                self.states.extend(enabled.map(|(name, _)| (name.clone(), ServiceState::Active)));
            }
            WorkloadChange::Restart(services) => {
                self.states
                    .extend(services.iter().map(|name| (name.clone(), ServiceState::Active)));
            }
            WorkloadChange::Stop(services) => {
                self.states
                    .extend(services.iter().map(|name| (name.clone(), ServiceState::Inactive)));
            }
        }
    }
}

impl fmt::Display for WorkloadChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Push { path, file } => {
                write!(
                    f,
                    "push {path} mode={:03o} <{} bytes>",
                    file.mode,
                    file.content.reveal().len()
                )
            }
            Self::AddLayer { services, checks } => {
                let names: Vec<&str> =
                    services.keys().chain(checks.keys()).map(String::as_str).collect();
                write!(f, "add layer {}", names.join(" "))
            }
            Self::Replan => f.write_str("replan"),
            Self::Stop(services) => {
                let names: Vec<&str> = services.iter().map(String::as_str).collect();
                write!(f, "stop {}", names.join(" "))
            }
            Self::Restart(services) => {
                let names: Vec<&str> = services.iter().map(String::as_str).collect();
                write!(f, "restart {}", names.join(" "))
            }
        }
    }
}

impl fmt::Debug for WorkloadChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// A fingerprint of `files`: with it in a service's environment, Pebble itself sees that a file has changed.
pub fn checksum<'a>(files: impl IntoIterator<Item = (&'a String, &'a File)>) -> String {
    use sha2::{Digest as _, Sha256};
    use std::fmt::Write as _;
    let mut digest = Sha256::new();
    for (path, file) in files {
        for part in [path.as_bytes(), file.content.reveal().as_bytes()] {
            digest.update((part.len() as u64).to_le_bytes());
            digest.update(part);
        }
    }
    digest.finalize().iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
