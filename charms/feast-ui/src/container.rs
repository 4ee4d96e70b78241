//! What the container is asked to do, and what the operator is told where that cannot be done.

use std::time::Duration;

use charm::{Change, Container, Status};
use pebble::{Errand, Error};

use crate::workload::{CHECK, CONTAINER, may_clear_up};

/// How long a hook waits for the UI to answer: long enough for a start (3 to 6 seconds on a processor of its own), and
/// short of the 30 seconds for which Juju promises that a leader stays one.
const PATIENCE: Duration = Duration::from_secs(25);

/// Makes the changes, and waits for the UI where they or what was seen `before` call for it.
pub fn errand<'a>(changes: &'a [Change], before: Option<&'a Container>) -> Errand<'a> {
    Errand {
        changes,
        before,
        in_doubt: may_clear_up(before),
        service: CONTAINER,
        check: Some(CHECK),
        patience: PATIENCE,
    }
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
