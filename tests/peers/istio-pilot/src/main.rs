//! A stand-in for the istio-pilot charm, written on our own crates.

mod decide;

use std::process::ExitCode;

use charm::Endpoint;
use decide::{INGRESS, decide};
use juju::Look;

const ENDPOINTS: [Endpoint; 1] = [Endpoint::named(INGRESS).with_remote().with_local()];

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let look = Look { endpoints: &ENDPOINTS, config: true, ports: true, ..Look::default() };
    match peer_gateway::dispatch(&look, decide).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => juju::failed(&error),
    }
}
