//! A stand-in for the postgresql-k8s charm, written on our own crates.

mod actions;
mod decide;
mod relation;
mod server;
mod workload;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

use charm::{Change, Endpoint, Observation};
use decide::{Decision, decide};
use juju::{Juju, Look};
use pebble::{CONTAINERS_DIR, CONTAINERS_DIR_VARIABLE, Pebble};
use relation::DATABASE;
use server::Server;
use workload::{CONTAINER, PASSWORD_FILE};

const ENDPOINTS: [Endpoint; 1] = [Endpoint::named(DATABASE).with_remote().with_local()];

/// The notice by which a hook asks for another one: a secret can be granted only after the hook that created it.
const SECRET_CREATED: &str = "charmed-feast.dev/secret-created";

#[derive(Debug, thiserror::Error)]
enum Error {
    #[error(transparent)]
    Juju(#[from] juju::Error),
    #[error(transparent)]
    Pebble(#[from] pebble::Error),
    #[error(transparent)]
    Server(#[from] server::Error),
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
    let look = Look { endpoints: &ENDPOINTS, ports: true, owned_secrets: true, ..Look::default() };
    let mut seen = juju.observe(&look).await?;
    let directory = std::env::var_os(CONTAINERS_DIR_VARIABLE).unwrap_or(CONTAINERS_DIR.into());
    let pebble = Pebble::of_container(&PathBuf::from(directory), CONTAINER);
    look_at(&pebble, &mut seen).await?;

    // The container first: what it serves decides about the rest.
    for change in decide(&seen, None, &mut server::new_password).plan.changes(&seen) {
        let Change::Workload(_, change) = &change else { continue };
        match pebble.apply(CONTAINER, change).await {
            // It went away in the meantime: the next look shows it, and its return is a hook.
            Err(error) if error.container_is_gone() => break,
            other => other?,
        }
    }
    look_at(&pebble, &mut seen).await?;

    let network = juju.network(DATABASE).await?;
    let address = network.bind.first().or(network.ingress.first()).copied();
    let (server, found) = match Server::of(address, &seen).await {
        Some(server) => {
            let found = server.observe(&relation::logins(&seen)).await?;
            (Some(server), Some(found))
        }
        None => (None, None),
    };
    let Decision { plan, server: server_changes } =
        decide(&seen, found.as_ref(), &mut server::new_password);
    if let Some(server) = &server {
        for change in &server_changes {
            server.make(change).await?;
        }
    }
    let mut changes = plan.changes(&seen);
    changes.retain(|change| !matches!(change, Change::Workload(..)));
    for change in &changes {
        juju.apply(change).await?;
    }
    juju.record(&changes).await?;
    let created = changes.iter().any(|change| matches!(change, Change::SecretAdd { .. }));
    if created && seen.containers.contains_key(CONTAINER) {
        match pebble.client().notify(SECRET_CREATED, &BTreeMap::new()).await {
            Err(error) if error.container_is_gone() => {}
            other => drop(other?),
        }
    }
    Ok(())
}

async fn look_at(pebble: &Pebble, seen: &mut Observation) -> Result<(), Error> {
    let found = pebble.observe(&[PASSWORD_FILE]).await?;
    seen.containers = found.map(|found| (CONTAINER.to_owned(), found)).into_iter().collect();
    Ok(())
}
