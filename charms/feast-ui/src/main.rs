//! The program that Juju runs in each hook.

use std::process::ExitCode;

use charm::{Change, Status};
use clap::Parser;
use feast_ui::{
    CONTAINER, Labels, act, decide, endpoints, errand, is_of_no_interest, look_again, observe, told,
};
use juju::{Error, Juju};
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
    if let Some(action) = juju.dispatch().action_name() {
        return act(&juju, action).await;
    }
    let (mut seen, found) = observe(&juju, &endpoints(juju.dispatch())).await?;
    let (before, unseen) = told(found);
    seen.set_container(CONTAINER, before.clone());
    let mut labels = Labels::observe(&mut seen).await;

    let plan = decide(&seen);
    let changes = plan.changes(&seen);
    // The container first: nothing is announced before it is true, and its state decides on the status.
    let pebble = Pebble::of(CONTAINER);
    let (after, undone) = told(pebble.carry_out(&errand(&plan, &changes, before.as_ref())).await);
    seen.set_container(CONTAINER, after);
    let plan = decide(&seen);
    look_again(&pebble, &plan, seen.containers.get(CONTAINER)).await;
    let (unwell, decided) = (undone.or(unseen), plan.status);
    let mut made = Vec::new();
    for change in changes {
        let is_made = match &change {
            Change::Workload(..) => true,
            Change::Mesh(change) => labels.make(change).await,
            // The last of all, so that it knows what became of the others.
            Change::StatusSet(_) => {
                let troubles = unwell.iter().chain([&decided]).chain(&labels.trouble).cloned();
                juju.apply(&Change::StatusSet(Status::worst(troubles))).await?;
                true
            }
            change => {
                juju.apply(change).await?;
                true
            }
        };
        made.extend(is_made.then_some(change));
    }
    juju.record(&made).await
}
