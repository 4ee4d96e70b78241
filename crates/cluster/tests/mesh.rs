//! Which requests the labels of a mesh come down to, and how their answers are understood.
#![expect(clippy::unwrap_used, reason = "a test stops where it goes wrong")]

mod common;

use charm::{Labels, Membership, Mesh, MeshChange, Record};
use cluster::Error;
use common::{cluster, failure};
use serde_json::{Value, json};

const MERGE: &str = "application/strategic-merge-patch+json";
const RECORD: &str = "/api/v1/namespaces/kubeflow/configmaps/juju-service-mesh-ui-labels";
const PODS: &str = "/apis/apps/v1/namespaces/kubeflow/statefulsets/ui";
const SERVICE: &str = "/api/v1/namespaces/kubeflow/services/ui";

fn labels<const N: usize>(pairs: [(&str, &str); N]) -> Labels {
    pairs.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

fn gone() -> (u16, String) {
    failure(404, "NotFound", "services \"ui\" not found", &json!({"name": "ui"}))
}

fn record(data: &Value) -> (u16, String) {
    let object = json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "juju-service-mesh-ui-labels"}, "data": data,
    });
    (200, object.to_string())
}

/// What is answered to a change.
fn changed() -> (u16, String) {
    let object = json!({
        "apiVersion": "meta.k8s.io/v1", "kind": "PartialObjectMetadata", "metadata": {"name": "ui"},
    });
    (200, object.to_string())
}

/// The changes on the way from one state to another.
fn changes(from: Record, labelled: &Labels, to: &Membership) -> Vec<MeshChange> {
    let (pods, service) = (Some(labelled.clone()), Some(labelled.clone()));
    to.changes(&Mesh { record: from, pods, service })
}

/// Method, path and body of each request that `changes` come down to.
async fn requests(changes: &[MeshChange], answers: Vec<(u16, String)>) -> Vec<(String, Value)> {
    let (cluster, asked) = cluster("ui", answers);
    for change in changes {
        cluster.change_mesh("kubeflow", change).await.unwrap();
    }
    let asked = std::mem::take(&mut *asked.lock().unwrap());
    let read = |asked: common::Asked| {
        let line = asked.line.replace("?&", "?");
        if line.starts_with("PATCH ") {
            assert_eq!(asked.body.0, MERGE);
        }
        (line, asked.body.1)
    };
    asked.into_iter().map(read).collect()
}

#[tokio::test]
async fn joining_names_nothing_but_the_labels() {
    let join = Membership::In(labels([("mode", "ambient")]));
    let changes = changes(Record::Missing, &labels([("app", "ui")]), &join);
    let asked = requests(&changes, vec![record(&json!({})), changed(), changed()]).await;
    let wanted = json!({"mode": "ambient"});
    assert_eq!(
        asked,
        [
            (
                "POST /api/v1/namespaces/kubeflow/configmaps?fieldManager=ui".to_owned(),
                json!({
                    "apiVersion": "v1", "kind": "ConfigMap",
                    "metadata": {"name": "juju-service-mesh-ui-labels", "namespace": "kubeflow"},
                    "data": {"labels": "{\"mode\":\"ambient\"}"},
                })
            ),
            (
                format!("PATCH {PODS}?fieldManager=ui"),
                json!({"spec": {"template": {"metadata": {"labels": wanted}}}})
            ),
            (format!("PATCH {SERVICE}?fieldManager=ui"), json!({"metadata": {"labels": wanted}})),
        ]
    );
}

