//! The container: its file, its service and its health check.

use std::collections::{BTreeMap, BTreeSet};

use charm::{
    Check, CheckLevel, CheckState, Container, File, OnCheckFailure, Probe, Secret, Service,
    ServiceState, Startup, Status, Workload, checksum,
};
use interfaces::feast_configuration::CERTIFICATES;

use crate::feature_store::Configuration;
use crate::options::Choices;

/// The container, and also the label of our layer in it and the service, as with the Python charm.
pub const CONTAINER: &str = "feast-ui";
/// Where the UI finds its configuration.
pub const FILE: &str = "/home/ubuntu/feature_store.yaml";
/// The health check.
pub(crate) const CHECK: &str = "up";
/// The port that the UI listens on.
pub(crate) const PORT: u16 = 8888;

/// The UI on this configuration, restarted whenever it changes.
pub(crate) fn running(configuration: Configuration, choices: &Choices) -> Workload {
    let Configuration { file, certificates, connect_timeout } = configuration;
    let Choices { log_level, path, .. } = choices;
    let certificates = certificates.map(|ca| (CERTIFICATES.to_owned(), Secret::new(ca)));
    let files: BTreeMap<String, File> = [(FILE.to_owned(), file)]
        .into_iter()
        .chain(certificates)
        .map(|(path, content)| (path, File { content, mode: 0o600 }))
        .collect();
    let options = log_level.map(|level| format!("--log-level {level} ")).unwrap_or_default();
    let service = Service {
        summary: "Entry point for feast-ui image".to_owned(),
        command: format!("feast {options}ui --host 0.0.0.0 --port {PORT} --root_path {path}"),
        startup: Startup::Enabled,
        working_dir: "/home/ubuntu".to_owned(),
        environment: BTreeMap::from([
            ("FEATURE_STORE_SHA256".to_owned(), checksum(&files)),
            // A database that accepts and never answers would otherwise hold the UI for two minutes.
            ("PGCONNECT_TIMEOUT".to_owned(), connect_timeout.to_string()),
        ]),
        on_check_failure: BTreeMap::from([(CHECK.to_owned(), OnCheckFailure::Restart)]),
        ..Service::default()
    };
    let check = Check {
        level: Some(CheckLevel::Ready),
        period_ms: 5_000,
        timeout_ms: 3_000,
        // A UI with a quarter of a processor takes 25 seconds to start, and must not be restarted meanwhile. A hook that
        // waits for it uses half of these failures up in as many seconds.
        threshold: 12,
        // Every version of Feast answers this one, and none before it has read its registry.
        probe: Probe::Http(format!("http://localhost:{PORT}/projects-list.json")),
    };
    Workload {
        services: BTreeMap::from([(CONTAINER.to_owned(), service)]),
        checks: BTreeMap::from([(CHECK.to_owned(), check)]),
        files,
        stopped: BTreeSet::new(),
    }
}

/// No UI: what it would show is no longer meant.
pub(crate) fn stopped() -> Workload {
    Workload { stopped: BTreeSet::from([CONTAINER.to_owned()]), ..Workload::default() }
}

/// What is wrong with a container that should run the UI.
pub(crate) fn trouble(container: Option<&Container>) -> Option<Status> {
    doubt(container).map(|text| Status::Waiting(format!("[feast-ui-pebble-service] {text}")))
}

/// Whether a little patience may show more. A check that is down needs none: Juju runs a hook when it has recovered.
pub(crate) fn may_clear_up(container: Option<&Container>) -> bool {
    let down = container
        .and_then(|container| container.health.get(CHECK))
        .is_some_and(|health| health.state == CheckState::Down);
    doubt(container).is_some() && !down
}

/// Whether the UI runs and has yet to answer for the first time, of which no hook would tell.
pub(crate) fn is_starting(container: &Container) -> bool {
    container.states.get(CONTAINER) == Some(&ServiceState::Active) && may_clear_up(Some(container))
}

fn doubt(container: Option<&Container>) -> Option<String> {
    let Some(container) = container else {
        return Some("Waiting for Pebble to be ready.".to_owned());
    };
    if container.states.get(CONTAINER) != Some(&ServiceState::Active) {
        return Some(
            "Waiting for Pebble services (feast-ui).  If this persists, it could be a blocking configuration error."
                .to_owned(),
        );
    }
    match container.health.get(CHECK) {
        Some(health) if health.state == CheckState::Down => Some(format!(
            "The UI does not answer on port {PORT}: {} checks in a row have failed.",
            health.failures
        )),
        Some(health) if health.failures > 0 || health.successes == Some(0) => {
            Some(format!("Waiting for the UI to answer on port {PORT}."))
        }
        Some(_) => None,
        None => Some("Waiting for the health check of the UI.".to_owned()),
    }
}
