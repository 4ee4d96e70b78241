//! A stand-in for the istio-pilot charm, written on our own crates.

mod decide;
mod workload;

use std::process::ExitCode;
use std::time::Duration;

use charm::{Change, Endpoint, Status};
use decide::{INGRESS, decide};
use juju::{Juju, Look};
use pebble::{Errand, Pebble};
use workload::{CHECK, CONTAINER, ROUTES_FILE, SERVICE};

const ENDPOINTS: [Endpoint; 1] = [Endpoint::named(INGRESS).with_remote().with_local()];

/// How long a hook waits for the gateway to answer. The status of a later hook says when it takes longer.
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Debug, thiserror::Error)]
enum Error {
    #[error(transparent)]
    Juju(#[from] juju::Error),
    #[error(transparent)]
    Pebble(#[from] pebble::Error),
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match dispatch().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => juju::failed(&error),
    }
}

async fn dispatch() -> Result<(), Error> {
    let juju = Juju::from_env()?;
    let look = Look { endpoints: &ENDPOINTS, config: true, ports: true, ..Look::default() };
    let mut seen = juju.observe(&look).await?;
    let network = juju.network(INGRESS).await?;
    let address = network.bind.first().or(network.ingress.first()).copied();
    let pebble = Pebble::of(CONTAINER);
    let before = pebble.observe(&[ROUTES_FILE]).await?;
    seen.set_container(CONTAINER, before.clone());

    // The container first: its state decides about the status.
    let changes = decide(&seen, address).changes(&seen);
    let errand = Errand {
        changes: &changes,
        before: before.as_ref(),
        in_doubt: workload::status(before.as_ref()) != Status::active(),
        service: SERVICE,
        check: Some(CHECK),
        patience: PATIENCE,
    };
    seen.set_container(CONTAINER, pebble.carry_out(&errand).await?);
    let changes = decide(&seen, address).changes(&seen);
    for change in changes.iter().filter(|change| !matches!(change, Change::Workload(..))) {
        juju.apply(change).await?;
    }
    Ok(juju.record(&changes).await?)
}
