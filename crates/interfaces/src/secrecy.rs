//! No printable thing carries a password.

use std::collections::BTreeMap;
use std::fmt::{Debug, Display};

use charm::{Databag, SecretAnswer, SecretContent};
use proptest::prelude::*;

use crate::{
    cross_model_mesh::Identity,
    feast_configuration::{Store, Stores},
    ingress, istio_ingress_route,
    kubeflow_dashboard_links::Links,
    kubernetes_manifest::Manifests,
    postgresql_client::{Connection, Request},
    service_mesh::{Mesh, Policies},
};

const PASSWORD: &str = "hunter2-3f9c";

/// Every key that is read anywhere.
const KEYS: [&str; 34] = [
    "_supported_versions",
    "cmr_data",
    "config",
    "dashboard_links",
    "data",
    "database",
    "endpoints",
    "external_host",
    "ingress",
    "is_secret",
    "kubernetes_manifests",
    "labels",
    "mesh_type",
    "offline_store_host",
    "offline_store_port",
    "online_store_host",
    "online_store_port",
    "password",
    "policies",
    "provided-secrets",
    "read-only-endpoints",
    "registry_database",
    "registry_host",
    "registry_password",
    "registry_port",
    "requested-secrets",
    "secret-tls",
    "secret-user",
    "subordinated",
    "tls",
    "tls-ca",
    "tls_enabled",
    "username",
    "version",
];

/// Values that hold the password in every shape that one of the readers goes into.
const VALUES: [&str; 16] = [
    "hunter2-3f9c",
    "hunter2-3f9c:5432",
    "h:hunter2-3f9c",
    "{hunter2-3f9c",
    "\"hunter2-3f9c\"",
    "- hunter2-3f9c",
    "port: hunter2-3f9c",
    "[\"hunter2-3f9c\"]",
    "[{\"hunter2-3f9c\": 1}]",
    "[{\"text\": \"a\", \"link\": \"b\", \"location\": \"hunter2-3f9c\"}]",
    "[{\"metadata\": {\"name\": \"a\"}, \"stringData\": {\"a\": \"hunter2-3f9c\"}}]",
    "{\"model\": \"a\", \"hunter2-3f9c\": 1}",
    "{\"app_name\": \"a\", \"juju_model_name\": [\"hunter2-3f9c\"]}",
    "secret:1",
    "true",
    "- v1",
];

fn error<T>(result: Result<Option<T>, crate::Error>, printed: &mut Vec<String>) {
    fn print(thing: &(impl Debug + Display)) -> String {
        format!("{thing} {thing:?}")
    }
    printed.extend(result.err().map(|error| print(&error)));
}

/// The errors of all readers over `bag`.
fn errors(bag: &Databag, secrets: &BTreeMap<String, SecretAnswer>) -> Vec<String> {
    let mut printed = Vec::new();
    error(Request::read(bag), &mut printed);
    error(Connection::read(bag, secrets, None), &mut printed);
    error(Stores::read(bag), &mut printed);
    error(Manifests::read(bag, secrets), &mut printed);
    error(Links::read(bag), &mut printed);
    error(ingress::Asked::read(bag).map(Some), &mut printed);
    error(ingress::Provider::read(bag), &mut printed);
    error(istio_ingress_route::Route::read(bag), &mut printed);
    error(istio_ingress_route::Gateway::read(bag), &mut printed);
    error(Mesh::read(bag), &mut printed);
    error(Policies::read(bag), &mut printed);
    error(Identity::read(bag), &mut printed);
    printed
}

proptest! {
    #[test]
    fn no_error_carries_a_value(
        pairs in prop::collection::vec((prop::sample::select(&KEYS[..]), prop::sample::select(&VALUES[..])), 0..24),
        answer in prop::sample::select(&VALUES[..]),
    ) {
        let bag: Databag = pairs.into_iter().collect();
        let content: SecretContent = ["username", "password", "tls", "tls-ca", "manifests"]
            .map(|key| (key.to_owned(), answer.into())).into_iter().collect();
        let secrets = BTreeMap::from([("secret:1".to_owned(), SecretAnswer::Content(content))]);
        for text in errors(&bag, &secrets) {
            prop_assert!(!text.contains(PASSWORD), "{text}");
        }
    }

    #[test]
    fn no_databag_makes_a_reader_panic(
        key in prop::sample::select(&KEYS[..]), value in any::<String>(), other in prop::sample::select(&VALUES[..]),
    ) {
        let bag: Databag = KEYS.iter().map(|key| (*key, other)).chain([(key, value.as_str())]).collect();
        errors(&bag, &BTreeMap::new());
    }
}

#[test]
fn no_type_that_holds_a_password_shows_it() {
    let store = Store {
        host: "h".to_owned(),
        port: 5432,
        database: "d".to_owned(),
        user: "u".to_owned(),
        password: PASSWORD.into(),
    };
    let stores =
        Stores { registry: store.clone(), offline_store: store.clone(), online_store: store };
    let manifest = serde_json::json!({"kind": "Secret", "metadata": {"name": "a"}, "stringData": {"a": PASSWORD}});
    let manifests = Manifests::new(vec![manifest]).unwrap();
    let remote = Databag::from([
        ("endpoints", "h"),
        ("database", "d"),
        ("username", "u"),
        ("password", PASSWORD),
    ]);
    let connection = Connection::read(&remote, &BTreeMap::new(), None).unwrap().unwrap();
    let bags = (stores.databag().unwrap(), manifests.databag());
    let printed = format!("{stores:?} {manifests:?} {connection:?} {remote:?} {bags:?}");
    assert!(!printed.contains(PASSWORD), "{printed}");
    assert!(printed.contains("Secret a") && printed.contains("[redacted]"), "{printed}");
}
