//! A Secret of plain text entries.

use std::collections::BTreeMap;

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use kube::core::ObjectMeta;

/// A Secret `name` of type `Opaque` without a namespace, which holds `entries` as text.
///
/// The entries are in `stringData`, which is for writing only: the API server encodes it into `data`. Under server-side
/// apply an entry that is left out later stays in `data`; who needs it gone has to remove the object.
pub fn opaque_secret(name: &str, entries: BTreeMap<String, String>) -> Secret {
    Secret {
        metadata: ObjectMeta { name: Some(name.to_owned()), ..ObjectMeta::default() },
        type_: Some("Opaque".to_owned()),
        string_data: Some(entries),
        ..Secret::default()
    }
}

/// The same Secret as the API server gives it back: the entries are in `data`.
///
/// So it can be compared with what is there, and an entry that is left out later goes under server-side apply.
pub fn opaque_secret_data(name: &str, entries: BTreeMap<String, String>) -> Secret {
    let data = entries.into_iter().map(|(key, text)| (key, ByteString(text.into_bytes())));
    Secret { data: Some(data.collect()), string_data: None, ..opaque_secret(name, BTreeMap::new()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_serializes_as_the_api_takes_it() {
        let secret =
            opaque_secret("fs", BTreeMap::from([("a.yaml".to_owned(), "x: 1".to_owned())]));
        assert_eq!(
            serde_json::to_value(secret).unwrap(),
            serde_json::json!({
                "apiVersion": "v1",
                "kind": "Secret",
                "metadata": {"name": "fs"},
                "type": "Opaque",
                "stringData": {"a.yaml": "x: 1"},
            })
        );
    }
}
