//! Listing objects, with a service in the place of an API server.
#![expect(clippy::unwrap_used, reason = "a test stops where it goes wrong")]

mod common;

use std::error::Error;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use charm::ObjectKind;
use common::{Asked, cluster, failure};
use serde_json::{Value, json};

fn secrets() -> ObjectKind {
    ObjectKind::new("v1", "Secret")
}

#[tokio::test]
async fn whole_objects_come_in_pages_without_kind_and_metadata() {
    let page = |name: &str, next: &str| {
        let item = json!({
            "apiVersion": "v1", "kind": "Secret", "data": {"k": "MQ=="},
            "metadata": {"name": name, "namespace": "a", "managedFields": [{"manager": "kubectl"}]},
        });
        let list = json!({
            "kind": "SecretList", "apiVersion": "v1", "metadata": {"continue": next}, "items": [item],
        });
        (200, list.to_string())
    };
    let (cluster, asked) = cluster("app", vec![page("one", "more"), page("two", "")]);
    let found = cluster.list_whole(&secrets(), "by=us").await.unwrap();
    let names: Vec<&str> = found.iter().map(|(found, _)| found.name.as_str()).collect();
    assert_eq!(names, ["one", "two"]);
    assert_eq!(*found[0].1.reveal(), json!({"data": {"k": "MQ=="}}).as_object().unwrap().clone());
    assert!(found[0].0.managers.contains("kubectl"));
    assert!(!format!("{found:?}").contains("MQ=="));
    let Asked { line, body: (_, sent) } = &asked.lock().unwrap()[0];
    assert_eq!(line, "GET /api/v1/secrets?&labelSelector=by%3Dus&limit=500");
    assert_eq!(*sent, Value::Null);
}

#[tokio::test]
async fn a_list_that_breaks_off_in_the_middle_is_none() {
    let page =
        json!({"metadata": {"continue": "more"}, "items": [{"metadata": {"name": "feast"}}]});
    let expired = failure(410, "Expired", "The provided continue parameter is too old", &json!({}));
    let (cluster, asked) = cluster("app", vec![(200, page.to_string()), expired]);
    let error = cluster.list(&secrets(), None, "by=us").await.unwrap_err();
    assert_eq!(error.to_string(), "list v1/Secret: the cluster answered 410 Expired");
    assert_eq!(
        asked.lock().unwrap()[1].line,
        "GET /api/v1/secrets?&labelSelector=by%3Dus&limit=500&continue=more"
    );
}

#[tokio::test]
async fn what_is_the_same_in_many_namespaces_is_in_memory_once() {
    let item = |namespace: &str, data: &str| {
        let metadata = json!({"name": "feast", "namespace": namespace});
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": {"k": data}})
    };
    let page = |items: &[Value], next: &str| {
        (200, json!({"metadata": {"continue": next}, "items": items}).to_string())
    };
    let pages = vec![
        page(&[item("alice", "MQ=="), item("bob", "Mg==")], "more"),
        page(&[item("carol", "MQ==")], ""),
    ];
    let (cluster, _) = cluster("app", pages);
    let found = cluster.list_whole(&secrets(), "by=us").await.unwrap();
    let [alice, bob, carol] = [0, 1, 2].map(|index: usize| found[index].1.reveal());
    assert!(std::ptr::eq(alice, carol));
    assert_ne!(alice, bob);
}

/// What is traced.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn an_answer_that_makes_no_sense_is_neither_logged_nor_told() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    let _traced = tracing::subscriber::set_default(subscriber);
    let item = json!({"metadata": {"name": ["aHVudGVyMg=="]}, "data": {"k": "aHVudGVyMg=="}});
    let (cluster, _) = cluster("app", vec![(200, json!({"items": [item]}).to_string())]);
    let error = cluster.list_whole(&secrets(), "by=us").await.unwrap_err();
    let cause = error.source().unwrap().source().unwrap();
    assert!(cause.to_string().contains("invalid type"), "{cause}");
    tracing::warn!("the end");
    let logged = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(logged.contains("the end"), "{logged}");
    assert!(!format!("{logged}{error}{cause}").contains("aHVudGVyMg"), "{logged}{error}{cause}");
}
