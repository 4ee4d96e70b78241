//! A service in the place of an API server.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use cluster::Cluster;
use http::header::CONTENT_TYPE;
use http::{Request, Response};
use kube::client::{Body, Client};
use serde_json::{Value, json};

/// What a cluster was asked.
#[derive(Debug)]
pub(crate) struct Asked {
    /// Method and URI.
    pub(crate) line: String,
    /// Type and content of the body.
    pub(crate) body: (String, Value),
}

/// A cluster that gives each of `answers` in turn, and what it was asked in the name of `application`.
pub(crate) fn cluster(
    application: &str,
    answers: Vec<(u16, String)>,
) -> (Cluster, Arc<Mutex<Vec<Asked>>>) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let log = asked.clone();
    let answers = Arc::new(Mutex::new(answers.into_iter()));
    let service = tower::service_fn(move |request: Request<Body>| {
        let (log, answers) = (log.clone(), answers.clone());
        async move {
            let line = format!("{} {}", request.method(), request.uri());
            let kind = request.headers().get(CONTENT_TYPE);
            let kind = kind.map(|kind| kind.to_str().unwrap().to_owned()).unwrap_or_default();
            let content = request.into_body().collect_bytes().await.unwrap();
            let content = serde_json::from_slice(&content).unwrap_or_default();
            log.lock().unwrap().push(Asked { line, body: (kind, content) });
            let (code, body) = answers.lock().unwrap().next().expect("one more answer");
            let body = Body::from(body.into_bytes());
            Ok::<_, Infallible>(Response::builder().status(code).body(body).unwrap())
        }
    });
    (Cluster::new(Client::new(service, "default"), application), asked)
}

/// An answer that says what went wrong.
pub(crate) fn failure(code: u16, reason: &str, message: &str, details: &Value) -> (u16, String) {
    let status = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "code": code, "reason": reason, "message": message, "details": details,
    });
    (code, status.to_string())
}
