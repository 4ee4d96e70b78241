//! How the answers of an API server are understood, with a service in its place.
#![expect(clippy::unwrap_used, reason = "a test stops where it goes wrong")]

mod common;

use std::collections::BTreeMap;

use cluster::{Error, Object, ObjectKind, OnConflict, opaque_secret};
use common::{Asked, cluster, failure};
use serde_json::{Value, json};

fn secret() -> Object {
    let entries = BTreeMap::from([("password".to_owned(), "hunter2".to_owned())]);
    Object::of(&opaque_secret("feast", entries)).unwrap().in_namespace("alice")
}

async fn refusal(answer: (u16, String)) -> Error {
    let (cluster, _) = cluster("dispatcher", vec![answer]);
    cluster.apply(&secret(), OnConflict::Refuse).await.unwrap_err()
}

#[tokio::test]
async fn an_object_is_applied_in_our_name() {
    let answer = json!({
        "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1",
        "metadata": {"name": "feast", "namespace": "alice"},
    });
    let (cluster, asked) =
        cluster("dispatcher", vec![(200, answer.to_string()), (200, answer.to_string())]);
    cluster.apply(&secret(), OnConflict::Refuse).await.unwrap();
    cluster.apply(&secret(), OnConflict::TakeOver).await.unwrap();
    let asked = asked.lock().unwrap();
    assert!(
        asked.iter().all(|Asked { body: (kind, _), .. }| kind == "application/apply-patch+yaml")
    );
    let lines: Vec<&str> = asked.iter().map(|Asked { line, .. }| line.as_str()).collect();
    assert_eq!(
        lines,
        [
            "PATCH /api/v1/namespaces/alice/secrets/feast?&fieldManager=dispatcher",
            "PATCH /api/v1/namespaces/alice/secrets/feast?&force=true&fieldManager=dispatcher",
        ]
    );
}

#[tokio::test]
async fn a_long_list_comes_in_pages() {
    let page = |names: &[&str], next: &str| {
        let items: Vec<Value> =
            names.iter().map(|name| json!({"metadata": {"name": name}})).collect();
        let list = json!({
            "kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1",
            "metadata": {"continue": next}, "items": items,
        });
        (200, list.to_string())
    };
    let (cluster, asked) = cluster("dispatcher", vec![page(&["a", "b"], "more"), page(&["c"], "")]);
    assert_eq!(cluster.namespaces("enabled=true").await.unwrap(), ["a", "b", "c"]);
    let asked = asked.lock().unwrap();
    assert_eq!(asked[0].line, "GET /api/v1/namespaces?&labelSelector=enabled%3Dtrue&limit=500");
    assert!(asked[1].line.ends_with("&continue=more"), "{asked:?}");
}

#[tokio::test]
async fn a_forbidden_request_names_the_command_that_grants_trust() {
    let error = refusal(failure(403, "Forbidden", "secrets is forbidden", &json!({}))).await;
    assert!(matches!(error, Error::Forbidden { .. }));
    assert_eq!(
        error.to_string(),
        "apply v1/Secret feast in namespace alice: forbidden; run: juju trust dispatcher --scope=cluster"
    );
}

#[tokio::test]
async fn a_namespace_that_is_being_deleted_is_not_a_matter_of_trust() {
    let details =
        json!({"causes": [{"reason": "NamespaceTerminating", "field": "metadata.namespace"}]});
    let error = refusal(failure(403, "Forbidden", "is being terminated", &details)).await;
    assert!(matches!(error, Error::NamespaceTerminating { .. }), "{error:?}");
}

#[tokio::test]
async fn a_conflict_names_the_owners_and_the_fields() {
    let cause = |owner: &str, field: &str| {
        json!({
            "reason": "FieldManagerConflict", "field": field,
            "message": format!("conflict with \"{owner}\" using v1"),
        })
    };
    let details = json!({"causes": [cause("kubectl", ".data.a"), cause("kubectl", ".type")]});
    let error = refusal(failure(409, "Conflict", "Apply failed with 2 conflicts", &details)).await;
    assert_eq!(
        error.to_string(),
        "apply v1/Secret feast in namespace alice: kubectl owns .data.a, .type"
    );
}

#[tokio::test]
async fn a_missing_kind_is_told_from_a_missing_namespace() {
    let error = refusal((404, "404 page not found\n".to_owned())).await;
    assert!(matches!(error, Error::MissingCrd { .. }), "{error:?}");
    let details = json!({"name": "alice", "kind": "namespaces"});
    let answer = failure(404, "NotFound", "namespaces \"alice\" not found", &details);
    let error = refusal(answer).await;
    assert!(matches!(error, Error::NotFound { .. }), "{error:?}");
}

#[tokio::test]
async fn a_complaint_about_a_secret_repeats_no_value() {
    let message = "failed to create typed patch object: .data.x: got hunter2";
    let error = refusal(failure(500, "InternalError", message, &json!({}))).await;
    assert!(matches!(error, Error::Invalid { .. }), "{error:?}");
    assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
}

#[tokio::test]
async fn what_is_not_there_is_read_as_nothing_and_deleted_already() {
    let gone = || failure(404, "NotFound", "secrets \"x\" not found", &json!({"name": "x"}));
    let (cluster, _) = cluster("dispatcher", vec![gone(), gone()]);
    let kind = ObjectKind::new("v1", "Secret");
    assert_eq!(cluster.read(&kind, Some("alice"), "x").await.unwrap(), None);
    assert!(!cluster.delete(&kind, Some("alice"), "x").await.unwrap());
}
