//! A stand-in for the postgresql-k8s charm, written on our own crates.

mod actions;
mod decide;
mod relation;
mod server;
mod workload;

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::Duration;

use charm::{Change, Endpoint};
use decide::{Decision, decide};
use juju::{Juju, Look};
use pebble::{Errand, Pebble};
use relation::DATABASE;
use server::Server;
use workload::{CONTAINER, PASSWORD_FILE, SERVICE};

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
    let pebble = Pebble::of(CONTAINER);
    let before = pebble.observe(&[PASSWORD_FILE]).await?;
    seen.set_container(CONTAINER, before.clone());

    // The container first: what it serves decides about the rest.
    let changes = decide(&seen, None, &mut server::new_password).plan.changes(&seen);
    let errand = Errand {
        changes: &changes,
        before: before.as_ref(),
        in_doubt: !workload::runs(&seen),
        service: SERVICE,
        // Whether it answers is found out below, with a connection.
        check: None,
        patience: Duration::ZERO,
    };
    seen.set_container(CONTAINER, pebble.carry_out(&errand).await?);

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
