//! What the container is asked to do, and what the operator is told where that cannot be done.

use std::collections::BTreeMap;
use std::time::Duration;

use charm::{Change, Container, Plan, Status};
use pebble::{Errand, Error, Pebble};

use crate::workload::{CHECK, CONTAINER, is_starting, may_clear_up};

/// How long a hook waits for the UI to answer: long enough for a start (3 to 6 seconds on a processor of its own), and
/// short of the 30 seconds for which Juju promises that a leader stays one.
const PATIENCE: Duration = Duration::from_secs(25);

/// Makes the changes, and waits for the UI where they or, if it is to run, what was seen `before` call for it.
pub fn errand<'a>(plan: &Plan, changes: &'a [Change], before: Option<&'a Container>) -> Errand<'a> {
    let in_doubt = runs(plan) && may_clear_up(before);
    Errand { in_doubt, ..errand_within(changes, before, PATIENCE) }
}

/// Makes the changes, and waits for the UI for so long.
pub(crate) fn errand_within<'a>(
    changes: &'a [Change],
    before: Option<&'a Container>,
    patience: Duration,
) -> Errand<'a> {
    Errand { changes, before, in_doubt: false, service: CONTAINER, check: Some(CHECK), patience }
}

/// The notice by which a hook that has waited in vain has Juju run another one.
const STARTING: &str = "charmed-feast.dev/starting";

/// Sees to it that there is another hook where the UI takes longer to start than this one could wait. Else the next one
/// may be minutes away. That goes on until the UI answers or its check is down, of whose end Juju tells.
pub async fn look_again(pebble: &Pebble, plan: &Plan, after: Option<&Container>) {
    if !runs(plan) || !after.is_some_and(is_starting) {
        return;
    }
    if let Err(error) = pebble.client().notify(STARTING, &BTreeMap::new()).await {
        // A container that went away comes back with a hook of its own.
        tracing::debug!(cause = %error.cause, "{error}");
    }
}

/// Whether the UI is to run.
fn runs(plan: &Plan) -> bool {
    plan.workloads.get(CONTAINER).is_some_and(|workload| !workload.services.is_empty())
}

/// A container, or what keeps us from seeing it.
pub fn told(found: Result<Option<Container>, Error>) -> (Option<Container>, Option<Status>) {
    match found {
        Ok(container) => (container, None),
        Err(error) => {
            let text = format!("[feast-ui-pebble-service] {error}: {}", error.cause);
            (None, Some(Status::Waiting(text)))
        }
    }
}
