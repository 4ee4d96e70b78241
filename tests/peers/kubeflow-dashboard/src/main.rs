//! A stand-in for the kubeflow-dashboard charm, written on our own crates.

mod decide;

use std::process::ExitCode;

use charm::Endpoint;
use decide::{LINKS, decide};
use juju::{Error, Juju, Look};

const ENDPOINTS: [Endpoint; 1] = [Endpoint::named(LINKS).with_remote()];

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match dispatch().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => juju::failed(&error),
    }
}

async fn dispatch() -> Result<(), Error> {
    let juju = Juju::from_env()?;
    let look = Look { endpoints: &ENDPOINTS, followers: true, ..Look::default() };
    let seen = juju.observe(&look).await?;
    let changes = decide(&seen).changes(&seen);
    for change in &changes {
        juju.apply(change).await?;
    }
    juju.record(&changes).await
}
