//! A container's Pebble without processes: starting a service takes no time, and every check of one that runs succeeds.
#![expect(
    clippy::panic,
    reason = "a charm that asks for more than Pebble was taught here is a test that fails"
)]

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use serde_json::{Map, Value, json};
use tempfile::TempDir;

use crate::http::{self, Request};
use crate::world::Deployed;

/// What is in a container.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Container {
    /// Layers by label, the lowest first.
    pub layers: Vec<(String, Value)>,
    /// Services and what they do: `active`, `inactive` or `error`.
    pub services: BTreeMap<String, String>,
    /// Checks and their failures in a row, where they have any.
    pub failures: BTreeMap<String, u64>,
    /// Content and permissions of files.
    pub files: BTreeMap<String, (String, String)>,
}

/// A server on a socket.
pub struct Pebble {
    container: Arc<Mutex<Container>>,
    folder: TempDir,
    thread: Option<JoinHandle<()>>,
}

impl Pebble {
    /// Gives the unit `container`, until it is asked for what became of it.
    ///
    /// # Panics
    ///
    /// If there can be no socket.
    pub fn serve(container: Container, deployed: &mut Deployed) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let socket = socket(&folder);
        fs::create_dir(socket.parent().unwrap_or(folder.path())).expect("a folder");
        let listener = UnixListener::bind(&socket).expect("a socket");
        deployed.unit.extra.insert("CHARM_CONTAINERS_DIR".to_owned(), folder.path().into());
        let container = Arc::new(Mutex::new(container));
        let shared = Arc::clone(&container);
        let thread = thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                match http::read(&stream) {
                    Ok(Some(request)) => {
                        let answer = shared_mut(&shared).answer(&request);
                        let _client_is_gone = (&stream).write_all(&answer);
                    }
                    // Nothing was asked: this is the end.
                    Ok(None) => return,
                    Err(_) => {}
                }
            }
        });
        Self { container, folder, thread: Some(thread) }
    }

    /// What is in the container now.
    pub fn container(&self) -> Container {
        shared_mut(&self.container).clone()
    }

    /// What became of the container.
    ///
    /// # Panics
    ///
    /// If it was asked for something that it does not know.
    pub fn stop(mut self) -> Container {
        drop(UnixStream::connect(socket(&self.folder)));
        if let Some(thread) = self.thread.take() {
            assert!(thread.join().is_ok(), "Pebble was asked what it does not know");
        }
        shared_mut(&self.container).clone()
    }
}

fn socket(folder: &TempDir) -> PathBuf {
    folder.path().join("feast-ui/pebble.socket")
}

fn shared_mut(container: &Mutex<Container>) -> MutexGuard<'_, Container> {
    container.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A part of a form, up to the next boundary.
fn part(name: &str, content: &str) -> String {
    format!("--between\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{content}\r\n")
}

fn result(result: &Value) -> Vec<u8> {
    let body = json!({"type": "sync", "status-code": 200, "status": "OK", "result": result});
    http::answer(200, "application/json", &body.to_string())
}

impl Container {
    /// All layers together.
    pub fn plan(&self) -> Value {
        let mut plan = json!({});
        for (_, layer) in &self.layers {
            combine(&mut plan, layer);
        }
        for (_, section) in plan.as_object_mut().into_iter().flatten() {
            for (_, entry) in section.as_object_mut().into_iter().flatten() {
                if let Some(entry) = entry.as_object_mut() {
                    entry.entry("override").or_insert_with(|| json!("replace"));
                }
            }
        }
        plan
    }

    fn section(&self, name: &str) -> Map<String, Value> {
        self.plan()[name].as_object().cloned().unwrap_or_default()
    }

    fn answer(&mut self, request: &Request) -> Vec<u8> {
        let values = |name: &str| -> Vec<&str> {
            let named = request.query.iter().filter(|(key, _)| key == name);
            named.map(|(_, value)| value.as_str()).collect()
        };
        let body = || serde_json::from_str::<Value>(&request.body).unwrap_or_default();
        match (request.method.as_str(), request.path.as_str()) {
            ("GET", "/v1/files") if values("action") == ["read"] => self.read(&values("path")),
            ("GET", "/v1/files") => self.list(values("path")[0]),
            ("POST", "/v1/files") => self.write(request),
            ("GET", "/v1/plan") => {
                result(&json!(serde_yaml::to_string(&self.plan()).unwrap_or_default()))
            }
            ("POST", "/v1/layers") => self.add(&body()),
            ("GET", "/v1/services") => result(&self.list_services()),
            ("POST", "/v1/services") => self.act(&body()),
            ("GET", path) if path.starts_with("/v1/changes/") => result(&json!({
                "id": "1", "kind": "replan", "summary": "", "status": "Done", "ready": true, "tasks": [],
            })),
            ("GET", "/v1/checks") => {
                let checks = self.section("checks");
                result(&checks.keys().map(|name| self.check(name, 0)).collect())
            }
            ("POST", "/v1/checks/refresh") => {
                let name = body()["name"].as_str().unwrap_or_default().to_owned();
                self.failures.remove(&name);
                result(&json!({"info": self.check(&name, 1), "error": null}))
            }
            (method, path) => panic!("{method} {path}"),
        }
    }

