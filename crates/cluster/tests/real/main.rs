//! The same against a real API server, with the rights that Juju gives to a charm.
#![expect(clippy::unwrap_used, reason = "a test stops where it goes wrong")]

mod mesh;

use std::collections::BTreeMap;
use std::path::Path;

use cluster::{
    Cluster, Error, Object, ObjectKind, OnConflict, PodDefault, PodDefaultSpec, opaque_secret,
};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use serde_json::{Value, json};
use stand::cache::Cache;
use stand::kubernetes::{Kubernetes, Trust};
use stand::missing::{Need, needs};

async fn cluster(kubeconfig: &Path, application: &str) -> Cluster {
    let kubeconfig = Kubeconfig::read_from(kubeconfig).unwrap();
    let options = KubeConfigOptions::default();
    let config = Config::from_custom_kubeconfig(kubeconfig, &options).await.unwrap();
    Cluster::new(Client::try_from(config).unwrap(), application)
}

fn secret(entries: &[(&str, &str)]) -> Object {
    let entries: BTreeMap<String, String> =
        entries.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    Object::of(&opaque_secret("feast", entries)).unwrap().in_namespace("alice")
}

#[tokio::test]
async fn a_real_api_server_is_understood() {
    if !needs(&[Need::Go]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::open(|line| println!("{line}")).unwrap();
    let kubernetes = Kubernetes::start(&cache, &folder.path().join("kubernetes")).unwrap();
    kubernetes.create_namespace("alice", &[("user", "alice"), ("tier", "a")]).unwrap();
    kubernetes.create_namespace("bob", &[("user", "bob")]).unwrap();
    kubernetes.create_namespace("carol", &[]).unwrap();
    let ours = cluster(&kubernetes.kubeconfig(), "ours").await;
    let theirs = cluster(&kubernetes.kubeconfig(), "theirs").await;
    let secrets = ObjectKind::new("v1", "Secret");

    // Namespaces by label.
    assert_eq!(ours.namespaces("user").await.unwrap(), ["alice", "bob"]);
    assert_eq!(ours.namespaces("user,tier=a").await.unwrap(), ["alice"]);

    // Applied, read, listed by label, left alone, deleted.
    let labelled = secret(&[("k", "1")]).labelled("by", "ours");
    ours.apply(&labelled, OnConflict::Refuse).await.unwrap();
    let first = ours.read(&secrets, Some("alice"), "feast").await.unwrap().unwrap();
    assert_eq!(first.reveal()["data"], json!({"k": "MQ=="}));
    ours.apply(&labelled, OnConflict::Refuse).await.unwrap();
    let again = ours.read(&secrets, Some("alice"), "feast").await.unwrap().unwrap();
    let version = |object: &Object| object.reveal()["metadata"]["resourceVersion"].clone();
    assert_eq!(version(&first), version(&again));
    let found = ours.list(&secrets, None, "by=ours").await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].namespace.as_deref(), Some("alice"));

    // A conflict names who and what; taking over ends it.
    let other = secret(&[("k", "2")]);
    let error = theirs.apply(&other, OnConflict::Refuse).await.unwrap_err();
    let Error::Conflict { owners, fields, .. } = &error else { panic!("{error:?}") };
    assert_eq!((owners.as_slice(), fields.len()), (&["ours".to_owned()][..], 1), "{error}");
    theirs.apply(&other, OnConflict::TakeOver).await.unwrap();
    assert!(theirs.delete(&secrets, Some("alice"), "feast").await.unwrap());
    assert!(!theirs.delete(&secrets, Some("alice"), "feast").await.unwrap());

    // A typed object of a kind that is no part of Kubernetes, one that does not fit its schema, one of no kind.
    let mut spec = PodDefaultSpec::default();
    spec.selector.match_labels = Some([("access".to_owned(), "true".to_owned())].into());
    let pod_default = Object::of(&PodDefault::new("access", spec)).unwrap().in_namespace("alice");
    ours.apply(&pod_default, OnConflict::Refuse).await.unwrap();
    let apply = async |value| {
        let object = Object::new(value).unwrap().in_namespace("alice");
        ours.apply(&object, OnConflict::Refuse).await.unwrap_err()
    };
    let error = apply(json!({
        "apiVersion": "kubeflow.org/v1alpha1", "kind": "PodDefault", "metadata": {"name": "x"}, "spec": {},
    }))
    .await;
    assert!(matches!(error, Error::Invalid { .. }), "{error:?}");
    let error = apply(json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "x"}, "data": {"k": {"hunter2": 1}},
    }))
    .await;
    assert!(matches!(error, Error::Invalid { .. }), "{error:?}");
    assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
    let error =
        apply(json!({"apiVersion": "x.org/v1", "kind": "Nope", "metadata": {"name": "x"}})).await;
    assert!(matches!(error, Error::MissingCrd { .. }), "{error:?}");

    // A namespace that is not there, or on its way out.
    let elsewhere = secret(&[]).in_namespace("nobody");
    let error = ours.apply(&elsewhere, OnConflict::Refuse).await.unwrap_err();
    assert!(matches!(error, Error::NotFound { .. }), "{error:?}");
    ours.delete(&ObjectKind::new("v1", "Namespace"), None, "bob").await.unwrap();
    let error = ours.apply(&secret(&[]).in_namespace("bob"), OnConflict::Refuse).await.unwrap_err();
    assert!(matches!(error, Error::NamespaceTerminating { .. }), "{error:?}");
    assert_eq!(ours.namespaces("user").await.unwrap(), ["alice"]);

    // Without trust, a charm may list namespaces and no more; with it, the same account may do all.
    for trust in [Trust::None, Trust::Cluster] {
        kubernetes.service_account("kubeflow", "app", trust).unwrap();
        let file = kubernetes.kubeconfig_for("kubeflow", "app").unwrap();
        let app = cluster(&file, "app").await;
        assert_eq!(app.namespaces("user").await.unwrap(), ["alice"]);
        match (trust, app.apply(&secret(&[("k", "3")]), OnConflict::Refuse).await) {
            (Trust::None, Err(error)) => assert!(
                error.to_string().ends_with("run: juju trust app --scope=cluster"),
                "{error}"
            ),
            (_, result) => result.unwrap(),
        }
    }
}
