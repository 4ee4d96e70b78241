//! A cluster without processes: objects by their paths, and requests that fail because they are to.

mod namespaced;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use juju_sim::State;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tempfile::TempDir;

use crate::http::{self, Request};
use crate::world::Deployed;
use namespaced::Query;
pub use namespaced::{KUBEFLOW, namespace, pod_default, secret};

/// What is in a cluster.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cluster {
    /// Objects by their paths.
    pub objects: BTreeMap<String, Value>,
    /// Requests that are not carried out.
    pub failures: Vec<Failure>,
    /// What was asked, oldest first: method and path; of lists also what is listed.
    pub asked: Vec<String>,
    /// Paths below which nothing is known.
    pub unknown: Vec<String>,
}

/// A request that is not carried out.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Failure {
    /// `GET` and so on.
    pub method: String,
    /// Without the query.
    pub path: String,
    /// What is answered in place of an object; 0 for no answer at all.
    pub status: u16,
}

/// A cluster on a socket.
pub struct Kubernetes {
    cluster: Arc<Mutex<Cluster>>,
    address: SocketAddr,
    thread: Option<JoinHandle<()>>,
    folder: TempDir,
}

impl Kubernetes {
    /// Gives the unit `cluster`, until it is asked for what became of it.
    ///
    /// # Panics
    ///
    /// If there can be no socket.
    pub fn serve(cluster: Cluster, deployed: &mut Deployed) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a socket");
        let address = listener.local_addr().expect("an address");
        let cluster = Arc::new(Mutex::new(cluster));
        let shared = Arc::clone(&cluster);
        let thread = thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                match http::read(&stream) {
                    Ok(Some(request)) => {
                        let (code, body) = locked(&shared).answer(&request);
                        if code == 0 {
                            continue;
                        }
                        let answer = match body {
                            Value::String(text) => http::answer(code, "text/plain", &text),
                            body => http::answer(code, "application/json", &body.to_string()),
                        };
                        let _client_is_gone = (&stream).write_all(&answer);
                    }
                    // Nothing was asked: this is the end.
                    Ok(None) => return,
                    Err(_) => {}
                }
            }
        });
        let kubernetes = Self { cluster, address, thread: Some(thread), folder };
        kubernetes.reach(deployed);
        kubernetes
    }

    /// Lets another unit reach it, too.
    ///
    /// # Panics
    ///
    /// If a file cannot be written.
    pub fn reach(&self, deployed: &mut Deployed) {
        let address = self.address;
        let named = |name: &str, what: &str, value: Value| json!([{"name": name, what: value}]);
        let kubeconfig = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "it",
            "clusters": named("it", "cluster", json!({"server": format!("http://{address}")})),
            "users": named("it", "user", json!({})),
            "contexts": named("it", "context", json!({"cluster": "it", "user": "it"})),
        });
        let path = self.folder.path().join("kubeconfig");
        fs::write(&path, kubeconfig.to_string()).expect("a kubeconfig");
        let extra = &mut deployed.unit.extra;
        extra.insert("KUBECONFIG".to_owned(), path.into());
        // Where the tests run in a pod, its service account is none of the unit's.
        extra.insert("KUBERNETES_SERVICE_HOST".to_owned(), "".into());
    }

    /// What there is now, to be looked at or changed as others would.
    pub fn cluster(&self) -> MutexGuard<'_, Cluster> {
        locked(&self.cluster)
    }

    /// What was asked since this was asked last, one a line.
    pub fn asked(&self) -> String {
        std::mem::take(&mut self.cluster().asked).join("\n")
    }
}

impl Drop for Kubernetes {
    fn drop(&mut self) {
        drop(TcpStream::connect(self.address));
        let asked = self.thread.take().is_none_or(|thread| thread.join().is_ok());
        assert!(asked || thread::panicking(), "the cluster was asked what it does not know");
    }
}

