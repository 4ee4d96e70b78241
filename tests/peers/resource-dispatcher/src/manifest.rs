//! One manifest on its way to an object, as the real dispatcher treats it: YAML, then Jinja, then YAML.

use cluster::k8s_openapi::ByteString;
use cluster::k8s_openapi::api::core::v1::Secret;
use cluster::{NotAnObject, Object};
use minijinja::Environment;
use serde_json::Value;

/// A manifest as text, in which Jinja finds what looks like Jinja to it. That is on purpose: whoever hands out text with
/// `{{` in it must learn of it here rather than in a real cluster.
#[derive(Clone, PartialEq)]
pub(crate) struct Template {
    /// Where alone the object goes; none is everywhere.
    pub(crate) namespace: Option<String>,
    name: String,
    text: String,
}

/// Why a manifest cannot be made an object. It shows no part of the manifest.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Invalid {
    #[error("{0} cannot be written as YAML")]
    Unwritable(String),
    #[error("{0} is no Jinja template")]
    Template(String),
    #[error("{0} is no YAML any more after Jinja")]
    Yaml(String),
    #[error("{0} is no Kubernetes object")]
    Object(String, #[source] NotAnObject),
}

impl Template {
    /// The template that `manifest` is.
    pub(crate) fn new(manifest: &Value, namespace: Option<String>) -> Result<Self, Invalid> {
        let name = manifest
            .pointer("/metadata/name")
            .and_then(Value::as_str)
            .unwrap_or("a manifest")
            .to_owned();
        let text =
            serde_yaml::to_string(manifest).map_err(|_| Invalid::Unwritable(name.clone()))?;
        let template = Self { namespace, name, text };
        template.rendered("anywhere")?;
        Ok(template)
    }

    /// The object for `namespace`.
    pub(crate) fn rendered(&self, namespace: &str) -> Result<Object, Invalid> {
        let mut jinja = Environment::new();
        // The last newline may be part of a block of text; in the quotes that Python's YAML uses it is safe from Jinja.
        jinja.set_keep_trailing_newline(true);
        let text = jinja
            .render_str(&self.text, minijinja::context! { namespace })
            .map_err(|_| Invalid::Template(self.name.clone()))?;
        let value: Value =
            serde_yaml::from_str(&text).map_err(|_| Invalid::Yaml(self.name.clone()))?;
        let object = match Object::new(value) {
            // Under server-side apply, an entry that leaves `stringData` would stay in `data` for ever.
            Ok(object) if object.kind().to_string() == "v1/Secret" => encoded(object),
            other => other,
        };
        let object = object.map_err(|error| Invalid::Object(self.name.clone(), error))?;
        Ok(object.in_namespace(namespace))
    }
}

impl std::fmt::Debug for Template {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Template({}, <{} bytes>)", self.name, self.text.len())
    }
}

/// The Secret with everything in `data`, as the API server would keep it.
fn encoded(object: Object) -> Result<Object, NotAnObject> {
    let Ok(mut secret) = serde_json::from_value::<Secret>(object.reveal().clone().into()) else {
        return Ok(object);
    };
    let entries = secret.string_data.take().unwrap_or_default().into_iter();
    let entries = entries.map(|(key, text)| (key, ByteString(text.into_bytes())));
    secret.data.get_or_insert_default().extend(entries);
    Object::of(&secret)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn secret(text: &str) -> Value {
        json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"},
            "stringData": {"k": text},
        })
    }

    fn data(text: &str) -> Vec<u8> {
        let object = Template::new(&secret(text), None).unwrap().rendered("alice").unwrap();
        let secret: Secret = serde_json::from_value(object.reveal().clone().into()).unwrap();
        secret.data.unwrap().remove("k").unwrap().0
    }

    #[test]
    fn text_comes_through_byte_by_byte() {
        for text in [
            "password: \"hu\\x7bnter\\x242\"\n",
            "a: 'it''s'\n\n  b: |\n   c",
            "ü€😀\u{7f}",
            "1234",
            "~",
        ] {
            assert_eq!(data(text), text.as_bytes(), "{text:?}");
        }
    }

    #[test]
    fn jinja_bites_who_lets_it() {
        assert_eq!(data("in {{ namespace }}"), b"in alice");
        assert_eq!(data("a{{7*7}}b{#x#}c"), b"a49bc");
        let error = Template::new(&secret("pass{%word"), None).unwrap_err();
        assert_eq!(error.to_string(), "s is no Jinja template");
        assert!(!format!("{error:?}").contains("word"));
    }

    #[test]
    fn an_object_is_in_the_namespace_it_is_made_for() {
        let object = Template::new(&secret("x"), None).unwrap().rendered("alice").unwrap();
        assert_eq!(object.to_string(), "v1/Secret s in namespace alice");
    }

    #[test]
    fn what_is_no_object_is_refused() {
        let manifest = json!({"kind": "Secret", "metadata": {"name": "s"}});
        let error = Template::new(&manifest, None).unwrap_err();
        assert_eq!(error.to_string(), "s is no Kubernetes object");
    }
}
