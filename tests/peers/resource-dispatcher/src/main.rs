//! A stand-in for the resource-dispatcher charm, written on our own crates.

mod decide;
mod manifest;
mod namespaces;

use std::process::ExitCode;

use charm::Endpoint;
use decide::{POD_DEFAULTS, Refusal, SECRETS, decide};
use interfaces::kubernetes_manifest::SECRET;
use juju::{Juju, Look};

const ENDPOINTS: [Endpoint; 2] = [
    Endpoint::named(SECRETS).with_remote().with_marked_secret(SECRET),
    Endpoint::named(POD_DEFAULTS).with_remote().with_marked_secret(SECRET),
];

#[derive(Debug, thiserror::Error)]
enum Error {
    #[error(transparent)]
    Juju(#[from] juju::Error),
    #[error("{0}")]
    Failed(String),
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
    let look = Look { endpoints: &ENDPOINTS, config: true, ..Look::default() };
    let seen = juju.observe(&look).await?;
    let status = match decide(&seen) {
        Ok(wanted) => namespaces::dispatch(&seen.application, &wanted).await,
        Err(Refusal::Told(status)) => status,
        Err(Refusal::Failed(why)) => return Err(Error::Failed(why)),
    };
    Ok(juju.apply(&charm::Change::StatusSet(status)).await?)
}
