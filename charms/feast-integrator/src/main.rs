//! The program that Juju runs in each hook.

use std::process::ExitCode;

use clap::Parser;
use feast_integrator::{ENDPOINTS, decide, is_of_no_interest};
use juju::{Error, Juju, Look};

/// The charm feast-integrator. Juju runs it as `dispatch`, without arguments.
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
    let seen = juju.observe(&Look { endpoints: &ENDPOINTS, ..Look::default() }).await?;
    let changes = decide(&seen).changes(&seen);
    for change in &changes {
        juju.apply(change).await?;
    }
    juju.record(&changes).await
}
