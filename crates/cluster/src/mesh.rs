//! The labels that bring an application that Juju deployed into a service mesh.
//!
//! Juju runs an application as the `StatefulSet` and the Service of its name, in the namespace of its model's name. The
//! record of the labels that are ours is a `ConfigMap` beside them, `juju-service-mesh-<application>-labels`, as charms on
//! the Python library `service_mesh` have it: its key `labels` is a JSON object of strings. So either kind of charm
//! finishes and takes back what the other has begun.

use charm::{LabelEdits, Labels, Mesh, MeshChange, Record};
use kube::api::{DynamicObject, ObjectMeta, Patch, PatchParams, PostParams, TypeMeta};
use serde_json::{Map, Value, json};

use crate::error::Sent;
use crate::{Cluster, Error, Object, ObjectKind};

/// The only key of the record, and the name of labels everywhere.
const LABELS: &str = "labels";

impl Cluster {
    /// The record of the labels that are our application's in `namespace`.
    ///
    /// # Errors
    ///
    /// What keeps it from being read. There being none is no error.
    pub async fn mesh_record(&self, namespace: &str) -> Result<Record, Error> {
        Ok(match self.read(&config_map(), Some(namespace), &self.record()).await? {
            None => Record::Missing,
            Some(object) => labels_in(&object).map_or(Record::Unreadable, Record::Labels),
        })
    }

    /// The labels of our application's objects in `namespace`, to go with the record. They need to be looked at only where
    /// [`Membership::touches_labels`](charm::Membership::touches_labels) says so of it.
    ///
    /// # Errors
    ///
    /// What keeps an object from being read. There being none is no error.
    pub async fn mesh_labels(&self, namespace: &str, record: Record) -> Result<Mesh, Error> {
        let application = self.application();
        let pods = self.read(&stateful_set(), Some(namespace), application).await?;
        let service = self.read(&service(), Some(namespace), application).await?;
        Ok(Mesh {
            record,
            pods: pods.map(|object| labels_at(&object, &["spec", "template", "metadata", LABELS])),
            service: service.map(|object| labels_at(&object, &["metadata", LABELS])),
        })
    }

    /// Makes one change in `namespace`: one request, in which nothing but the change is named, so that it conflicts with
    /// nobody else's. Changing the labels of pods has Kubernetes replace all pods.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] if the record is not there (any more), and whatever keeps the change from being made. An
    /// application that is on its way out has no `StatefulSet` or Service to label; that is no error.
    pub async fn change_mesh(&self, namespace: &str, change: &MeshChange) -> Result<(), Error> {
        let application = self.application();
        match change {
            MeshChange::RecordCreate(labels) => self.create_record(namespace, labels).await,
            MeshChange::RecordSet(labels) => {
                let patch = json!({"data": {LABELS: text(labels)}});
                self.merge(&config_map(), namespace, &self.record(), &patch).await
            }
            MeshChange::Pods(edits) => {
                let patch = json!({"spec": {"template": {"metadata": {"labels": merge(edits)}}}});
                or_gone(self.merge(&stateful_set(), namespace, application, &patch).await)
            }
            MeshChange::Service(edits) => {
                let patch = json!({"metadata": {"labels": merge(edits)}});
                or_gone(self.merge(&service(), namespace, application, &patch).await)
            }
            MeshChange::RecordDelete => {
                self.delete(&config_map(), Some(namespace), &self.record()).await.map(drop)
            }
        }
    }

    fn record(&self) -> String {
        format!("juju-service-mesh-{}-labels", self.application())
    }

    async fn create_record(&self, namespace: &str, labels: &Labels) -> Result<(), Error> {
        let (kind, name) = (config_map(), self.record());
        let ObjectKind { api_version, kind: of } = kind.clone();
        let record = DynamicObject {
            types: Some(TypeMeta { api_version, kind: of }),
            metadata: ObjectMeta {
                name: Some(name.clone()),
                namespace: Some(namespace.to_owned()),
                ..ObjectMeta::default()
            },
            data: json!({"data": {LABELS: text(labels)}}),
        };
        let field_manager = Some(self.application().to_owned());
        let how = PostParams { field_manager, ..PostParams::default() };
        let created = self.api(&kind, Some(namespace)).create(&how, &record).await;
        created
            .map(drop)
            .map_err(|error| self.error(error, format!("create {kind} {name}"), Sent::Labels))
    }

    async fn merge(
        &self,
        kind: &ObjectKind,
        namespace: &str,
        name: &str,
        patch: &Value,
    ) -> Result<(), Error> {
        let field_manager = Some(self.application().to_owned());
        let how = PatchParams { field_manager, ..PatchParams::default() };
        let merged = self
            .api(kind, Some(namespace))
            .patch_metadata(name, &how, &Patch::Strategic(patch))
            .await;
        merged
            .map(drop)
            .map_err(|error| self.error(error, format!("change {kind} {name}"), Sent::Labels))
    }
}

fn config_map() -> ObjectKind {
    ObjectKind::new("v1", "ConfigMap")
}

fn stateful_set() -> ObjectKind {
    ObjectKind::new("apps/v1", "StatefulSet")
}

fn service() -> ObjectKind {
    ObjectKind::new("v1", "Service")
}

fn text(labels: &Labels) -> String {
    json!(labels).to_string()
}

/// Labels for a merge: `null` takes one away.
fn merge(edits: &LabelEdits) -> Map<String, Value> {
    edits.iter().map(|(key, value)| (key.to_owned(), json!(value))).collect()
}

/// The labels that a record names. What matters is their keys: values that are no strings count as empty.
fn labels_in(record: &Object) -> Option<Labels> {
    let text = record.reveal().get("data")?.get(LABELS)?.as_str()?;
    serde_json::from_str(text).ok().map(strings)
}

fn labels_at(object: &Object, path: &[&str]) -> Labels {
    let Some((first, rest)) = path.split_first() else { return Labels::new() };
    let found =
        rest.iter().try_fold(object.reveal().get(*first), |value, key| Some(value?.get(*key)));
    found.flatten().and_then(Value::as_object).cloned().map(strings).unwrap_or_default()
}

fn strings(map: Map<String, Value>) -> Labels {
    let text = |value: Value| value.as_str().map(str::to_owned).unwrap_or_default();
    map.into_iter().map(|(key, value)| (key, text(value))).collect()
}

fn or_gone(changed: Result<(), Error>) -> Result<(), Error> {
    match changed {
        Err(Error::NotFound { .. }) => Ok(()),
        other => other,
    }
}
