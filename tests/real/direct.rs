//! Direct delivery by feast-integrator into a real Kubernetes API, with the rights that Juju gives.

use juju_sim::Event;
use serde_json::{Value, json};
use stand::cache::Cache;
use stand::kubernetes::{Kubernetes, Trust};
use stand::missing::{Need, needs};
use tests::world::{Deployed, by_secrets};

const PROFILE: (&str, &str) = ("app.kubernetes.io/part-of", "kubeflow-profile");
const SECRET: &str = "feature-store-yaml";
const POD_DEFAULT: &str = "feast-integrator-access-feast";

/// Secrets and PodDefaults of all namespaces that a label query of ours finds.
fn ours(kubernetes: &Kubernetes) -> Vec<String> {
    let selector = "app.kubernetes.io/managed-by=feast-integrator,app.kubernetes.io/instance=feast-integrator,app.kubernetes.io/part-of=dev";
    let arguments =
        ["get", "secrets,poddefaults", "--all-namespaces", "--output=json", "--selector", selector];
    let list: Value = serde_json::from_str(&kubernetes.kubectl(arguments).unwrap()).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut names: Vec<String> = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| {
            format!("{} {}", text(&it["metadata"]["namespace"]), text(&it["metadata"]["name"]))
        })
        .collect();
    names.sort();
    names
}

fn both(namespaces: &[&str]) -> Vec<String> {
    let in_one = |namespace: &&str| [POD_DEFAULT, SECRET].map(|name| format!("{namespace} {name}"));
    namespaces.iter().flat_map(in_one).collect()
}

fn settle(deployed: &mut Deployed, event: Event) -> String {
    deployed.settle(event);
    deployed.status()
}

#[test]
fn what_is_delivered_into_a_real_cluster_is_put_right_and_taken_back() {
    if !needs(&[Need::Go]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::open(|line| println!("{line}")).unwrap();
    let kubernetes = Kubernetes::start(&cache, &folder.path().join("kubernetes")).unwrap();
    for user in ["alice", "bob", "carol"] {
        kubernetes.create_namespace(user, &[PROFILE]).unwrap();
    }
    let create = ["create", "secret", "generic", SECRET, "--from-literal=a=b", "--namespace=carol"];
    kubernetes.kubectl(create).unwrap();

    let mut state = by_secrets();
    state.relations.retain(|it| !["secrets", "pod-defaults"].contains(&it.endpoint.as_str()));
    let mut deployed = Deployed::integrator(state);
    let trust = |deployed: &mut Deployed, trust: Trust| {
        kubernetes.service_account("dev", "feast-integrator", trust).unwrap();
        let kubeconfig = kubernetes.kubeconfig_for("dev", "feast-integrator").unwrap();
        deployed.unit.extra.insert("KUBECONFIG".to_owned(), kubeconfig.into());
        deployed.unit.extra.insert("KUBERNETES_SERVICE_HOST".to_owned(), "".into());
    };

    trust(&mut deployed, Trust::None);
    let status = settle(&mut deployed, Event::hook("config-changed"));
    assert!(status.ends_with("or run: juju trust feast-integrator --scope=cluster"), "{status}");
    assert!(ours(&kubernetes).is_empty());

    trust(&mut deployed, Trust::Cluster);
    let told = "blocked [delivery] Secret feature-store-yaml in namespace carol belongs to kubectl-create: delete it, or set secret-name";
    assert_eq!(settle(&mut deployed, Event::hook("update-status")), told);
    assert_eq!(ours(&kubernetes), both(&["alice", "bob"]));

    // Nothing is written a second time.
    let version = |namespace: &str| {
        let found = kubernetes.read("secret", namespace, SECRET).unwrap().unwrap();
        found["metadata"]["resourceVersion"].clone()
    };
    let before = [version("alice"), version("bob"), version("carol")];
    assert_eq!(settle(&mut deployed, Event::hook("update-status")), told);
    assert_eq!([version("alice"), version("bob"), version("carol")], before);

    // A person edits one, deletes another, and a third namespace becomes free.
    let edit = json!({"data": {"feature_store.yaml": "eA=="}}).to_string();
    kubernetes.kubectl(["patch", "secret", SECRET, "--namespace=alice", "--patch", &edit]).unwrap();
    kubernetes.kubectl(["delete", "poddefault", POD_DEFAULT, "--namespace=bob"]).unwrap();
    kubernetes.kubectl(["delete", "secret", SECRET, "--namespace=carol"]).unwrap();
    assert_eq!(settle(&mut deployed, Event::hook("update-status")), "active");
    assert_eq!(ours(&kubernetes), both(&["alice", "bob", "carol"]));
    let data = |namespace: &str| {
        kubernetes.read("secret", namespace, SECRET).unwrap().unwrap()["data"].clone()
    };
    assert_eq!(data("alice"), data("carol"));

    // A namespace that is being deleted takes nothing new and holds up nobody.
    kubernetes.kubectl(["delete", "namespace", "carol", "--wait=false"]).unwrap();
    deployed.unit.state.config.insert("secret-name".to_owned(), json!("shop"));
    assert_eq!(settle(&mut deployed, Event::hook("config-changed")), "active");
    assert!(kubernetes.read("secret", "bob", "shop").unwrap().is_some());

    // Without its definition there can be no PodDefault.
    kubernetes.kubectl(["delete", "crd", "poddefaults.kubeflow.org"]).unwrap();
    let told = "blocked [delivery] The cluster does not know kubeflow.org/v1alpha1/PodDefault: install Kubeflow's admission-webhook";
    assert_eq!(settle(&mut deployed, Event::hook("update-status")), told);

    settle(&mut deployed, Event::hook("remove"));
    let selector = "--selector=app.kubernetes.io/managed-by=feast-integrator";
    let left =
        kubernetes.kubectl(["get", "secrets", "--all-namespaces", "--output=name", selector]);
    assert_eq!(left.unwrap().trim(), "");
}
