//! The gateway: a reverse proxy that reads its routes from a file.

use std::collections::BTreeMap;

use charm::{
    Check, CheckState, Container, File, Probe, Service, ServiceState, Startup, Status, Workload,
    checksum,
};
use interfaces::ingress::Route;
use serde_json::json;

/// The container, and the layer in its plan.
pub(crate) const CONTAINER: &str = "proxy";
/// The service.
pub(crate) const SERVICE: &str = "gateway";
/// The health check: something listens.
pub(crate) const CHECK: &str = "gateway";
/// Where the proxy finds its routes.
pub(crate) const ROUTES_FILE: &str = "/etc/stand-proxy/routes.json";

/// The gateway on `port` with these routes.
pub(crate) fn gateway(port: u16, routes: &[Route], model: &str) -> Workload {
    let routes: Vec<_> = routes
        .iter()
        .map(|route| {
            let Route { service, port, namespace, prefix, rewrite } = route;
            let namespace = namespace.as_deref().unwrap_or(model);
            json!({
                "prefix": prefix,
                "rewrite": rewrite.as_deref().unwrap_or(prefix),
                "host": format!("{service}.{namespace}.svc.cluster.local"),
                "port": port,
            })
        })
        .collect();
    let content = json!({"port": port, "routes": routes}).to_string().into();
    let files = BTreeMap::from([(ROUTES_FILE.to_owned(), File { content, mode: 0o644 })]);
    let service = Service {
        summary: "The gateway".to_owned(),
        command: format!("stand-proxy {ROUTES_FILE}"),
        startup: Startup::Enabled,
        environment: BTreeMap::from([("ROUTES_SHA256".to_owned(), checksum(&files))]),
        ..Service::default()
    };
    let check = Check {
        level: None,
        period_ms: 5_000,
        timeout_ms: 3_000,
        threshold: 3,
        probe: Probe::Tcp(port),
    };
    Workload {
        services: BTreeMap::from([(SERVICE.to_owned(), service)]),
        checks: BTreeMap::from([(CHECK.to_owned(), check)]),
        files,
        ..Workload::default()
    }
}

/// How the gateway does.
pub(crate) fn status(container: Option<&Container>) -> Status {
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
