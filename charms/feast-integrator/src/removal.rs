//! The end of the application, which takes along what it has put into namespaces.

use charm::{Change, Plan, Sight, Status};
use juju::{Error, Juju, Look};

use crate::direct::Direct;
use crate::namespaces;

/// Takes back everything, where this is the leader's end and that of the whole application.
///
/// # Errors
///
/// [`Error`] when Juju itself does not work.
pub async fn take_back(juju: &Juju) -> Result<(), Error> {
    let mut seen = juju.observe(&Look::default()).await?;
    if !seen.leader || !juju.goal_state().await?.ends_with(juju.unit()) {
        return Ok(());
    }
    let mut direct = Direct::find(&mut seen).await;
    let plan = Plan { objects: Some(namespaces::nothing()), ..Plan::only(Status::active()) };
    let mut changes = plan.changes(&seen);
    let made = direct.make(&mut changes).await;
    let trouble = match seen.cluster {
        Sight::Failed(status) => Some(status),
        _ => direct.trouble,
    };
    if let Some(trouble) = trouble {
        juju.warn(&format!("some objects were not taken back: {trouble}")).await?;
    }
    juju.record(&made).await
}

/// Whether `changes` come only of a unit that goes and is outlived by others: its relations end for it alone, and who leads
/// next goes on with them.
///
/// # Errors
///
/// [`Error`] when Juju itself does not work.
pub async fn is_premature(juju: &Juju, changes: &[Change]) -> Result<bool, Error> {
    let dispatch = juju.dispatch();
    let is_told = |change: &Change| matches!(change, Change::StatusSet(_));
    // After the end of one relation, the next begins to end.
    let ends = dispatch.breaking().is_some() || dispatch.name.ends_with("-relation-departed");
    Ok(ends && !changes.iter().all(is_told) && juju.goal_state().await?.is_outlived(juju.unit()))
}
