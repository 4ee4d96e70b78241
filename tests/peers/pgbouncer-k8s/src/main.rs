//! A stand-in for the pgbouncer-k8s charm, written on our own crates.

mod decide;
mod workload;

use std::net::IpAddr;
use std::process::ExitCode;
use std::time::Duration;

use charm::{Change, Endpoint, Observation, Status};
use decide::{BACKEND, Decision, ROLES, backend, clients, decide};
use juju::{Juju, Look};
use pebble::{Errand, Pebble};
use peer_postgresql_k8s::{DATABASE, Found, Server, grant_later, new_password};
use workload::{CONTAINER, FILE, SERVICE};

const ENDPOINTS: [Endpoint; 2] = [
    Endpoint::named(BACKEND).with_remote().with_local().with_secrets("secret-"),
    Endpoint::named(DATABASE).with_remote().with_local(),
];

/// How long a hook waits for the pooler to answer, and for the server. The status of a later hook says when it takes longer.
const PATIENCE: Duration = Duration::from_secs(10);

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
    let look = Look {
        endpoints: &ENDPOINTS,
        config: true,
        ports: true,
        owned_secrets: true,
        ..Look::default()
    };
    let mut seen = juju.observe(&look).await?;
    let network = juju.network(DATABASE).await?;
    let address = network.bind.first().or(network.ingress.first()).copied();
    let pebble = Pebble::of(CONTAINER);
    let before = pebble.observe(&[FILE]).await?;
    seen.set_container(CONTAINER, before.clone());

    // The container first: nothing is announced before it is true.
    let changes = decide(&seen, address, None, &mut new_password).plan.changes(&seen);
    let errand = Errand {
        changes: &changes,
        before: before.as_ref(),
        in_doubt: workload::status(before.as_ref()) != Status::active(),
        service: SERVICE,
        check: Some(SERVICE),
        patience: PATIENCE,
    };
    seen.set_container(CONTAINER, pebble.carry_out(&errand).await?);

    let (server, found) = reach(&seen, address).await?;
    let Decision { plan, server: server_changes } =
        decide(&seen, address, found.as_ref(), &mut new_password);
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

/// The server behind the pooler, and what it says; nothing where it is not known or does not answer in time.
async fn reach(
    seen: &Observation,
    address: Option<IpAddr>,
) -> Result<(Option<Server>, Option<Found>), Error> {
    let (true, Ok(backend), Some(address)) = (seen.leader, backend(seen), address) else {
        return Ok((None, None));
    };
    let endpoint = backend.endpoints.first();
    let (user, password, database) = (&backend.username, &backend.password, &backend.database);
    let Some(server) =
        Server::reach(endpoint, &backend.tls, user, password, database, PATIENCE).await
    else {
        return Ok((None, None));
    };
    let logins = clients(seen, address).map(|clients| clients.logins()).unwrap_or_default();
    let found = server.observe(ROLES, &logins).await?;
    Ok((Some(server), Some(found)))
}
