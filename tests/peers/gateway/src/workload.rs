//! The proxy as a service of its container: it reads its routes from a file.

use std::collections::BTreeMap;

use charm::{
    Check, CheckState, Container, File, Probe, Service, ServiceState, Startup, Status, Workload,
    checksum,
};

use crate::Routes;

/// The container, and the layer in its plan.
pub const CONTAINER: &str = "proxy";
/// The service.
pub const SERVICE: &str = "gateway";
/// The health check: something listens.
pub const CHECK: &str = "gateway";
/// Where the proxy finds its routes.
pub const ROUTES_FILE: &str = "/etc/stand-proxy/routes.json";
/// Where a proxy that speaks TLS leaves its certificate, in PEM. It makes one at each start, and signs it itself.
pub const CERTIFICATE_FILE: &str = "/etc/stand-proxy/certificate.pem";

/// The proxy with these routes. The health check is about its first listener.
pub fn workload(routes: &Routes) -> Workload {
    let content = serde_json::json!(routes).to_string().into();
    let files = BTreeMap::from([(ROUTES_FILE.to_owned(), File { content, mode: 0o644 })]);
    let service = Service {
        summary: "The gateway".to_owned(),
        command: format!("stand-proxy {ROUTES_FILE} {CERTIFICATE_FILE}"),
        startup: Startup::Enabled,
        environment: BTreeMap::from([("ROUTES_SHA256".to_owned(), checksum(&files))]),
        ..Service::default()
    };
    let check = |port| Check {
        level: None,
        period_ms: 5_000,
        timeout_ms: 3_000,
        threshold: 3,
        probe: Probe::Tcp(port),
    };
    let checks = routes.listeners.first().map(|first| (CHECK.to_owned(), check(first.port)));
    Workload {
        services: BTreeMap::from([(SERVICE.to_owned(), service)]),
        checks: checks.into_iter().collect(),
        files,
        ..Workload::default()
    }
}

/// How the proxy does.
pub fn status(container: Option<&Container>) -> Status {
    let waiting = |why: &str| Status::Waiting(format!("[{CONTAINER}] {why}"));
    let Some(container) = container else { return waiting("Waiting for Pebble") };
    let answers = container.health.get(CHECK).is_some_and(|check| {
        check.state == CheckState::Up && check.successes.is_none_or(|times| times > 0)
    });
    match container.states.get(SERVICE) {
        Some(ServiceState::Active) if answers => Status::active(),
        Some(ServiceState::Active) => waiting("The gateway does not answer"),
        _ => waiting("The gateway does not run"),
    }
}

/// The certificate of a proxy that speaks TLS, in PEM.
pub fn certificate(container: Option<&Container>) -> Option<&str> {
    Some(container?.files.get(CERTIFICATE_FILE)?.content.reveal())
}
