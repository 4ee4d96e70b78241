//! An object of any kind.

use std::fmt;

use charm::ObjectKind;
use serde::Serialize;
use serde_json::{Map, Value};

/// An object of any kind: a JSON object with `apiVersion`, `kind` and `metadata.name`.
///
/// It may hold passwords, so `Debug` and `Display` show which object it is and never what is in it.
#[derive(Clone, PartialEq)]
pub struct Object {
    kind: ObjectKind,
    name: String,
    content: Map<String, Value>,
}

/// What was given is no Kubernetes object.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum NotAnObject {
    /// It is another kind of JSON value, or could not be turned into JSON.
    #[error("not a JSON object")]
    NotAMapping,
    /// A field that every object has is absent, empty or no text.
    #[error("{0} is missing or is no text")]
    Missing(&'static str),
}

impl Object {
    /// Reads an object.
    pub fn new(value: Value) -> Result<Self, NotAnObject> {
        let Value::Object(content) = value else { return Err(NotAnObject::NotAMapping) };
        let text = |value: Option<&Value>, name| match value.and_then(Value::as_str) {
            None | Some("") => Err(NotAnObject::Missing(name)),
            Some(text) => Ok(text.to_owned()),
        };
        Ok(Self {
            kind: ObjectKind {
                api_version: text(content.get("apiVersion"), "apiVersion")?,
                kind: text(content.get("kind"), "kind")?,
            },
            name: text(
                content.get("metadata").and_then(|metadata| metadata.get("name")),
                "metadata.name",
            )?,
            content,
        })
    }

    /// The object that a typed one is.
    pub fn of(object: &impl Serialize) -> Result<Self, NotAnObject> {
        Self::new(serde_json::to_value(object).map_err(|_| NotAnObject::NotAMapping)?)
    }

    /// Its kind.
    pub fn kind(&self) -> &ObjectKind {
        &self.kind
    }

    /// `metadata.name`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// `metadata.namespace`.
    pub fn namespace(&self) -> Option<&str> {
        self.content.get("metadata")?.get("namespace")?.as_str()
    }

    /// The same object in `namespace`.
    #[must_use]
    pub fn in_namespace(mut self, namespace: &str) -> Self {
        self.metadata().insert("namespace".to_owned(), namespace.into());
        self
    }

    /// The same object with a label more.
    #[must_use]
    pub fn labelled(mut self, label: &str, value: &str) -> Self {
        let labels = self.metadata().entry("labels").or_insert_with(|| Map::new().into());
        if !labels.is_object() {
            *labels = Map::new().into();
        }
        if let Value::Object(labels) = labels {
            labels.insert(label.to_owned(), value.into());
        }
        self
    }

    /// The whole object. Call this only where it is written to its destination.
    pub fn reveal(&self) -> &Map<String, Value> {
        &self.content
    }

    fn metadata(&mut self) -> &mut Map<String, Value> {
        match self.content.get_mut("metadata") {
            Some(Value::Object(metadata)) => metadata,
            _ => unreachable!("an object has a name, so it has metadata"),
        }
    }
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.name)?;
        match self.namespace() {
            Some(namespace) => write!(f, " in namespace {namespace}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Object({self})")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;

    #[test]
    fn what_lacks_a_field_of_every_object_is_refused_by_its_name() {
        let refused = |value| Object::new(value).unwrap_err();
        assert_eq!(refused(json!([])), NotAnObject::NotAMapping);
        assert_eq!(refused(json!({"kind": "Secret"})), NotAnObject::Missing("apiVersion"));
        assert_eq!(refused(json!({"apiVersion": "v1"})), NotAnObject::Missing("kind"));
        for metadata in [json!(null), json!({}), json!({"name": ""}), json!({"name": 1})] {
            let value = json!({"apiVersion": "v1", "kind": "Secret", "metadata": metadata});
            assert_eq!(refused(value), NotAnObject::Missing("metadata.name"));
        }
    }

    #[test]
    fn a_typed_object_can_be_placed_and_labelled() {
        let secret =
            crate::opaque_secret("s", BTreeMap::from([("k".to_owned(), "hunter2".to_owned())]));
        let object = Object::of(&secret).unwrap().in_namespace("alice").labelled("by", "me");
        assert_eq!(object.namespace(), Some("alice"));
        assert_eq!(object.reveal()["metadata"]["labels"], json!({"by": "me"}));
        assert_eq!(object.kind(), &ObjectKind::new("v1", "Secret"));
    }

    #[test]
    fn nothing_printable_shows_what_is_in_an_object() {
        let secret =
            crate::opaque_secret("s", BTreeMap::from([("k".to_owned(), "hunter2".to_owned())]));
        let object = Object::of(&secret).unwrap();
        assert_eq!(format!("{object} {object:?}"), "v1/Secret s Object(v1/Secret s)");
    }
}
