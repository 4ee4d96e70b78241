//! A hook of a charm that runs the proxy.

use std::net::IpAddr;
use std::time::Duration;

use charm::{Change, Observation, Plan, Status};
use juju::{Juju, Look};
use pebble::{Errand, Pebble};

use crate::workload::{self, CERTIFICATE_FILE, CHECK, CONTAINER, ROUTES_FILE, SERVICE};

/// How long a hook waits for the proxy to answer. The status of a later hook says when it takes longer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why a hook failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Juju did not do what it was asked.
    #[error(transparent)]
    Juju(#[from] juju::Error),
    /// Pebble did not do what it was asked.
    #[error(transparent)]
    Pebble(#[from] pebble::Error),
}

/// Does what `decide` wants, given what is seen and the address of the pod, which is that of the gateway.
///
/// # Errors
///
/// [`Error`] where Juju or Pebble does not do its part.
pub async fn dispatch(
    look: &Look<'_>,
    decide: impl Fn(&Observation, Option<IpAddr>) -> Plan,
) -> Result<(), Error> {
    let juju = Juju::from_env()?;
    let mut seen = juju.observe(look).await?;
    let endpoint = look.endpoints.first().map_or("juju-info", |endpoint| endpoint.name);
    let network = juju.network(endpoint).await?;
    let address = network.bind.first().or(network.ingress.first()).copied();
    let pebble = Pebble::of(CONTAINER);
    let before = pebble.observe(&[ROUTES_FILE, CERTIFICATE_FILE]).await?;
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
