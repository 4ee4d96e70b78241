//! What an application keeps in many namespaces: changed a few at a time.

use std::cell::Cell;
use std::collections::BTreeSet;

use charm::{Labels, ObjectChange, ObjectContent, ObjectId};
use futures_util::stream::{self, StreamExt as _};
use kube::api::DeleteParams;
use serde_json::{Map, Value, json};

use crate::error::Sent;
use crate::{Cluster, Error, Object, OnConflict};

/// Requests at the same time. The API server gains nothing from more, and others want to be served too.
const AT_ONCE: usize = 8;

/// What a cluster was asked to do and has not done.
#[derive(Debug, Default)]
pub struct Undone {
    /// What was refused, or failed.
    pub failed: Vec<(ObjectChange, Error)>,
    /// What was not even tried: what it needs has failed, or the cluster does not answer at all.
    pub untried: Vec<ObjectChange>,
}

impl Cluster {
    /// Makes `changes`, several at the same time but no kind of change before all those of another kind that come before
    /// it. What is made carries `labels`.
    ///
    /// One namespace that cannot be changed does not hold up the others; nothing more is done in it.
    pub async fn change_objects(&self, labels: &Labels, changes: &[ObjectChange]) -> Undone {
        let mut undone = Undone::default();
        let mut troubled = BTreeSet::new();
        let silent = Cell::new(0);
        for alike in changes.chunk_by(is_alike) {
            let useless = Cell::new(false);
            let tried = stream::iter(alike).map(|change| {
                let hopeless = useless.get() || silent.get() >= AT_ONCE;
                let skipped = hopeless || troubled.contains(&change.id().namespace);
                let (useless, silent) = (&useless, &silent);
                async move {
                    if skipped {
                        return Some((change.clone(), None));
                    }
                    let error = self.change_object(labels, change).await.err()?;
                    match &error {
                        Error::MissingCrd { .. } => useless.set(true),
                        Error::Unauthorized { .. } => silent.set(AT_ONCE),
                        error if error.is_silence() => silent.set(silent.get() + 1),
                        _ => {}
                    }
                    Some((change.clone(), Some(error)))
                }
            });
            let failed: Vec<_> =
                tried.buffer_unordered(AT_ONCE).filter_map(async |it| it).collect().await;
            for (change, error) in failed {
                troubled.insert(change.id().namespace.clone());
                match error {
                    Some(error) => undone.failed.push((change, error)),
                    None => undone.untried.push(change),
                }
            }
        }
        undone.failed.sort_by(|(one, _), (other, _)| one.id().cmp(other.id()));
        undone
    }

    async fn change_object(&self, labels: &Labels, change: &ObjectChange) -> Result<(), Error> {
        match change {
            // Who was faster is not overwritten.
            ObjectChange::Create(id, content) => {
                self.apply(&object(id, content, labels), OnConflict::Refuse).await
            }
            ObjectChange::Repair(id, content) => {
                self.apply(&object(id, content, labels), OnConflict::TakeOver).await
            }
            ObjectChange::Delete(id) => self.delete_from(id).await,
        }
    }

    async fn delete_from(&self, id: &ObjectId) -> Result<(), Error> {
        let ObjectId { kind, name, namespace } = id;
        let api = self.api(kind, Some(namespace));
        let deleted = api.delete(name, &DeleteParams::default()).await;
        let doing = format!("delete {kind} {name} in namespace {namespace}");
        match deleted.map_err(|error| self.error(error, doing, Sent::Nothing)) {
            // Somebody was faster, or the namespace is gone with all that was in it.
            Err(Error::NotFound { .. }) => Ok(()),
            other => other.map(drop),
        }
    }
}

fn is_alike(one: &ObjectChange, other: &ObjectChange) -> bool {
    let deletes = |change: &ObjectChange| matches!(change, ObjectChange::Delete(_));
    deletes(one) == deletes(other) && one.id().kind == other.id().kind
}

fn object(id: &ObjectId, content: &ObjectContent, labels: &Labels) -> Object {
    let ObjectId { kind, name, namespace } = id;
    let mut object = Map::new();
    object.insert("apiVersion".to_owned(), json!(kind.api_version));
    object.insert("kind".to_owned(), json!(kind.kind));
    let metadata = json!({"name": name, "namespace": namespace, "labels": labels});
    object.insert("metadata".to_owned(), metadata);
    object.extend(content.reveal().clone());
    Object::new(Value::Object(object)).expect("an object of a kind has a name")
}
