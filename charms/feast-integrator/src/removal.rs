//! The end of the application, which takes along what it has put into namespaces.

use charm::{Change, ObjectChange, Plan, Sight, Status};
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

/// Whether `changes` take something back only because a unit goes that others outlive: its relations end for it alone.
///
/// # Errors
///
/// [`Error`] when Juju itself does not work.
pub async fn is_premature(juju: &Juju, changes: &[Change]) -> Result<bool, Error> {
    let takes_back = |change: &Change| matches!(change, Change::Object(ObjectChange::Delete(_)));
    Ok(juju.dispatch().breaking().is_some()
        && changes.iter().any(takes_back)
        && juju.goal_state().await?.is_outlived(juju.unit()))
}
