//! `kubernetes_manifest`: an application (the requirer) has Kubernetes objects made in every namespace of users by the
//! resource dispatcher (the provider).
//!
//! The requirer's application databag holds `kubernetes_manifests`, a JSON array of objects, or with `is_secret: true`
//! the URI of a Juju secret whose key `manifests` holds the array. The provider publishes nothing, so it cannot be known
//! whether it is new enough for the second form: publish the first unless an operator says otherwise.

use std::collections::BTreeMap;
use std::fmt;

use charm::{Databag, MarkedSecret, Secret, SecretAnswer, SecretContent};
use serde_json::Value;

use crate::{Error, python_json};

const KEY: &str = "kubernetes_manifests";
const IS_SECRET: &str = "is_secret";
const SECRET_KEY: &str = "manifests";

/// Where the provider finds the secret, and the label that the real one gives it.
pub const SECRET: MarkedSecret = MarkedSecret { key: KEY, mark: IS_SECRET, label: "manifest" };

/// Kubernetes objects, each with a name. `Debug` shows kinds and names only: objects carry passwords.
#[derive(Clone, Default, PartialEq)]
pub struct Manifests(Vec<Value>);

impl Manifests {
    /// Objects to be made in every namespace of users; none withdraws those of before.
    ///
    /// Fails for an object without `metadata.name`, on which the dispatcher would fail, and for one with
    /// `metadata.namespace`, which dispatchers understand differently.
    pub fn new(objects: Vec<Value>) -> Result<Self, Error> {
        let manifests = Self::checked(objects)?;
        let pinned = |object: &Value| object.pointer("/metadata/namespace").is_some();
        match manifests.0.iter().position(pinned) {
            None => Ok(manifests),
            Some(index) => Err(Error::invalid(
                format!("{KEY}[{index}].metadata.namespace"),
                "is the dispatcher's to choose",
            )),
        }
    }

    /// The same objects in each of these namespaces, and in no other, for a dispatcher that knows such: of
    /// `resource-dispatcher` those of 2026 do, while earlier ones put objects into all namespaces.
    #[must_use]
    pub fn pinned(&self, namespaces: &[&str]) -> Self {
        let in_namespace = |namespace: &&str| {
            let namespace = Value::from(*namespace);
            self.0.iter().cloned().map(move |mut object| {
                object["metadata"]["namespace"] = namespace.clone();
                object
            })
        };
        Self(namespaces.iter().flat_map(in_namespace).collect())
    }

    /// The objects.
    pub fn objects(&self) -> &[Value] {
        &self.0
    }

    /// What the application publishes, in plain.
    pub fn databag(&self) -> Databag {
        Databag::from([(KEY, python_json::text(&self.0))])
    }

    /// What the application publishes where it, or the charm that it was refreshed from, has already published `local`.
    ///
    /// The same objects in other words stay as they are: each change is rolled through every namespace of users.
    pub fn databag_after(&self, local: &Databag) -> Databag {
        match local.get(KEY) {
            Some(text) if Self::parse(KEY, text).as_ref() == Ok(self) => {
                Databag::from([(KEY, text)])
            }
            _ => self.databag(),
        }
    }

    /// What the Juju secret holds where the databag is [`Self::secret_databag`].
    pub fn secret_content(&self) -> SecretContent {
        SecretContent::from([(SECRET_KEY.to_owned(), Secret::new(python_json::text(&self.0)))])
    }

    /// What the application publishes in place of the objects: the URI of the secret that holds them.
    pub fn secret_databag(uri: &str) -> Databag {
        Databag::from([(KEY, uri), (IS_SECRET, "true")])
    }

    /// Reads what an application published. `secrets` holds the answers by URI.
    pub fn read(
        remote: &Databag,
        secrets: &BTreeMap<String, SecretAnswer>,
    ) -> Result<Option<Self>, Error> {
        let Some(text) = remote.get(KEY) else { return Ok(None) };
        if remote.get(IS_SECRET) != Some("true") {
            return Self::parse(KEY, text).map(Some);
        }
        match secrets.get(text) {
            Some(SecretAnswer::Content(content)) => match content.get(SECRET_KEY) {
                Some(text) => Self::parse(SECRET_KEY, text.reveal()).map(Some),
                None => Err(Error::Missing(vec![format!("{SECRET_KEY} in the secret of {KEY}")])),
            },
            Some(SecretAnswer::NotAUri) => {
                Err(Error::invalid(KEY, "is not the URI of a secret, as is_secret says"))
            }
            None | Some(SecretAnswer::Denied | SecretAnswer::NotFound) => Ok(None),
        }
    }

    /// Reads the array itself, as it stands in a databag or in a secret.
    pub fn from_text(text: &str) -> Result<Self, Error> {
        Self::parse(KEY, text)
    }

    fn parse(field: &'static str, text: &str) -> Result<Self, Error> {
        let objects =
            serde_json::from_str(text).map_err(|_| Error::invalid(field, "is not a JSON array"))?;
        Self::checked(objects)
    }

