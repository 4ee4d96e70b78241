//! A stand-in for the istio-pilot charm, written on our own crates.

mod decide;
mod workload;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use charm::{Change, Endpoint, Observation};
use decide::{INGRESS, decide};
use juju::{Juju, Look};
use pebble::{CONTAINERS_DIR, CONTAINERS_DIR_VARIABLE, Pebble};
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
    let directory = std::env::var_os(CONTAINERS_DIR_VARIABLE).unwrap_or(CONTAINERS_DIR.into());
    let pebble = Pebble::of_container(&PathBuf::from(directory), CONTAINER);
    look_at(&pebble, &mut seen).await?;

    // The container first: its state decides about the status.
    let mut changes = decide(&seen, address).changes(&seen);
    let mut acted = false;
    for change in &changes {
        let Change::Workload(_, change) = change else { continue };
        acted |= !change.is_idle();
        match pebble.apply(CONTAINER, change).await {
            // It went away in the meantime: the next look shows it, and its return is a hook.
            Err(error) if error.container_is_gone() => break,
            other => other?,
        }
    }
    if acted {
        match pebble.settle(SERVICE, Some(CHECK), PATIENCE).await {
            Err(error) if error.container_is_gone() => {}
            other => drop(other?),
        }
        look_at(&pebble, &mut seen).await?;
        changes = decide(&seen, address).changes(&seen);
    }
    for change in changes.iter().filter(|change| !matches!(change, Change::Workload(..))) {
        juju.apply(change).await?;
    }
    Ok(juju.record(&changes).await?)
}

async fn look_at(pebble: &Pebble, seen: &mut Observation) -> Result<(), Error> {
    let found = pebble.observe(&[ROUTES_FILE]).await?;
    seen.containers = found.map(|found| (CONTAINER.to_owned(), found)).into_iter().collect();
    Ok(())
}
