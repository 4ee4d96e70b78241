//! A `feature_store.yaml` for everybody's eyes.

use charm::Secret;
use serde_yaml::Value;

use crate::extra::node;
use crate::node::Node;
use crate::url;

/// What stands in the place of a value.
const INSTEAD: &str = "[redacted]";

/// The keys whose values are not secret, by their paths. An operator may add any other key, and any of those may be one.
const SHOWN: [&str; 27] = [
    "project",
    "provider",
    "entity_key_serialization_version",
    "auth.type",
    "registry.registry_type",
    "registry.cache_ttl_seconds",
    "registry.cache_mode",
    "registry.sqlalchemy_config_kwargs.echo",
    "registry.sqlalchemy_config_kwargs.pool_pre_ping",
    "store.type",
    "store.host",
    "store.port",
    "store.database",
    "store.db_schema",
    "store.user",
    "store.sslmode",
    "store.sslrootcert_path",
    "store.conn_type",
    "store.min_conn",
    "store.max_conn",
    "store.keepalives_idle",
    "store.entity_select_mode",
    "store.vector_enabled",
    "store.similarity",
    "store.vector_len",
    "store.max_batched_result_rows",
    "batch_engine.type",
];

/// The text of `file` with `[redacted]` in the place of passwords, and of all that nobody knows not to be one; none where
/// it is no file of ours.
pub fn redacted(file: &Secret) -> Option<String> {
    let value: Value = serde_yaml::from_str(file.reveal()).ok()?;
    let Ok(Node::Mapping(mut entries)) = node(&value, "") else { return None };
    for (key, value) in &mut entries {
        // The two have the same keys.
        let path = if key == "offline_store" || key == "online_store" { "store" } else { key };
        hide(path, value);
    }
    Some(Node::document(&entries))
}

fn hide(path: &str, node: &mut Node) {
    match node {
        Node::Mapping(entries) => {
            for (key, value) in entries {
                hide(&format!("{path}.{key}"), value);
            }
        }
        _ if SHOWN.contains(&path) => {}
        Node::Text(url) if path == "registry.path" => {
            *url = url::redacted(url, INSTEAD).unwrap_or_else(|| INSTEAD.to_owned());
        }
        hidden => *hidden = Node::text(INSTEAD),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Extra, FeatureStore, Host, Store, TlsMode};

    fn file(password: &str, extra: &str) -> Secret {
        let store = Store {
            hosts: vec![Host { name: "pg".to_owned(), port: 5432 }],
            database: "feast".to_owned(),
            user: "relation_id_1".to_owned(),
            password: password.into(),
            tls: TlsMode::Prefer,
        };
        let extra = Extra::read(extra).unwrap();
        FeatureStore { extra, ..FeatureStore::new(store.clone(), store.clone(), store) }
            .render()
            .unwrap()
    }

    #[test]
    fn all_but_the_passwords_is_as_it_was_written() {
        let file = file("hunter2", "");
        let shown = redacted(&file).unwrap();
        let read = |text: &str| serde_yaml::from_str::<Value>(text).unwrap();
        assert_eq!(read(&shown), read(&file.reveal().replace("hunter2", "[redacted]")));
        assert_eq!(shown.matches("[redacted]").count(), 3);
    }

    #[test]
    fn what_an_operator_adds_is_hidden_unless_it_is_known() {
        let extra = "{auth: {type: oidc, client_secret: hunter2, port: 7777777}, registry: {cache_mode: thread, \
                     sqlalchemy_config_kwargs: {echo: true}}, online_store: {vector_enabled: true}, \
                     flags: [hunter2, {x: hunter2}], hunter: hunter2}";
        let shown = redacted(&file("other", extra)).unwrap();
        for hidden in ["hunter2", "7777777", "other"] {
            assert!(!shown.contains(hidden), "{shown}");
        }
        for known in
            ["type: \"oidc\"", "cache_mode: \"thread\"", "echo: true", "vector_enabled: true"]
        {
            assert!(shown.contains(known), "{shown}");
        }
    }

    #[test]
    fn what_is_no_file_is_not_shown() {
        for text in ["", "[", "hunter2", "a: !x hunter2"] {
            assert_eq!(redacted(&text.into()), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_password_is_shown(password in "[^\\x00]*(hunter2|p@ss)[^\\x00]*") {
            let shown = redacted(&file(&password, "")).unwrap();
            for part in ["hunter2", "p@ss", "p%40ss"] {
                prop_assert!(!shown.contains(part), "{}", shown);
            }
        }
    }
}
