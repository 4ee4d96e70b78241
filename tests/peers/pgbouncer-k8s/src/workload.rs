//! The pooler as a service of its container.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use charm::{
    Check, CheckState, Container, File, Probe, Service, ServiceState, Startup, Status, Workload,
    checksum,
};
use interfaces::postgresql_client::Endpoint;
use serde_json::json;

/// The container, and the layer in its plan.
pub(crate) const CONTAINER: &str = "pgbouncer";
/// The service, and the health check.
pub(crate) const SERVICE: &str = "pgbouncer";
/// Where the pooler finds what to do.
pub(crate) const FILE: &str = "/etc/pgbouncer/pooler.json";
/// The port that it listens on at its pod.
pub(crate) const PORT: u16 = 6432;
/// The port that it listens on at each node.
pub(crate) const NODE_PORT: u16 = 31_234;

/// The addresses of the two nodes of the cluster: at both of them the pooler of this pod listens, as behind a Service of
/// type `NodePort`. They are in the network of the pod, far from where its neighbours are.
pub(crate) fn nodes(pod: IpAddr) -> [IpAddr; 2] {
    [201, 202].map(|last| match pod {
        IpAddr::V4(pod) => {
            let [a, b, c, _] = pod.octets();
            [a, b, c, last].into()
        }
        IpAddr::V6(_) => pod,
    })
}

/// The pooler in front of `server`.
pub(crate) fn pooler(pod: IpAddr, server: &Endpoint) -> Workload {
    let nodes = nodes(pod).map(|node| SocketAddr::new(node, NODE_PORT));
    let listen: Vec<SocketAddr> = [SocketAddr::new(pod, PORT)].into_iter().chain(nodes).collect();
    let content = json!({"listen": listen, "server": server.to_string()}).to_string().into();
    let files = BTreeMap::from([(FILE.to_owned(), File { content, mode: 0o644 })]);
    let service = Service {
        summary: "The pooler".to_owned(),
        command: format!("stand-pooler {FILE}"),
        startup: Startup::Enabled,
        environment: BTreeMap::from([("FILE_SHA256".to_owned(), checksum(&files))]),
        ..Service::default()
    };
    let check = Check {
        level: None,
        period_ms: 5_000,
        timeout_ms: 3_000,
        threshold: 3,
        probe: Probe::Tcp(PORT),
    };
    Workload {
        services: BTreeMap::from([(SERVICE.to_owned(), service)]),
        checks: BTreeMap::from([(SERVICE.to_owned(), check)]),
        files,
        ..Workload::default()
    }
}

/// How the pooler does.
pub(crate) fn status(container: Option<&Container>) -> Status {
    let waiting = |why: &str| Status::Waiting(format!("[{CONTAINER}] {why}"));
    let Some(container) = container else { return waiting("Waiting for Pebble") };
    let answers = container.health.get(SERVICE).is_some_and(|check| {
        check.state == CheckState::Up && check.successes.is_none_or(|times| times > 0)
    });
    match container.states.get(SERVICE) {
        Some(ServiceState::Active) if answers => Status::active(),
        _ => waiting("The pooler does not answer"),
    }
}