#[tokio::test]
async fn changing_takes_away_by_null() {
    let ours = labels([("old", "1")]);
    let join = Membership::In(labels([("new", "2")]));
    let changes = changes(Record::Labels(ours.clone()), &ours, &join);
    let asked = requests(&changes, vec![changed(), changed(), changed(), changed()]).await;
    let record = |labels: &str| {
        (format!("PATCH {RECORD}?fieldManager=ui"), json!({"data": {"labels": labels}}))
    };
    let edits = json!({"old": null, "new": "2"});
    assert_eq!(
        asked,
        [
            record(r#"{"new":"2","old":"1"}"#),
            (
                format!("PATCH {PODS}?fieldManager=ui"),
                json!({"spec": {"template": {"metadata": {"labels": edits}}}})
            ),
            (format!("PATCH {SERVICE}?fieldManager=ui"), json!({"metadata": {"labels": edits}})),
            record(r#"{"new":"2"}"#),
        ]
    );
}

#[tokio::test]
async fn leaving_an_application_that_is_on_its_way_out_is_no_error() {
    let ours = labels([("mode", "ambient")]);
    let changes = changes(Record::Labels(ours.clone()), &ours, &Membership::Out);
    let asked = requests(&changes, vec![gone(), gone(), gone()]).await;
    assert_eq!(asked[2].0, format!("DELETE {RECORD}?"));
}

#[tokio::test]
async fn a_record_is_read_by_its_keys() {
    for (data, expected) in [
        (json!({"labels": "{\"a\": \"b\"}"}), Record::Labels(labels([("a", "b")]))),
        (json!({"labels": "{\"a\": null}"}), Record::Labels(labels([("a", "")]))),
        (json!({"labels": "{}"}), Record::Labels(Labels::new())),
        (json!({"labels": "[]"}), Record::Unreadable),
        (json!({"labels": "x"}), Record::Unreadable),
        (json!({"other": "{}"}), Record::Unreadable),
        (Value::Null, Record::Unreadable),
    ] {
        let (cluster, _) = cluster("ui", vec![record(&data)]);
        assert_eq!(cluster.mesh_record("kubeflow").await.unwrap(), expected, "{data}");
    }
    let (cluster, asked) = cluster("ui", vec![gone()]);
    assert_eq!(cluster.mesh_record("kubeflow").await.unwrap(), Record::Missing);
    assert_eq!(asked.lock().unwrap()[0].line, format!("GET {RECORD}"));
}

#[tokio::test]
async fn labels_are_those_of_new_pods_and_of_the_service() {
    let object = |kind: &str, fields: Value| {
        let mut object = json!({"apiVersion": "x/v1", "kind": kind, "metadata": {"name": "ui", "labels": {"own": "1"}}});
        object.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        (200, object.to_string())
    };
    let template = json!({"spec": {"template": {"metadata": {"labels": {"app": "ui"}}}}});
    let answers = vec![object("StatefulSet", template), object("Service", json!({}))];
    let (cluster, asked) = cluster("ui", answers);
    let found = cluster.mesh_labels("kubeflow", Record::Unreadable).await.unwrap();
    assert_eq!(found.pods, Some(labels([("app", "ui")])));
    assert_eq!(found.service, Some(labels([("own", "1")])));
    let lines: Vec<String> = asked.lock().unwrap().iter().map(|one| one.line.clone()).collect();
    assert_eq!(lines, [format!("GET {PODS}"), format!("GET {SERVICE}")]);
    let bare = object("StatefulSet", json!({"spec": {"template": {}}}));
    let (cluster, _) = self::cluster("ui", vec![bare, gone()]);
    let found = cluster.mesh_labels("kubeflow", Record::Missing).await.unwrap();
    assert_eq!((found.pods, found.service), (Some(Labels::new()), None));
}

#[tokio::test]
async fn what_keeps_a_change_from_being_made_says_who_has_to_act() {
    let change = MeshChange::RecordSet(Labels::new());
    let refused = async |code, reason: &str| {
        let answer = failure(code, reason, "words of the server", &json!({}));
        let (cluster, _) = cluster("ui", vec![answer]);
        cluster.change_mesh("kubeflow", &change).await.unwrap_err()
    };
    let error = refused(403, "Forbidden").await;
    assert_eq!(
        error.to_string(),
        "change v1/ConfigMap juju-service-mesh-ui-labels: forbidden; run: juju trust ui --scope=cluster"
    );
    let error = refused(409, "Conflict").await;
    assert!(matches!(error, Error::Refused { code: 409, .. }), "{error:?}");
    let error = refused(422, "Invalid").await;
    assert!(matches!(error, Error::Invalid { .. }), "{error:?}");
    for (code, reason) in
        [(429, "TooManyRequests"), (500, "InternalError"), (503, "ServiceUnavailable")]
    {
        let error = refused(code, reason).await;
        assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
    }
    let error = refused(404, "NotFound").await;
    assert!(matches!(error, Error::NotFound { .. }), "{error:?}");
}