    fn read(&self, paths: &[&str]) -> Vec<u8> {
        let mut parts = Vec::new();
        let mut results = Vec::new();
        for path in paths {
            if let Some((content, _)) = self.files.get(*path) {
                parts.push(part(&format!("files\"; filename=\"{path}"), content));
                results.push(json!({"path": path}));
            } else {
                let message = format!("stat {path}: no such file or directory");
                let error = json!({"kind": "not-found", "message": message});
                results.push(json!({"path": path, "error": error}));
            }
        }
        let response =
            json!({"type": "sync", "status-code": 200, "status": "OK", "result": results});
        parts.push(part("response", &response.to_string()));
        let body = format!("{}--between--\r\n", parts.concat());
        http::answer(200, "multipart/form-data; boundary=between", &body)
    }

    fn list(&self, path: &str) -> Vec<u8> {
        let (content, mode) = &self.files[path];
        let name = path.rsplit('/').next();
        result(&json!([{
            "path": path, "name": name, "type": "file", "size": content.len(),
            "permissions": mode.trim_start_matches('0'), "user-id": 584_792, "group-id": 584_792,
        }]))
    }

    fn write(&mut self, request: &Request) -> Vec<u8> {
        let boundary = request.content_type.split("boundary=").nth(1).unwrap_or_default();
        let between = format!("--{boundary}");
        let parts: Vec<&str> = request
            .body
            .split(&between)
            .filter_map(|part| Some(part.strip_suffix("\r\n")?.split_once("\r\n\r\n")?.1))
            .collect();
        let [order, content] = parts[..] else { panic!("a form of {} parts", parts.len()) };
        let order: Value = serde_json::from_str(order).unwrap_or_default();
        assert_eq!(order["action"], "write");
        let text = |key: &str| order["files"][0][key].as_str().unwrap_or_default().to_owned();
        let mode = format!("0{}", text("permissions"));
        self.files.insert(text("path"), (content.to_owned(), mode));
        result(&json!([{"path": text("path")}]))
    }

    fn add(&mut self, order: &Value) -> Vec<u8> {
        let text = |key: &str| order[key].as_str().unwrap_or_default();
        let layer: Value = serde_yaml::from_str(text("layer")).unwrap_or_default();
        match self.layers.iter_mut().find(|(label, _)| label == text("label")) {
            Some((_, present)) => combine(present, &layer),
            None => self.layers.push((text("label").to_owned(), layer)),
        }
        result(&json!(true))
    }

    fn list_services(&self) -> Value {
        let state = |name: &String| self.services.get(name).map_or("inactive", String::as_str);
        let info = |(name, service): (&String, &Value)| {
            let startup = service["startup"].as_str().unwrap_or("disabled");
            json!({"name": name, "startup": startup, "current": state(name)})
        };
        self.section("services").iter().map(info).collect()
    }

    fn act(&mut self, order: &Value) -> Vec<u8> {
        match order["action"].as_str() {
            Some("replan") => {
                for (name, service) in self.section("services") {
                    if service["startup"] == "enabled" {
                        self.services.insert(name, "active".to_owned());
                    }
                }
            }
            Some("stop") => {
                for name in order["services"].as_array().into_iter().flatten() {
                    let name = name.as_str().unwrap_or_default().to_owned();
                    self.services.insert(name, "inactive".to_owned());
                }
            }
            other => panic!("{other:?}"),
        }
        let body = json!({"type": "async", "status-code": 202, "status": "Accepted", "change": "1", "result": null});
        http::answer(200, "application/json", &body.to_string())
    }

    fn check(&self, name: &str, successes: u64) -> Value {
        let failures = self.failures.get(name).copied().unwrap_or(0);
        let threshold = self.section("checks")[name]["threshold"].as_u64().unwrap_or(3);
        let status = if failures >= threshold { "down" } else { "up" };
        json!({"name": name, "status": status, "successes": successes, "failures": failures, "threshold": threshold})
    }
}

/// Puts `layer` over `base`: an entry replaces its namesake, or only those of its keys that it has if it says `merge`.
fn combine(base: &mut Value, layer: &Value) {
    for (section, entries) in layer.as_object().into_iter().flatten() {
        let Some(entries) = entries.as_object() else {
            base[section] = entries.clone();
            continue;
        };
        for (name, entry) in entries {
            let present = &mut base[section][name];
            match (present.as_object_mut(), entry.as_object()) {
                (Some(present), Some(keys)) if entry["override"] == "merge" => {
                    present.extend(keys.clone());
                }
                _ => *present = entry.clone(),
            }
        }
    }
}
