//! One thing to do.

use std::fmt;

use crate::{
    Answer, Edits, MeshChange, ObjectChange, Port, RelationId, SecretContent, Status,
    WorkloadChange,
};

/// One thing to do. It prints keys and sizes, never values: the line is both the log and the snapshot.
#[derive(Clone, PartialEq)]
pub enum Change {
    /// Act on a container: at once, whatever the hook's end.
    Workload(String, WorkloadChange),
    /// Create a secret of our application. Its URI is known to the next observation, which may be in the same hook.
    SecretAdd {
        /// The owner's label.
        label: String,
        /// What it holds.
        content: SecretContent,
    },
    /// Publish a new revision of a secret of our application.
    SecretSet {
        /// Which.
        uri: String,
        /// What it holds.
        content: SecretContent,
    },
    /// Let the other side of a relation read a secret of our application.
    SecretGrant {
        /// Which.
        uri: String,
        /// The relation.
        id: RelationId,
    },
    /// Remove a secret of our application, with all its revisions.
    SecretRemove {
        /// Which.
        uri: String,
    },
    /// Change our application's databag.
    RelationSet {
        /// The relation.
        id: RelationId,
        /// New values.
        edits: Edits,
    },
    /// Change this unit's databag.
    UnitRelationSet {
        /// The relation.
        id: RelationId,
        /// New values.
        edits: Edits,
    },
    /// Open a port of this unit.
    OpenPort(Port),
    /// Close a port of this unit.
    ClosePort(Port),
    /// Act on the labels of pods and Service: at once, whatever the hook's end.
    Mesh(MeshChange),
    /// Act on an object of the cluster: at once, whatever the hook's end.
    Object(ObjectChange),
    /// Answer the action.
    Answer(Answer),
    /// Tell the operator.
    StatusSet(Status),
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Workload(container, change) => write!(f, "pebble {container}: {change}"),
            Self::SecretAdd { label, content } => {
                write!(f, "secret-add --label {label} {}", keys(content))
            }
            Self::SecretSet { uri, content } => write!(f, "secret-set {uri} {}", keys(content)),
            Self::SecretGrant { uri, id } => write!(f, "secret-grant {uri} -r {id}"),
            Self::SecretRemove { uri } => write!(f, "secret-remove {uri}"),
            Self::RelationSet { id, edits } => write!(f, "relation-set -r {id} --app {edits}"),
            Self::UnitRelationSet { id, edits } => write!(f, "relation-set -r {id} {edits}"),
            Self::OpenPort(port) => write!(f, "open-port {port}"),
            Self::ClosePort(port) => write!(f, "close-port {port}"),
            Self::Mesh(change) => write!(f, "mesh: {change}"),
            Self::Object(change) => write!(f, "cluster: {change}"),
            Self::Answer(Answer::Results(results)) => {
                write!(f, "action-set")?;
                results
                    .iter()
                    .try_for_each(|(key, value)| write!(f, " {key}=<{} bytes>", value.len()))
            }
            Self::Answer(Answer::Failure(reason)) => write!(f, "action-fail {reason}"),
            Self::StatusSet(status) => write!(f, "status-set {status}"),
        }
    }
}

impl fmt::Debug for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

fn keys(content: &SecretContent) -> String {
    let keys: Vec<String> = content
        .iter()
        .map(|(key, value)| format!("{key}=<{} bytes>", value.reveal().len()))
        .collect();
    keys.join(" ")
}
