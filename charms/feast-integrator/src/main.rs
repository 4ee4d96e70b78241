//! The program that Juju runs in each hook.

use std::process::ExitCode;

use charm::Change;
use clap::Parser;
use feast_integrator::{
    Direct, ENDPOINTS, EXTRA_CONFIGURATION, act, decide, is_of_no_interest, is_premature, take_back,
};
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
    // What it holds while it waits for the cluster is much for a stack.
    match Box::pin(dispatch()).await {
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
    if juju.dispatch().is_hook("remove") {
        return take_back(&juju).await;
    }
    if let Some(action) = juju.dispatch().action_name() {
        return act(&juju, action).await;
    }
    let look = Look {
        endpoints: &ENDPOINTS,
        config: true,
        config_secrets: &[EXTRA_CONFIGURATION],
        owned_secrets: true,
        status: true,
        ..Look::default()
    };
    let mut seen = juju.observe(&look).await?;
    let mut direct = Direct::observe(&mut seen).await;
    let mut changes = direct.changes(&mut seen, decide).await;
    if is_premature(&juju, &changes).await? {
        return Ok(());
    }
    // Only Juju knows the URI of a new secret, which is then handed on in the same hook.
    let is_new = |change: &Change| matches!(change, Change::SecretAdd { .. });
    if changes.iter().any(is_new) {
        changes.retain(is_new);
        for change in &changes {
            juju.apply(change).await?;
        }
        juju.record(&changes).await?;
        seen.owned_secrets = juju.owned_secrets().await?;
        changes = decide(&seen).changes(&seen);
    }
    // The cluster first: nothing is announced before it is true, and what became of it decides on the status.
    let mut made = direct.make(&mut changes).await;
    direct.tell(&seen, &mut changes, decide);
    for change in changes {
        juju.apply(&change).await?;
        made.push(change);
    }
    juju.record(&made).await
}