    fn checked(objects: Vec<Value>) -> Result<Self, Error> {
        let nameless = |object: &Value| {
            object.pointer("/metadata/name").and_then(Value::as_str).is_none_or(str::is_empty)
        };
        match objects.iter().position(nameless) {
            None => Ok(Self(objects)),
            Some(index) => {
                Err(Error::invalid(format!("{KEY}[{index}].metadata.name"), "is not a name"))
            }
        }
    }
}

impl fmt::Debug for Manifests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |object: &Value, pointer: &str| {
            object.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        f.debug_list()
            .entries(self.0.iter().map(|object| {
                format!("{} {}", text(object, "/kind"), text(object, "/metadata/name"))
            }))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object() -> Value {
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "feature-store-yaml"},
               "stringData": {"feature_store.yaml": "password: \"hunter2\"\n"}})
    }

    fn secrets(answer: SecretAnswer) -> BTreeMap<String, SecretAnswer> {
        BTreeMap::from([("secret:1".to_owned(), answer)])
    }

    #[test]
    fn manifests_read_back_and_keep_their_bytes() {
        let manifests = Manifests::new(vec![object()]).unwrap();
        let bag = manifests.databag();
        insta::assert_snapshot!(bag.get(KEY).unwrap(), @r#"[{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "feature-store-yaml"}, "stringData": {"feature_store.yaml": "password: \"hunter2\"\n"}}]"#);
        let read = Manifests::read(&bag, &BTreeMap::new()).unwrap().unwrap();
        assert_eq!(read.databag(), bag);
        assert_eq!(read, manifests);
    }

    #[test]
    fn what_was_published_in_other_words_keeps_its_bytes() {
        let manifests = Manifests::new(vec![object()]).unwrap();
        let others = r#"[{"kind":"Secret","apiVersion":"v1","stringData":{"feature_store.yaml":"password: \"hunter2\"\n"},"metadata":{"name":"feature-store-yaml"}}]"#;
        let local = Databag::from([(KEY, others)]);
        assert_eq!(manifests.databag_after(&local), local);
        for other in ["[]", "{", &others.replace("hunter2", "hunter3")] {
            let local = Databag::from([(KEY, other), (IS_SECRET, "true")]);
            assert_eq!(manifests.databag_after(&local), manifests.databag());
        }
    }

    #[test]
    fn an_empty_array_withdraws() {
        let bag = Manifests::default().databag();
        assert_eq!(bag.get(KEY), Some("[]"));
        assert_eq!(Manifests::read(&bag, &BTreeMap::new()), Ok(Some(Manifests::default())));
        assert_eq!(Manifests::read(&Databag::new(), &BTreeMap::new()), Ok(None));
    }

    #[test]
    fn plain_is_what_we_publish() {
        assert_eq!(Manifests::new(vec![object()]).unwrap().databag().get(IS_SECRET), None);
    }

    #[test]
    fn every_object_has_a_name_and_none_a_namespace() {
        for (value, field) in [
            (json!(1), "kubernetes_manifests[1].metadata.name"),
            (json!({"metadata": {}}), "kubernetes_manifests[1].metadata.name"),
            (json!({"metadata": {"name": ""}}), "kubernetes_manifests[1].metadata.name"),
            (
                json!({"metadata": {"name": "a", "namespace": "b"}}),
                "kubernetes_manifests[1].metadata.namespace",
            ),
        ] {
            let error = Manifests::new(vec![object(), value]).unwrap_err().to_string();
            assert!(error.starts_with(field), "{error}");
        }
    }

    #[test]
    fn what_is_no_array_of_objects_is_named() {
        for text in ["{", "{}", "secret:1", "[1]", "null"] {
            let error =
                Manifests::read(&Databag::from([(KEY, text)]), &BTreeMap::new()).unwrap_err();
            assert!(error.to_string().starts_with(KEY), "{error}");
        }
    }

    #[test]
    fn a_secret_is_read_where_is_secret_says_true_exactly() {
        let text = Manifests::new(vec![object()]).unwrap().databag().get(KEY).unwrap().to_owned();
        let content = SecretContent::from([(SECRET_KEY.to_owned(), Secret::new(text))]);
        let secrets = secrets(SecretAnswer::Content(content));
        let bag = Databag::from([(KEY, "secret:1"), (IS_SECRET, "true")]);
        assert_eq!(Manifests::read(&bag, &secrets).unwrap().unwrap().objects(), [object()]);
        let bag = Databag::from([(KEY, "secret:1"), (IS_SECRET, "True")]);
        assert!(Manifests::read(&bag, &secrets).is_err());
    }

    #[test]
    fn a_secret_that_cannot_be_read_yet_is_waited_for() {
        let bag = Databag::from([(KEY, "secret:1"), (IS_SECRET, "true")]);
        for answer in [SecretAnswer::Denied, SecretAnswer::NotFound] {
            assert_eq!(Manifests::read(&bag, &secrets(answer)), Ok(None));
        }
        assert!(Manifests::read(&bag, &secrets(SecretAnswer::NotAUri)).is_err());
        let empty = SecretAnswer::Content(SecretContent::new());
        assert_eq!(
            Manifests::read(&bag, &secrets(empty)).unwrap_err().to_string(),
            "missing manifests in the secret of kubernetes_manifests"
        );
    }
}
