//! Making a container match, and finding out how it does then.

use std::time::Duration;

use charm::{Change, Container, WorkloadChange};

use crate::{Cause, Error, Pebble};

/// What to do to a container, and what to wait for afterwards.
#[derive(Clone, Copy, Debug)]
pub struct Errand<'a> {
    /// What to do, in order. Changes to anything but this Pebble's own container are left out.
    pub changes: &'a [Change],
    /// What the container was like when they were decided on.
    pub before: Option<&'a Container>,
    /// Whether it was not yet as it should be then, so that it is waited for even where nothing is to be changed.
    pub in_doubt: bool,
    /// What to wait for, as in [`Pebble::settle`].
    pub service: &'a str,
    /// The check by which the service is known to serve.
    pub check: Option<&'a str>,
    /// How long to wait at most, after the changes.
    pub patience: Duration,
}

impl Pebble {
    /// Makes the changes, waits for what comes of them, and answers what the container is like then, with the files that
    /// it had before and those that were pushed. `None` once it does not answer any more: the changes that are left are
    /// not made, and its return is a hook.
    ///
    /// A service that does not start is no error: the container afterwards shows what became of it.
    ///
    /// # Errors
    ///
    /// What Pebble refuses to do or cannot do otherwise; the changes that are left are not made.
    pub async fn carry_out(&self, errand: &Errand<'_>) -> Result<Option<Container>, Error> {
        match self.make_and_settle(errand).await {
            Err(error) if error.container_is_gone() => {
                tracing::debug!(cause = %error.cause, "{error}");
                Ok(None)
            }
            other => other,
        }
    }

    async fn make_and_settle(&self, errand: &Errand<'_>) -> Result<Option<Container>, Error> {
        let Errand { changes, before, in_doubt, service, check, patience } = *errand;
        let ours: Vec<&WorkloadChange> = changes
            .iter()
            .filter_map(|change| match change {
                Change::Workload(container, change) if container == self.container() => {
                    Some(change)
                }
                _ => None,
            })
            .collect();
        if ours.is_empty() && !(in_doubt && before.is_some()) {
            return Ok(before.cloned());
        }
        let mut files = before.map(|before| before.files.clone()).unwrap_or_default();
        for change in ours {
            match self.apply(self.container(), change).await {
                Ok(()) => {}
                Err(error) if matches!(error.cause, Cause::Failed { .. }) => {
                    tracing::warn!("{error}: {}", error.cause);
                }
                Err(error) => return Err(error),
            }
            if let WorkloadChange::Push { path, file } = change {
                files.insert(path.clone(), file.clone());
            }
        }
        let after = self.settle(service, check, patience).await?;
        Ok(Some(Container { files, ..after }))
    }
}
