//! The Kubernetes API of the stand is one that charms can use.

use serde_json::json;
use stand::cache::Cache;
use stand::kubernetes::{Kubernetes, Trust};
use stand::missing::{Need, needs};

#[test]
fn kubernetes_serves_pod_defaults_secrets_and_the_rights_that_juju_gives() {
    if !needs(&[Need::Go]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::open(|line| println!("{line}")).unwrap();
    let kubernetes = Kubernetes::start(&cache, &folder.path().join("kubernetes")).unwrap();

    kubernetes
        .create_namespace("alice", &[("app.kubernetes.io/part-of", "kubeflow-profile")])
        .unwrap();
    assert_eq!(kubernetes.read("secret", "alice", "feast").unwrap(), None);
    let pod_default = json!({
        "apiVersion": "kubeflow.org/v1alpha1",
        "kind": "PodDefault",
        "metadata": { "name": "feast", "namespace": "alice" },
        "spec": { "selector": { "matchLabels": { "access-feast": "true" } }, "desc": "Feast" },
    });
    kubernetes.apply(&pod_default.to_string()).unwrap();
    let found = kubernetes.read("poddefault", "alice", "feast").unwrap().unwrap();
    assert_eq!(found["spec"], pod_default["spec"]);

    let may = |trust, verb: &str, what: &str| {
        kubernetes.service_account("kubeflow", "app", trust).unwrap();
        let file = kubernetes.kubeconfig_for("kubeflow", "app").unwrap();
        let mut command = kubernetes.command();
        command.env("KUBECONFIG", file).args(["auth", "can-i", verb, what, "--namespace", "alice"]);
        String::from_utf8(command.output().unwrap().stdout).unwrap().trim() == "yes"
    };
    assert!(may(Trust::None, "list", "namespaces"));
    assert!(!may(Trust::None, "create", "secrets"));
    assert!(may(Trust::Cluster, "create", "secrets"));
    assert!(!may(Trust::None, "create", "secrets"));
}

#[test]
fn what_is_deleted_takes_with_it_what_belongs_to_it() {
    if !needs(&[Need::Go]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::open(|line| println!("{line}")).unwrap();
    let kubernetes = Kubernetes::start(&cache, &folder.path().join("kubernetes")).unwrap();
    let config_map = |name: &str, owners: &serde_json::Value| {
        let metadata = json!({ "name": name, "namespace": "alice", "ownerReferences": owners });
        let object = json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata });
        kubernetes.apply(&object.to_string()).unwrap();
    };
    kubernetes.create_namespace("alice", &[]).unwrap();
    config_map("owner", &json!([]));
    let owner = kubernetes.read("configmap", "alice", "owner").unwrap().unwrap();
    let uid = &owner["metadata"]["uid"];
    config_map(
        "owned",
        &json!([{ "apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": uid }]),
    );
    config_map("free", &json!([]));

    // Each command waits until what it deletes is gone.
    let delete = |kind, name| {
        let command =
            ["delete", kind, name, "--namespace=alice", "--cascade=foreground", "--timeout=60s"];
        kubernetes.kubectl(command).unwrap();
    };
    delete("configmap", "owner");
    assert_eq!(kubernetes.read("configmap", "alice", "owned").unwrap(), None);
    assert!(kubernetes.read("configmap", "alice", "free").unwrap().is_some());
    delete("namespace", "alice");
    assert_eq!(kubernetes.read("configmap", "alice", "free").unwrap(), None);
}
