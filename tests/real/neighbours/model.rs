//! A real Juju model with Kubernetes, in which our charms are deployed among neighbours.

use std::net::{Ipv4Addr, TcpListener};
use std::time::Duration;

use serde_json::{Value, json};
use stand::controller::{Controller, Settings, Status};
use stand::missing::{Need, needs};
use tempfile::TempDir;

use tests::container::cache;
use tests::packed;

/// More than enough for anything here, on a machine that does other things as well.
pub(crate) const LIMIT: Duration = Duration::from_mins(3);

/// The model, which is the namespace.
pub(crate) const MODEL: &str = "kubeflow";
/// The namespace of a user.
pub(crate) const USER: &str = "alice";

/// A running model.
pub(crate) struct Model {
    pub(crate) controller: Controller,
    // After the processes that have files in it.
    folder: TempDir,
}

impl Model {
    /// A model without applications; `None` where there can be none, and the test should return.
    pub(crate) fn start() -> Option<Self> {
        if !needs(&[Need::Go, Need::Gcc, Need::Python, Need::Namespaces, Need::Setpriv]) {
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let images = folder.path().join("images");
        packed::images(&images);
        let settings =
            Settings { model: MODEL.to_owned(), images: Some(images), ..Settings::default() };
        let controller = Controller::start(&cache(), &settings).unwrap();
        let user = [("user.kubeflow.org/enabled", "true")];
        controller.kubernetes().create_namespace(USER, &user).unwrap();
        Some(Self { controller, folder })
    }

    /// Runs the `juju` command.
    pub(crate) fn juju(&self, arguments: &[&str]) -> String {
        self.controller.juju(arguments).unwrap()
    }

    /// Deploys a charm, ours or a neighbour's, as an application of its name.
    pub(crate) fn deploy(&self, charm: &str, more: &[&str]) {
        let path = packed::charm(self.folder.path(), charm);
        self.juju(&[&["deploy", path.to_str().unwrap(), charm], more].concat());
    }

    /// Makes a relation.
    pub(crate) fn integrate(&self, one: &str, other: &str) {
        self.juju(&["integrate", one, other]);
    }

    /// Removes a relation.
    pub(crate) fn part(&self, one: &str, other: &str) {
        self.juju(&["remove-relation", one, other]);
    }

    /// Waits until `done` says so.
    pub(crate) fn wait(&self, done: impl FnMut(&Status) -> bool) {
        self.controller.wait(LIMIT, done).unwrap();
    }

    /// Waits until all units of `applications` are active and have nothing to do.
    pub(crate) fn settle(&self, applications: &[&str]) {
        self.wait(|status| status.settled(applications));
    }

    /// Waits until the unit of feast-ui has nothing to do and says this.
    pub(crate) fn wait_for_ui(&self, wanted: &str) {
        self.wait(|status| {
            status.idle(&["feast-ui"])
                && status.unit("feast-ui/0").is_some_and(|unit| {
                    let said = &unit.workload_status;
                    format!("{} {}", said.current, said.message).trim() == wanted
                })
        });
    }

    /// The results of an action.
    pub(crate) fn run(&self, unit: &str, action: &str) -> Value {
        let text = self.juju(&["run", unit, action, "--format=json"]);
        let mut answer: Value = serde_json::from_str(&text).unwrap();
        answer[unit]["results"].take()
    }

    /// What the application of `unit` says on the relation of an endpoint.
    pub(crate) fn said_by(&self, unit: &str, endpoint: &str) -> Value {
        let text = self.juju(&["show-unit", unit, "--format=json"]);
        let mut shown: Value = serde_json::from_str(&text).unwrap();
        let relations = shown[unit]["relation-info"].as_array_mut().unwrap();
        let relation = relations.iter_mut().find(|one| one["endpoint"] == endpoint);
        relation.map_or(json!({}), |relation| relation["application-data"].take())
    }

    /// An object of the cluster.
    pub(crate) fn object(&self, kind: &str, namespace: &str, name: &str) -> Option<Value> {
        self.controller.kubernetes().read(kind, namespace, name).unwrap()
    }
}

/// How much higher than usual the gateway has to listen: not everybody may listen on port 80.
pub(crate) fn port_offset() -> u16 {
    match TcpListener::bind((Ipv4Addr::new(127, 255, 255, 254), 80)) {
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => 8000,
        _ => 0,
    }
}
