//! Making one change through Juju.

use charm::Change;

use crate::{Juju, action, port, relation, secret, status};

/// Why a change could not be handed to Juju.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Containers are Pebble's.
    #[error("changing the container {0}: Juju has no command for it, its Pebble does that")]
    Workload(String),
    /// Labels are the cluster's.
    #[error("{0}: Juju has no command for it, the cluster does that")]
    Mesh(String),
    /// Objects are the cluster's.
    #[error("{0}: Juju has no command for it, the cluster does that")]
    Object(String),
    /// The content of a secret could not be held in memory.
    #[error("holding the content of a secret in memory")]
    Memory(#[source] std::io::Error),
}

impl Juju {
    /// Makes one change: one hook command, or none where there is nothing to say.
    ///
    /// Relation data, secrets and ports reach Juju when the hook ends well; the answer of an action and the status at
    /// once. Values never show in a list of processes, except for the answers of actions and the status.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Command`] when Juju refuses, and [`crate::Error::Apply`] for a change that is not Juju's.
    pub async fn apply(&self, change: &Change) -> Result<(), crate::Error> {
        let commands = self.commands();
        match change {
            Change::Workload(container, _) => Err(Error::Workload(container.clone()))?,
            Change::Mesh(_) => Err(Error::Mesh(change.to_string()))?,
            Change::Object(_) => Err(Error::Object(change.to_string()))?,
            Change::SecretAdd { label, content } => secret::add(commands, label, content).await?,
            Change::SecretSet { uri, content } => secret::set(commands, uri, content).await?,
            Change::SecretGrant { uri, id } => secret::grant(commands, uri, *id).await?,
            Change::SecretRemove { uri } => secret::remove(commands, uri).await?,
            Change::RelationSet { id, edits } => relation::set(commands, *id, true, edits).await?,
            Change::UnitRelationSet { id, edits } => {
                relation::set(commands, *id, false, edits).await?;
            }
            Change::OpenPort(port) => port::open(commands, *port).await?,
            Change::ClosePort(port) => port::close(commands, *port).await?,
            Change::Answer(answer) => action::answer(commands, answer).await?,
            Change::StatusSet(status) => status::set(commands, status).await?,
        }
        Ok(())
    }
}