fn locked(cluster: &Mutex<Cluster>) -> MutexGuard<'_, Cluster> {
    cluster.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Cluster {
    /// One in which Juju has just made what runs the application.
    pub fn running(state: &State) -> Self {
        let (name, namespace) = (state.application(), &state.model.name);
        let labels = json!({"app.kubernetes.io/name": name});
        let object = |api_version: &str, kind: &str, labels: Value, spec: Value| {
            let metadata = json!({"name": name, "namespace": namespace, "labels": labels});
            json!({"apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": spec})
        };
        let template = json!({"metadata": {"labels": labels}, "spec": {"containers": []}});
        let spec =
            json!({"selector": {"matchLabels": labels}, "serviceName": name, "template": template});
        let ports = json!({"ports": [{"port": 8888}]});
        let objects = [
            (pods(name, namespace), object("apps/v1", "StatefulSet", json!({}), spec)),
            (service(name, namespace), object("v1", "Service", labels, ports)),
        ];
        Self { objects: objects.into(), ..Self::default() }
    }

    /// Carries a request out, and answers a status and what it is about.
    pub fn carry_out(&mut self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        self.asked.push(format!("{method} {path}"));
        if let Some(failure) = self.failure(method, path) {
            return failure;
        }
        match (method, self.objects.get_mut(path)) {
            ("GET", Some(object)) => (200, object.clone()),
            ("PATCH", Some(object)) => {
                merge(object, body);
                (200, object.clone())
            }
            ("DELETE", Some(_)) => {
                self.objects.remove(path);
                status(200)
            }
            ("POST", None) => {
                let name = body["metadata"]["name"].as_str().unwrap_or_default();
                match self.objects.entry(format!("{path}/{name}")) {
                    std::collections::btree_map::Entry::Occupied(_) => status(409),
                    std::collections::btree_map::Entry::Vacant(free) => {
                        (201, free.insert(body.clone()).clone())
                    }
                }
            }
            (_, None) => status(404),
            (_, Some(_)) => status(405),
        }
    }

    fn failure(&self, method: &str, path: &str) -> Option<(u16, Value)> {
        let is_unknown = |base: &String| path.starts_with(base.as_str());
        if self.unknown.iter().any(is_unknown) {
            return Some((404, Value::from("404 page not found\n")));
        }
        let fails = |failure: &&Failure| failure.method == method && failure.path == path;
        self.failures.iter().find(fails).map(|failure| status(failure.status))
    }

    fn answer(&mut self, request: &Request) -> (u16, Value) {
        let Request { method, path, query, content_type, body } = request;
        let query = Query(query.clone());
        let body = serde_json::from_str(body).unwrap_or_default();
        if method == "GET"
            && let Some(page) = self.list(path, &query)
        {
            self.asked.push(format!("GET {path}{}", query.selectors()));
            return self.failure(method, path).unwrap_or(page);
        }
        if method == "PATCH" && content_type == "application/apply-patch+yaml" {
            self.asked.push(format!("APPLY {path}"));
            return self.failure("APPLY", path).unwrap_or_else(|| self.apply(path, &query, &body));
        }
        if method == "PATCH" {
            assert_eq!(content_type, "application/strategic-merge-patch+json");
        }
        self.carry_out(method, path, &body)
    }
}

/// The path of what makes the pods of an application.
pub fn pods(application: &str, namespace: &str) -> String {
    format!("/apis/apps/v1/namespaces/{namespace}/statefulsets/{application}")
}

/// The path of the Service of an application.
pub fn service(application: &str, namespace: &str) -> String {
    format!("/api/v1/namespaces/{namespace}/services/{application}")
}

/// The path of the record of an application's labels.
pub fn record(application: &str, namespace: &str) -> String {
    format!("/api/v1/namespaces/{namespace}/configmaps/juju-service-mesh-{application}-labels")
}

fn status(code: u16) -> (u16, Value) {
    let success = code < 300;
    let reason = match code {
        200 => "",
        403 => "Forbidden",
        404 => "NotFound",
        409 => "Conflict",
        422 => "Invalid",
        401 => "Unauthorized",
        504 => "Timeout",
        503 => "ServiceUnavailable",
        _ => "InternalError",
    };
    let word = if success { "Success" } else { "Failure" };
    let body = json!({
        "apiVersion": "v1", "kind": "Status", "metadata": {}, "status": word, "code": code, "reason": reason,
        "message": reason, "details": {"name": "it"},
    });
    (code, body)
}

/// A strategic merge, as far as there are no lists: `null` takes away.
fn merge(object: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *object = patch.clone();
        return;
    };
    if !object.is_object() {
        *object = Map::new().into();
    }
    let Some(object) = object.as_object_mut() else { return };
    for (key, value) in patch {
        if value.is_null() {
            object.remove(key);
        } else {
            merge(object.entry(key).or_insert(Value::Null), value);
        }
    }
}
