//! What an operator adds to the file.

use std::fmt;

use serde_yaml::Value;

use crate::Error;
use crate::node::Node;

/// Further keys for `feature_store.yaml`, merged into it at every depth.
///
/// No key can change what the file says about a database, nor one that has a field of its own in
/// [`FeatureStore`](crate::FeatureStore). It may hold passwords, so `Debug` shows nothing of it.
#[derive(Clone, Default, PartialEq)]
pub struct Extra(Vec<(String, Node)>);

/// Keys that only this crate writes.
const RESERVED: [&str; 8] = [
    "project",
    "entity_key_serialization_version",
    "registry.registry_type",
    "registry.path",
    "registry.read_path",
    "registry.cache_ttl_seconds",
    // Either would put another way to connect in the place of the URL.
    "registry.sqlalchemy_config_kwargs.connect_args",
    "registry.sqlalchemy_config_kwargs.creator",
];

/// Keys that only this crate writes, of the offline and the online store.
const RESERVED_OF_STORES: [&str; 10] = [
    "type",
    "host",
    "port",
    "database",
    "user",
    "password",
    "sslmode",
    "sslrootcert_path",
    "sslcert_path",
    "sslkey_path",
];

impl Extra {
    /// Reads a YAML mapping; an empty text adds nothing.
    ///
    /// Fails by the path of the key that cannot be added, or by the line that is no YAML, and never shows a value.
    pub fn read(yaml: &str) -> Result<Self, Error> {
        let value: Value = serde_yaml::from_str(yaml).map_err(|error| match error.location() {
            Some(at) => refused("", format!("is no YAML at line {}", at.line())),
            None => refused("", "is no YAML"),
        })?;
        match node(&value, "")? {
            Node::Mapping(entries) => {
                for (key, value) in &entries {
                    check(key, value)?;
                }
                Ok(Self(entries))
            }
            Node::Word(word) if word == "null" => Ok(Self::default()),
            _ => Err(refused("", "is not a mapping")),
        }
    }

    /// Whether nothing is added.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Puts the keys into `file`.
    pub(crate) fn merge_into(&self, file: &mut Vec<(String, Node)>) -> Result<(), Error> {
        merge(file, &self.0, "")
    }
}

impl fmt::Debug for Extra {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Extra({} keys)", self.0.len())
    }
}

fn refused(path: &str, reason: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    let field = if path.is_empty() { "the text".to_owned() } else { path.to_owned() };
    Error { field, reason: reason.into() }
}

fn below(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

fn check(path: &str, node: &Node) -> Result<(), Error> {
    let of_a_store = ["offline_store.", "online_store."]
        .iter()
        .find_map(|store| path.strip_prefix(store))
        .is_some_and(|key| RESERVED_OF_STORES.contains(&key));
    if RESERVED.contains(&path) || of_a_store {
        return Err(refused(path, "cannot be set here"));
    }
    match node {
        Node::Mapping(entries) => {
            entries.iter().try_for_each(|(key, value)| check(&below(path, key), value))
        }
        Node::Word(_) | Node::Text(_) | Node::Sequence(_) => Ok(()),
    }
}

fn merge(
    file: &mut Vec<(String, Node)>,
    extra: &[(String, Node)],
    path: &str,
) -> Result<(), Error> {
    for (key, value) in extra {
        let path = below(path, key);
        match (file.iter_mut().find(|(ours, _)| ours == key).map(|(_, ours)| ours), value) {
            (None, value) => file.push((key.clone(), value.clone())),
            (Some(Node::Mapping(ours)), Node::Mapping(entries)) => merge(ours, entries, &path)?,
            (Some(Node::Mapping(_)), _) => return Err(refused(&path, "is not a mapping")),
            (Some(ours), value) => *ours = value.clone(),
        }
    }
    Ok(())
}

/// A tree of what `yaml` read; `path` is where it stands in the file.
pub(crate) fn node(value: &Value, path: &str) -> Result<Node, Error> {
    Ok(match value {
        Value::Null => Node::word("null"),
        Value::Bool(flag) => Node::word(flag),
        Value::Number(number) => Node::word(number),
        Value::String(text) => Node::text(text),
        Value::Sequence(items) => {
            Node::Sequence(items.iter().map(|item| node(item, path)).collect::<Result<_, _>>()?)
        }
        Value::Mapping(entries) => Node::Mapping(
            entries
                .iter()
                .map(|(key, value)| match key {
                    Value::String(key) => Ok((key.clone(), node(value, &below(path, key))?)),
                    _ => Err(refused(path, "has a key that is no text")),
                })
                .collect::<Result<_, Error>>()?,
        ),
        Value::Tagged(_) => return Err(refused(path, "has a tag")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(yaml: &str) -> String {
        Extra::read(yaml).unwrap_err().to_string()
    }

    #[test]
    fn no_key_of_a_database_can_be_set() {
        for path in RESERVED {
            let mut yaml = "hunter2".to_owned();
            for key in path.rsplit('.') {
                yaml = format!("{{{key}: {yaml}}}");
            }
            assert_eq!(refusal(&yaml), format!("{path} cannot be set here"));
        }
        for store in ["offline_store", "online_store"] {
            for key in RESERVED_OF_STORES {
                let told = refusal(&format!("{store}: {{{key}: hunter2}}"));
                assert_eq!(told, format!("{store}.{key} cannot be set here"));
            }
        }
    }

    #[test]
    fn what_is_no_mapping_of_texts_is_refused_by_its_path_and_not_shown() {
        for (yaml, told) in [
            ("hunter2", "the text is not a mapping"),
            ("a: [hunter2", "the text is no YAML at line "),
            ("a: {b: {1: hunter2}}", "a.b has a key that is no text"),
            ("a: !x hunter2", "a has a tag"),
        ] {
            let refusal = refusal(yaml);
            assert!(refusal.starts_with(told) && !refusal.contains("hunter2"), "{refusal}");
        }
    }

    #[test]
    fn an_empty_text_adds_nothing() {
        for yaml in ["", "# nothing\n", "{}", "null"] {
            assert!(Extra::read(yaml).unwrap().is_empty(), "{yaml:?}");
        }
    }

    #[test]
    fn nothing_printable_shows_what_is_added() {
        let extra = Extra::read("auth: {client_secret: hunter2}").unwrap();
        assert_eq!(format!("{extra:?}"), "Extra(1 keys)");
    }
}
