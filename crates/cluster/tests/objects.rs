//! Changing objects in many namespaces, with a service in the place of an API server.
#![expect(clippy::unwrap_used, reason = "a test stops where it goes wrong")]

mod common;

use charm::{ObjectChange, ObjectContent, ObjectId, ObjectKind};
use cluster::Error;
use common::{cluster, failure};
use serde_json::{Value, json};

fn id(kind: &str, namespace: &str) -> ObjectId {
    let kind = ObjectKind::new("v1", kind);
    ObjectId { kind, name: "feast".to_owned(), namespace: namespace.to_owned() }
}

fn content() -> ObjectContent {
    let Value::Object(object) = json!({"data": {"k": "aHVudGVyMg=="}}) else { unreachable!() };
    ObjectContent::of(object)
}

fn done() -> (u16, String) {
    let object = json!({
        "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": {"name": "feast"},
    });
    (200, object.to_string())
}

fn labels() -> charm::Labels {
    [("by".to_owned(), "us".to_owned())].into()
}

#[tokio::test]
async fn what_is_new_is_not_forced_and_what_is_ours_is() {
    let (cluster, asked) = cluster("app", vec![done(), done(), done()]);
    let changes = [
        ObjectChange::Create(id("Secret", "alice"), content()),
        ObjectChange::Repair(id("Secret", "bob"), content()),
        ObjectChange::Delete(id("Secret", "carol")),
    ];
    let undone = cluster.change_objects(&labels(), &changes).await;
    assert!(undone.failed.is_empty() && undone.untried.is_empty());
    let asked = asked.lock().unwrap();
    let lines: Vec<&str> = asked.iter().map(|asked| asked.line.as_str()).collect();
    assert_eq!(
        lines,
        [
            "PATCH /api/v1/namespaces/alice/secrets/feast?&fieldManager=app",
            "PATCH /api/v1/namespaces/bob/secrets/feast?&force=true&fieldManager=app",
            "DELETE /api/v1/namespaces/carol/secrets/feast?",
        ]
    );
    let metadata = json!({"name": "feast", "namespace": "alice", "labels": {"by": "us"}});
    let sent = json!({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": {"k": "aHVudGVyMg=="}});
    assert_eq!(asked[0].body.1, sent);
}

#[tokio::test]
async fn nothing_more_is_done_in_a_namespace_after_a_failure_and_others_are_served() {
    let forbidden = failure(403, "Forbidden", "no", &json!({}));
    let (cluster, asked) = cluster("app", vec![forbidden, done(), done()]);
    let changes = [
        ObjectChange::Create(id("Secret", "alice"), content()),
        ObjectChange::Create(id("Secret", "bob"), content()),
        ObjectChange::Create(id("ConfigMap", "alice"), content()),
        ObjectChange::Create(id("ConfigMap", "bob"), content()),
    ];
    let undone = cluster.change_objects(&labels(), &changes).await;
    let [(failed, Error::Forbidden { .. })] = undone.failed.as_slice() else {
        panic!("{undone:?}")
    };
    assert_eq!(failed, &changes[0]);
    assert_eq!(undone.untried, [changes[2].clone()]);
    assert_eq!(asked.lock().unwrap().len(), 3);
    assert!(!format!("{undone:?}").contains("aHVudGVyMg"));
}

#[tokio::test]
async fn a_kind_that_nobody_knows_and_a_token_that_is_not_taken_are_asked_once_around() {
    for (answer, most) in [
        ((404, "404 page not found\n".to_owned()), 8),
        (failure(401, "Unauthorized", "no", &json!({})), 8),
    ] {
        let (cluster, asked) = cluster("app", vec![answer; 8]);
        let changes: Vec<ObjectChange> = (0..100)
            .map(|user| ObjectChange::Create(id("Secret", &format!("user-{user}")), content()))
            .collect();
        let undone = cluster.change_objects(&labels(), &changes).await;
        assert!(asked.lock().unwrap().len() <= most);
        assert_eq!(undone.failed.len() + undone.untried.len(), 100);
    }
}
