//! The program that Juju runs in each hook.

use std::process::ExitCode;

use charm::{Change, Status};
use clap::Parser;
use feast_ui::{CONTAINER, ENDPOINTS, FILE, decide, errand, is_of_no_interest, told};
use juju::{Error, Juju, Look};
use pebble::Pebble;

/// The charm feast-ui. Juju runs it as `dispatch`, without arguments.
#[derive(Parser)]
#[command(version = VERSION)]
struct Arguments {}

const VERSION: &str = match option_env!("CHARM_VERSION") {
    Some(version) => version,
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
    if is_of_no_interest(juju.dispatch()) {
        return Ok(());
    }
    juju::subscribe(juju.dispatch().kind);
    let look = Look { endpoints: &ENDPOINTS, followers: true, ports: true, ..Look::default() };
    let pebble = Pebble::of(CONTAINER);
    // While Juju answers one hook command after another, Pebble answers too.
    let (seen, found) = tokio::join!(juju.observe(&look), pebble.observe(&[FILE]));
    let mut seen = seen?;
    let (before, unseen) = told(found);
    seen.set_container(CONTAINER, before.clone());

    let changes = decide(&seen).changes(&seen);
    // The container first: nothing is announced before it is true, and its state decides on the status.
    let (after, undone) = told(pebble.carry_out(&errand(&changes, before.as_ref())).await);
    seen.set_container(CONTAINER, after);
    let status = Status::worst(undone.or(unseen).into_iter().chain([decide(&seen).status]));
    for change in &changes {
        match change {
            Change::Workload(..) => {}
            Change::StatusSet(_) => juju.apply(&Change::StatusSet(status.clone())).await?,
            change => juju.apply(change).await?,
        }
    }
    juju.record(&changes).await
}
