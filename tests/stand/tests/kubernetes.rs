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
