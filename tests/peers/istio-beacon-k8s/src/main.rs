//! A stand-in for the istio-beacon-k8s charm, written on our own crates.

mod decide;

use std::process::ExitCode;

use charm::Endpoint;
use decide::{SERVICE_MESH, Unspoken, decide};
use juju::{Juju, Look};

const ENDPOINTS: [Endpoint; 1] = [Endpoint::named(SERVICE_MESH).with_remote().with_local()];

#[derive(Debug, thiserror::Error)]
enum Error {
    #[error(transparent)]
    Juju(#[from] juju::Error),
    #[error(transparent)]
    Unspoken(#[from] Unspoken),
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
    let seen =
        juju.observe(&Look { endpoints: &ENDPOINTS, config: true, ..Look::default() }).await?;
    let changes = decide(&seen)?.changes(&seen);
    for change in &changes {
        juju.apply(change).await?;
    }
    Ok(juju.record(&changes).await?)
}
