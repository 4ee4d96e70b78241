//! `service_mesh`: a beacon (the provider) tells an application which labels bring its pods into the mesh, and the
//! application (the requirer) asks for access policies.
//!
//! The requirer's application databag holds `policies`, a JSON array. Older beacons fail while it is missing, so it is
//! published at once, empty where there is nothing to ask. The provider's holds `labels`, a JSON object of strings, and,
//! from a newer library on, `mesh_type`, a JSON string.

use std::collections::BTreeMap;

use charm::Databag;
use serde_json::Value;

use crate::{Error, python_json};

const LABELS: &str = "labels";
const MESH_TYPE: &str = "mesh_type";
const POLICIES: &str = "policies";

/// What brings pods into the mesh.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mesh {
    /// Labels for pods and Services; none where the whole model is in the mesh.
    pub labels: BTreeMap<String, String>,
    /// The kind of mesh, such as `istio`; older providers do not say.
    pub kind: Option<String>,
}

/// The access policies that the requirer asks for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Policies {
    /// Policy objects in the beacon's own grammar. Feast's UI asks for none.
    pub objects: Vec<Value>,
}

impl Mesh {
    /// What the beacon publishes.
    pub fn databag(&self) -> Databag {
        let Self { labels, kind } = self;
        let mut bag = Databag::from([(LABELS, python_json::text(labels))]);
        if let Some(kind) = kind {
            bag.insert(MESH_TYPE, python_json::text(kind));
        }
        bag
    }

    /// Reads what a beacon published; other keys and a missing `mesh_type` are fine. `None` while it has said nothing.
    pub fn read(remote: &Databag) -> Result<Option<Self>, Error> {
        let Some(labels) = remote.get(LABELS) else {
            return match remote.get(MESH_TYPE) {
                None => Ok(None),
                Some(_) => Err(Error::Missing(vec![LABELS.to_owned()])),
            };
        };
        let labels = serde_json::from_str(labels)
            .map_err(|_| Error::invalid(LABELS, "is not a JSON object of strings"))?;
        let kind = remote
            .get(MESH_TYPE)
            .map(|text| {
                serde_json::from_str(text)
                    .map_err(|_| Error::invalid(MESH_TYPE, "is not a JSON string"))
            })
            .transpose()?;
        Ok(Some(Self { labels, kind }))
    }
}

impl Policies {
    /// What the requirer publishes as soon as the relation is there.
    pub fn databag(&self) -> Databag {
        Databag::from([(POLICIES, python_json::text(&self.objects))])
    }

    /// Reads what a requirer asks for.
    pub fn read(remote: &Databag) -> Result<Option<Self>, Error> {
        let Some(text) = remote.get(POLICIES) else { return Ok(None) };
        let objects: Vec<Value> = serde_json::from_str(text)
            .map_err(|_| Error::invalid(POLICIES, "is not a JSON array"))?;
        if objects.iter().all(Value::is_object) {
            Ok(Some(Self { objects }))
        } else {
            Err(Error::invalid(POLICIES, "has an item that is not an object"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies_are_published_even_where_there_are_none() {
        let bag = Policies::default().databag();
        assert_eq!(bag.get(POLICIES), Some("[]"));
        assert_eq!(Policies::read(&bag), Ok(Some(Policies::default())));
        assert_eq!(Policies::read(&Databag::new()), Ok(None));
    }

    #[test]
    fn policies_that_are_none_are_named() {
        for text in ["{}", "[1]", "x"] {
            let error = Policies::read(&Databag::from([(POLICIES, text)])).unwrap_err();
            assert!(error.to_string().starts_with("policies "), "{error}");
        }
    }

    #[test]
    fn labels_read_back_with_and_without_the_kind_of_mesh() {
        let labels = BTreeMap::from([
            ("istio.io/dataplane-mode".to_owned(), "ambient".to_owned()),
            ("istio.io/use-waypoint".to_owned(), "kubeflow-waypoint".to_owned()),
        ]);
        for kind in [None, Some("istio".to_owned())] {
            let mesh = Mesh { labels: labels.clone(), kind };
            assert_eq!(Mesh::read(&mesh.databag()), Ok(Some(mesh)));
        }
    }

    #[test]
    fn an_empty_databag_empty_labels_and_unknown_keys_are_fine() {
        assert_eq!(Mesh::read(&Databag::new()), Ok(None));
        let bag =
            Databag::from([("labels", "{}"), ("mesh_type", "\"istio\""), ("other", "not JSON")]);
        let mesh = Mesh::read(&bag).unwrap().unwrap();
        assert!(mesh.labels.is_empty());
        assert_eq!(mesh.kind.as_deref(), Some("istio"));
    }

    #[test]
    fn a_beacon_that_has_spoken_and_names_no_labels_makes_no_sense() {
        let bag = Databag::from([("mesh_type", "\"istio\"")]);
        assert_eq!(Mesh::read(&bag).unwrap_err().to_string(), "missing labels");
    }

    #[test]
    fn labels_that_are_none_are_named() {
        for text in ["[]", "{\"a\": 1}", "x"] {
            let error = Mesh::read(&Databag::from([(LABELS, text)])).unwrap_err();
            assert_eq!(error.to_string(), "labels is not a JSON object of strings");
        }
    }
}
