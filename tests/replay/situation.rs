//! What was recorded of the Python charms, and the same situation for the simulated unit.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use juju_sim::{Bag, Event, Model, Relation, Secret, State};
use serde::Deserialize;
use serde_json::Value;

use crate::pebble::Container;

/// One hook of a Python charm.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Situation {
    pub(crate) charm: String,
    pub(crate) name: String,
    pub(crate) category: String,
    pub(crate) input: Input,
    /// None where the hook failed.
    pub(crate) output: Option<Output>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Input {
    pub(crate) event: Hook,
    pub(crate) juju_version: String,
    pub(crate) leader: bool,
    pub(crate) model: Model,
    pub(crate) unit: String,
    pub(crate) relations: Vec<Relation>,
    #[serde(default)]
    pub(crate) secrets: Vec<RecordedSecret>,
    #[serde(default)]
    pub(crate) containers: Vec<RecordedContainer>,
    #[serde(default)]
    pub(crate) opened_ports: Vec<RecordedPort>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Hook {
    #[serde(rename = "hook")]
    pub(crate) name: String,
    pub(crate) relation_id: Option<u32>,
    remote_unit: Option<String>,
    departing_unit: Option<String>,
    secret_id: Option<String>,
    container: Option<String>,
    check: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct RecordedSecret {
    pub(crate) id: String,
    pub(crate) label: Option<String>,
    pub(crate) tracked_content: Bag,
    pub(crate) latest_content: Option<Bag>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct RecordedContainer {
    pub(crate) can_connect: bool,
    #[serde(default)]
    pub(crate) layers: BTreeMap<String, Value>,
    #[serde(default)]
    pub(crate) plan: Value,
    #[serde(default)]
    pub(crate) service_statuses: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) files: Vec<RecordedFile>,
    #[serde(default)]
    pub(crate) checks: Vec<RecordedCheck>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct RecordedFile {
    pub(crate) path: String,
    pub(crate) content: String,
    #[serde(default = "default_mode")]
    pub(crate) mode: String,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct RecordedCheck {
    name: String,
    failures: u64,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct RecordedPort {
    pub(crate) port: u16,
    pub(crate) protocol: String,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Output {
    pub(crate) unit_status: juju_sim::Status,
    pub(crate) app_status: juju_sim::Status,
    pub(crate) opened_ports: Vec<RecordedPort>,
    pub(crate) relations: Vec<Relation>,
    pub(crate) secrets: Vec<RecordedSecret>,
    pub(crate) containers: Vec<RecordedContainer>,
    pub(crate) workload_version: String,
}

fn default_mode() -> String {
    "0644".to_owned()
}

/// Everything that was recorded, by charm and name.
///
/// # Panics
///
/// If the recordings cannot be read.
pub(crate) fn all() -> Vec<Situation> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/original");
    let mut situations = Vec::new();
    for charm in ["feast-integrator", "feast-ui"] {
        let text = fs::read_to_string(folder.join(format!("{charm}.jsonl"))).expect("recordings");
        let read = |line| serde_json::from_str::<Situation>(line).expect("a recording");
        situations.extend(text.lines().map(read));
    }
    situations
}

impl Situation {
    /// Whether the unit is part of a service mesh, which these charms do not know yet.
    pub(crate) fn is_in_a_mesh(&self) -> bool {
        let mesh = ["service-mesh", "provide-cmr-mesh", "require-cmr-mesh"];
        self.input.relations.iter().any(|relation| mesh.contains(&relation.endpoint.as_str()))
    }
}

impl Input {
    /// The same for the simulated unit.
    pub(crate) fn state(&self) -> State {
        State {
            unit: self.unit.clone(),
            leader: self.leader,
            model: self.model.clone(),
            juju_version: self.juju_version.clone(),
            relations: self.relations.clone(),
            secrets: self.secrets.iter().map(RecordedSecret::secret).collect(),
            opened_ports: ports(&self.opened_ports),
            ..State::default()
        }
    }

    /// The container, if it answers.
    pub(crate) fn container(&self) -> Option<Container> {
        let [recorded] = &self.containers[..] else { return None };
        recorded.can_connect.then(|| Container {
            layers: recorded.layers.clone().into_iter().collect(),
            services: recorded.service_statuses.clone(),
            failures: recorded
                .checks
                .iter()
                .map(|check| (check.name.clone(), check.failures))
                .collect(),
            files: recorded
                .files
                .iter()
                .map(|file| (file.path.clone(), (file.content.clone(), file.mode.clone())))
                .collect(),
        })
    }
}

impl Hook {
    /// The same for the simulated unit.
    pub(crate) fn event(&self) -> Event {
        let text = |field: &Option<String>| field.clone().unwrap_or_default();
        if let (Some(container), hook) = (&self.container, self.name.as_str()) {
            return match (&self.check, hook.rsplit('-').next()) {
                (None, _) => Event::PebbleReady(container.clone()),
                (Some(check), Some("failed")) => {
                    Event::PebbleCheckFailed(container.clone(), check.clone())
                }
                (Some(check), _) => Event::PebbleCheckRecovered(container.clone(), check.clone()),
            };
        }
        if let Some(secret) = &self.secret_id {
            assert_eq!(self.name, "secret-changed");
            return Event::SecretChanged(secret.clone());
        }
        let Some(id) = self.relation_id else { return Event::hook(&self.name) };
        match (self.name.rsplit('-').next(), &self.remote_unit) {
            (Some("created"), _) => Event::RelationCreated(id),
            (Some("joined"), unit) => Event::RelationJoined(id, text(unit)),
            (Some("changed"), Some(unit)) => Event::RelationUnitChanged(id, unit.clone()),
            (Some("changed"), None) => Event::RelationChanged(id),
            (Some("departed"), unit) => Event::RelationDeparted {
                relation: id,
                unit: text(unit),
                departing: text(&self.departing_unit),
            },
            (Some("broken"), _) => Event::RelationBroken(id),
            (other, _) => panic!("a relation hook {other:?}"),
        }
    }

    /// The relation that ends.
    pub(crate) fn breaking(&self) -> Option<u32> {
        self.relation_id.filter(|_| self.name.ends_with("-relation-broken"))
    }
}

impl RecordedSecret {
    fn secret(&self) -> Secret {
        let mut secret = Secret::granted(&self.id, &[]);
        let contents = [Some(&self.tracked_content), self.latest_content.as_ref()];
        secret.revisions = (1..).zip(contents.into_iter().flatten().cloned()).collect();
        secret.consumer_label.clone_from(&self.label);
        secret.tracked = self.label.is_some().then_some(1);
        secret
    }
}

/// As the simulated unit writes them.
pub(crate) fn ports(recorded: &[RecordedPort]) -> BTreeSet<String> {
    recorded.iter().map(|port| format!("{}/{}", port.port, port.protocol)).collect()
}
