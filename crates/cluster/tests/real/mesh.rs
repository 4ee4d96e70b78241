//! In and out of a mesh.

use charm::{Labels, Membership, Mesh, MeshChange};

use super::*;

/// What Juju makes of an application, as far as labels go.
const APPLICATION: &str = r#"{"apiVersion": "v1", "kind": "List", "items": [
    {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "ui", "namespace": "kubeflow"}, "spec": {
        "serviceName": "ui", "selector": {"matchLabels": {"app.kubernetes.io/name": "ui"}}, "template": {
            "metadata": {"labels": {"app.kubernetes.io/name": "ui", "team": "ml"}},
            "spec": {"containers": [{"name": "charm", "image": "none"}]}}}},
    {"apiVersion": "v1", "kind": "Service", "metadata": {
        "name": "ui", "namespace": "kubeflow", "labels": {"app.kubernetes.io/name": "ui", "team": "ml"}},
        "spec": {"selector": {"app.kubernetes.io/name": "ui"}, "ports": [{"port": 8888}]}}]}"#;

fn joined<const N: usize>(labels: [(&str, &str); N]) -> Membership {
    let owned = |(key, value): (&str, &str)| (key.to_owned(), value.to_owned());
    Membership::In(labels.into_iter().map(owned).collect())
}

/// Looks, and makes the changes that are left to be made, up to one that fails.
async fn reach(cluster: &Cluster, wanted: &Membership) -> Result<Vec<MeshChange>, Error> {
    let record = cluster.mesh_record("kubeflow").await?;
    let found = if wanted.touches_labels(&record) {
        cluster.mesh_labels("kubeflow", record).await?
    } else {
        Mesh { record, ..Mesh::default() }
    };
    let changes = wanted.changes(&found);
    for change in &changes {
        cluster.change_mesh("kubeflow", change).await?;
    }
    Ok(changes)
}

/// The labels of pods and of the Service, and the record.
fn labels(kubernetes: &Kubernetes) -> [Option<Value>; 3] {
    let read = |kind: &str, name: &str, place: &str| {
        kubernetes.read(kind, "kubeflow", name).unwrap()?.pointer(place).cloned()
    };
    let record = read("configmap", "juju-service-mesh-ui-labels", "/data/labels");
    [
        read("statefulset", "ui", "/spec/template/metadata/labels"),
        read("service", "ui", "/metadata/labels"),
        record.map(|text| serde_json::from_str(text.as_str().unwrap()).unwrap()),
    ]
}

/// As [`labels`], if these are ours; `None` if there is not even a record.
fn with(ours: Option<Labels>) -> [Option<Value>; 3] {
    let mut all = json!({"app.kubernetes.io/name": "ui", "team": "ml"});
    for (key, value) in ours.iter().flatten() {
        all[key] = json!(value);
    }
    [Some(all.clone()), Some(all), ours.map(|ours| json!(ours))]
}

#[tokio::test]
async fn an_application_joins_changes_and_leaves() {
    if !needs(&[Need::Go]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::open(|line| println!("{line}")).unwrap();
    let kubernetes = Kubernetes::start(&cache, &folder.path().join("kubernetes")).unwrap();
    let account = async |name: &str, trust| {
        kubernetes.service_account("kubeflow", name, trust).unwrap();
        cluster(&kubernetes.kubeconfig_for("kubeflow", name).unwrap(), name).await
    };
    let join = joined([("istio.io/dataplane-mode", "ambient"), ("istio.io/use-waypoint", "w")]);

    // Without trust, not even the record can be read.
    let error = reach(&account("ui", Trust::None).await, &join).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "read v1/ConfigMap juju-service-mesh-ui-labels: forbidden; run: juju trust ui --scope=cluster"
    );
    let ui = account("ui", Trust::Cluster).await;

    // Before Juju has made anything, only the record is written.
    assert_eq!(reach(&ui, &joined([])).await.unwrap().len(), 1);
    kubernetes.apply(APPLICATION).unwrap();
    assert_eq!(labels(&kubernetes), with(Some(Labels::new())));

    // In, and once in, there is nothing to do.
    reach(&ui, &join).await.unwrap();
    assert_eq!(labels(&kubernetes), with(Some(join.labels().clone())));
    assert_eq!(reach(&ui, &join).await.unwrap(), []);

    // The server knows of the labels as ours, and of nothing else.
    let found = kubernetes.kubectl([
        "get",
        "statefulset",
        "ui",
        "--namespace=kubeflow",
        "--output=json",
        "--show-managed-fields",
    ]);
    let found: Value = serde_json::from_str(&found.unwrap()).unwrap();
    let managers = found["metadata"]["managedFields"].as_array().unwrap().iter();
    let ours: Vec<&Value> = managers.filter(|one| one["manager"] == "ui").collect();
    let [ours] = ours[..] else { panic!("{found}") };
    let fields = json!({"f:istio.io/dataplane-mode": {}, "f:istio.io/use-waypoint": {}});
    assert_eq!(
        ours["fieldsV1"],
        json!({"f:spec": {"f:template": {"f:metadata": {"f:labels": fields}}}})
    );
    assert_eq!(ours["operation"], "Update");

    // What others change meanwhile is no conflict.
    let patch = r#"{"spec": {"replicas": 2}}"#;
    kubernetes
        .kubectl(["patch", "statefulset", "ui", "--namespace=kubeflow", "--patch", patch])
        .unwrap();
    let change = joined([("istio.io/use-waypoint", "other"), ("new", "")]);
    reach(&ui, &change).await.unwrap();
    assert_eq!(labels(&kubernetes), with(Some(change.labels().clone())));

    // What cannot be a label is refused, and the next hook goes on from there.
    let error = reach(&ui, &joined([("new", "no label")])).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "change apps/v1/StatefulSet ui: the cluster finds it invalid: spec.template.labels"
    );
    reach(&ui, &change).await.unwrap();
    assert_eq!(labels(&kubernetes), with(Some(change.labels().clone())));

    // Out, by a unit that finds half of it done, and again where nothing is left.
    kubernetes.kubectl(["delete", "service", "ui", "--namespace=kubeflow"]).unwrap();
    kubernetes.apply(APPLICATION).unwrap();
    reach(&ui, &Membership::Out).await.unwrap();
    assert_eq!(labels(&kubernetes), with(None));
    assert_eq!(reach(&ui, &Membership::Out).await.unwrap(), []);

    // What is not there (any more) is not labelled.
    for kind in ["statefulset", "service"] {
        kubernetes.kubectl(["delete", kind, "ui", "--namespace=kubeflow"]).unwrap();
    }
    let everything =
        Mesh { pods: Some(Labels::new()), service: Some(Labels::new()), ..Mesh::default() };
    for change in join.changes(&everything) {
        ui.change_mesh("kubeflow", &change).await.unwrap();
    }
    ui.change_mesh("kubeflow", &MeshChange::RecordDelete).await.unwrap();
    let error =
        ui.change_mesh("kubeflow", &MeshChange::RecordSet(Labels::new())).await.unwrap_err();
    assert!(matches!(error, Error::NotFound { .. }), "{error:?}");
}
