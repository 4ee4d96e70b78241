//! Making the container match, and finding out whether it then serves.

use std::path::PathBuf;
use std::time::Duration;

use charm::{Change, Container, Status};
use pebble::{CONTAINERS_DIR, CONTAINERS_DIR_VARIABLE, Error, Pebble};

use crate::workload::{CHECK, CONTAINER, FILE, trouble};

/// How long a hook waits for the UI to answer: long enough for a start (3 to 6 seconds on a processor of its own), and
/// short of the 30 seconds for which Juju promises that a leader stays one.
const PATIENCE: Duration = Duration::from_secs(25);

pub(crate) fn pebble() -> Pebble {
    let containers = std::env::var_os(CONTAINERS_DIR_VARIABLE)
        .map_or_else(|| CONTAINERS_DIR.into(), PathBuf::from);
    Pebble::of_container(&containers, CONTAINER)
}

pub(crate) async fn observe(pebble: &Pebble) -> Result<Option<Container>, Status> {
    pebble.observe(&[FILE]).await.map_err(|error| told(&error))
}

/// Makes `changes`, and looks at the container again where that may have changed how it does.
pub(crate) async fn apply(
    pebble: &Pebble,
    before: Option<&Container>,
    changes: &[Change],
) -> Result<Option<Container>, Status> {
    let mut idle = true;
    for change in changes {
        let Change::Workload(_, change) = change else { continue };
        idle &= change.is_idle();
        match pebble.apply(CONTAINER, change).await {
            Ok(()) => {}
            // What became of the service says more than that it could not be started.
            Err(error) if matches!(error.cause, pebble::Cause::Failed { .. }) => {
                tracing::warn!("{error}: {}", error.cause);
            }
            Err(error) if error.container_is_gone() => return Ok(None),
            Err(error) => return Err(told(&error)),
        }
    }
    if changes.is_empty() || (idle && trouble(before).is_none()) {
        return Ok(before.cloned());
    }
    match pebble.settle(CONTAINER, Some(CHECK), PATIENCE).await {
        Ok(container) => Ok(Some(container)),
        Err(error) if error.container_is_gone() => Ok(None),
        Err(error) => Err(told(&error)),
    }
}

fn told(error: &Error) -> Status {
    Status::Waiting(format!("[feast-ui-pebble-service] {error}: {}", error.cause))
}
