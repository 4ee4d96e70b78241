//! A stand-in for the istio-ingress-k8s charm, written on our own crates.

mod decide;
mod document;
mod listeners;
mod per_application;

use std::process::ExitCode;

use charm::Endpoint;
use decide::{INGRESS, ROUTE, ROUTE_UNAUTHENTICATED, decide};
use juju::Look;

const ENDPOINTS: [Endpoint; 3] = [
    Endpoint::named(ROUTE).with_remote().with_local(),
    Endpoint::named(ROUTE_UNAUTHENTICATED).with_remote().with_local(),
    Endpoint::named(INGRESS).with_remote().with_local(),
];

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let look = Look { endpoints: &ENDPOINTS, config: true, ports: true, ..Look::default() };
    match peer_gateway::dispatch(&look, decide).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => juju::failed(&error),
    }
}
