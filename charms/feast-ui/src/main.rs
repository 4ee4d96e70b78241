//! The feast-ui charm: Feast's web UI, on the configuration that feast-integrator hands out.

mod container;
mod decide;
mod feature_store;
mod inputs;
mod routes;
mod workload;

use std::process::ExitCode;

use charm::{Change, Status};
use clap::Parser;
use juju::{Error, Juju, Look};

/// The charm feast-ui. Juju runs it as `dispatch`, without arguments.
#[derive(Parser)]
#[command(version = VERSION)]
struct Arguments {}

const VERSION: &str = match option_env!("CHARM_COMMIT") {
    Some(commit) => commit,
    None => env!("CARGO_PKG_VERSION"),
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let Arguments {} = Arguments::parse();
    match dispatch().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => juju::failed(&error),
    }
}

async fn dispatch() -> Result<(), Error> {
    let juju = Juju::from_env()?;
    if inputs::is_of_no_interest(juju.dispatch()) {
        return Ok(());
    }
    juju::subscribe(juju.dispatch().kind);
    let look =
        Look { endpoints: &inputs::ENDPOINTS, followers: true, ports: true, ..Look::default() };
    let mut seen = juju.observe(&look).await?;
    let pebble = container::pebble();
    let mut trouble = None;
    let container = container::observe(&pebble).await.unwrap_or_else(|status| {
        trouble = Some(status);
        None
    });
    seen.containers.extend(container.map(|container| (workload::CONTAINER.to_owned(), container)));

    let changes = decide::decide(&seen).changes(&seen);
    // The container first: nothing is announced before it is true, and its state decides on the status.
    let (in_container, with_juju): (Vec<Change>, Vec<Change>) =
        changes.into_iter().partition(|change| matches!(change, Change::Workload(..)));
    let before = seen.containers.remove(workload::CONTAINER);
    match container::apply(&pebble, before.as_ref(), &in_container).await {
        Ok(after) => seen
            .containers
            .extend(after.map(|container| (workload::CONTAINER.to_owned(), container))),
        Err(status) => trouble = Some(status),
    }
    let status = Status::worst(trouble.into_iter().chain([decide::decide(&seen).status]));
    for change in &with_juju {
        match change {
            Change::StatusSet(_) => juju.apply(&Change::StatusSet(status.clone())).await?,
            change => juju.apply(change).await?,
        }
    }
    let made = in_container
        .into_iter()
        .filter(|change| !matches!(change, Change::Workload(_, change) if change.is_idle()));
    juju.record(&made.chain(with_juju).collect::<Vec<_>>()).await
}
