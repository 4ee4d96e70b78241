//! A stand-in for the postgresql-k8s charm, written on our own crates.

mod actions;
mod decide;
mod workload;

use std::process::ExitCode;
use std::time::Duration;

use charm::{Change, Endpoint, Observation};
use decide::{Decision, ROLES, clients, decide};
use interfaces::postgresql_client::Endpoint as Address;
use juju::{Juju, Look};
use pebble::{Errand, Pebble};
use peer_postgresql_k8s::{DATABASE, Server, grant_later, new_password};
use workload::{CONTAINER, PASSWORD_FILE, PORT, SERVICE, SUPERUSER};

const ENDPOINTS: [Endpoint; 1] = [Endpoint::named(DATABASE).with_remote().with_local()];

/// How long a hook waits for a server that is starting: it makes its files first.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Debug, thiserror::Error)]
enum Error {
    #[error(transparent)]
    Juju(#[from] juju::Error),
    #[error(transparent)]
    Pebble(#[from] pebble::Error),
    #[error(transparent)]
    Server(#[from] peer_postgresql_k8s::Error),
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
    let changes = decide(&seen, None, &mut new_password).plan.changes(&seen);
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

    let (server, found) = match reach(&juju, &seen).await? {
        Some(server) => {
            let found = server.observe(ROLES, &clients(&seen).logins()).await?;
            (Some(server), Some(found))
        }
        None => (None, None),
    };
    let Decision { plan, server: server_changes } =
        decide(&seen, found.as_ref(), &mut new_password);
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
    Ok(grant_later(&pebble, &changes).await?)
}

/// The server of this unit; `None` if it does not run, or does not answer in time.
async fn reach(juju: &Juju, seen: &Observation) -> Result<Option<Server>, Error> {
    let Some(password) = workload::superuser_password(seen).filter(|_| workload::runs(seen)) else {
        return Ok(None);
    };
    let network = juju.network(DATABASE).await?;
    let Some(address) = network.bind.first().or(network.ingress.first()) else { return Ok(None) };
    let address = Address { host: address.to_string(), port: PORT };
    Ok(Server::reach(&address, SUPERUSER, password, "postgres", PATIENCE).await)
}
