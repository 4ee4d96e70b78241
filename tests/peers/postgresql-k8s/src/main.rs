//! A stand-in for the postgresql-k8s charm, written on our own crates.

mod actions;
mod certificates;
mod decide;
mod workload;

use std::net::IpAddr;
use std::process::ExitCode;
use std::time::Duration;

use charm::{Change, Endpoint, Observation, SecretContent};
use decide::{Decision, Fresh, ROLES, clients, decide, tls};
use interfaces::postgresql_client::Endpoint as Address;
use juju::{Juju, Look};
use pebble::{Errand, Pebble};
use peer_postgresql_k8s::{DATABASE, Server, ask_for_a_hook, grant_later, new_password};
use workload::{CERTIFICATE_FILE, CONTAINER, KEY_FILE, PASSWORD_FILE, PORT, SERVICE, SUPERUSER};

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
    #[error("making a certificate")]
    Certificate(#[from] rcgen::Error),
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
    let before = pebble.observe(&[PASSWORD_FILE, CERTIFICATE_FILE, KEY_FILE]).await?;
    seen.set_container(CONTAINER, before.clone());

    // The container first: what it serves decides about the rest.
    let mut refused = None;
    let mut certificate = |names: &[String], before: Option<&SecretContent>| {
        certificates::issue(names, before).unwrap_or_else(|error| {
            refused = Some(error);
            SecretContent::new()
        })
    };
    let mut fresh = Fresh { password: &mut new_password, certificate: &mut certificate };
    let changes = decide(&seen, address, None, &mut fresh).plan.changes(&seen);
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

    let (server, found) = match reach(&seen, address).await {
        Some(server) => {
            let found = server.observe(ROLES, &clients(&seen).logins()).await?;
            (Some(server), Some(found))
        }
        None => (None, None),
    };
    let Decision { plan, server: server_changes } =
        decide(&seen, address, found.as_ref(), &mut fresh);
    if let Some(error) = refused {
        return Err(error.into());
    }
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
    if certificates::change(&seen, &changes) {
        ask_for_a_hook(&pebble).await?;
    }
    Ok(grant_later(&pebble, &changes).await?)
}

/// The server of this unit; `None` if it does not run, or does not answer in time.
async fn reach(seen: &Observation, address: Option<IpAddr>) -> Option<Server> {
    let password = workload::superuser_password(seen).filter(|_| workload::runs(seen))?;
    let address = Address { host: address?.to_string(), port: PORT };
    Server::reach(&address, &tls(seen), SUPERUSER, password, "postgres", PATIENCE).await
}
