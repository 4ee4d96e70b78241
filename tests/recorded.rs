//! What was recorded of the Python charms, and the same situation for the simulated unit.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use juju_sim::{Bag, Event, Model, Outcome, Relation, Secret, State};
use serde::Deserialize;
use serde_json::Value;

use crate::kubernetes::{Cluster, Failure};
use crate::pebble::Container;
use crate::world::Deployed;

/// One hook of a Python charm.
#[derive(Clone, Debug, Deserialize)]
pub struct Situation {
    /// Which charm.
    pub charm: String,
    /// What the situation is called.
    pub name: String,
    /// What kind it is of.
    pub category: String,
    /// What was there before the hook.
    pub input: Input,
    /// None where the hook failed.
    pub output: Option<Output>,
    /// What else was noted of the Python charm.
    pub informational: Informational,
}

/// What was noted of a Python charm beside its outcome.
#[derive(Clone, Debug, Deserialize)]
pub struct Informational {
    /// How many temporary files with credentials it left in its own container.
    pub temp_files_left: usize,
    /// What a hook that failed had asked of the cluster before: unlike changes through Juju, that is done.
    #[serde(default)]
    pub kubernetes_requests: Vec<RecordedRequest>,
}

/// What was there before a hook.
#[derive(Clone, Debug, Deserialize)]
pub struct Input {
    /// What Juju ran the charm for.
    pub event: Hook,
    /// The version of the agent.
    pub juju_version: String,
    /// Whether the unit leads.
    pub leader: bool,
    /// Its model.
    pub model: Model,
    /// Its name.
    pub unit: String,
    /// Its relations, with both sides' databags.
    pub relations: Vec<Relation>,
    /// What it can ask for.
    #[serde(default)]
    pub secrets: Vec<RecordedSecret>,
    /// One for feast-ui, none for feast-integrator.
    #[serde(default)]
    pub containers: Vec<RecordedContainer>,
    /// The ports that it has opened.
    #[serde(default)]
    pub opened_ports: Vec<RecordedPort>,
    /// What is in the cluster, where the Python charm asked for anything.
    #[serde(default)]
    pub kubernetes: Option<RecordedCluster>,
}

/// What is in a cluster.
#[derive(Clone, Debug, Deserialize)]
pub struct RecordedCluster {
    /// All that is there.
    pub objects: Vec<RecordedObject>,
    /// Requests that are not carried out.
    pub fail: Vec<Failure>,
}

/// An object in a cluster.
#[derive(Clone, Debug, Deserialize)]
pub struct RecordedObject {
    /// Where it is.
    pub path: String,
    /// What it is.
    pub object: Value,
}

/// What a Python charm asked of the cluster.
#[derive(Clone, Debug, Deserialize)]
pub struct RecordedRequest {
    /// `GET` and so on.
    pub method: String,
    /// Without the query.
    pub path: String,
    /// What was sent, `null` if nothing was.
    pub body: Value,
}

/// What Juju ran a charm for.
#[derive(Clone, Debug, Deserialize)]
pub struct Hook {
    /// The name of the hook.
    #[serde(rename = "hook")]
    pub name: String,
    /// The relation that it is about.
    pub relation_id: Option<u32>,
    remote_unit: Option<String>,
    departing_unit: Option<String>,
    secret_id: Option<String>,
    container: Option<String>,
    check: Option<String>,
}

/// A secret of another application.
#[derive(Clone, Debug, Deserialize)]
pub struct RecordedSecret {
    /// Its URI.
    pub id: String,
    /// The label that the unit reads it by.
    pub label: Option<String>,
    /// The content of the revision that the unit has read, or else of the only one.
    pub tracked_content: Bag,
    /// The content of a newer revision.
    pub latest_content: Option<Bag>,
}

/// What is in a container.
#[derive(Clone, Debug, Deserialize)]
pub struct RecordedContainer {
    /// Whether its Pebble answers.
    pub can_connect: bool,
    /// Layers by label.
    #[serde(default)]
    pub layers: BTreeMap<String, Value>,
    /// All layers together.
    #[serde(default)]
    pub plan: Value,
    /// What each service does.
    #[serde(default)]
    pub service_statuses: BTreeMap<String, String>,
    /// Its files.
    #[serde(default)]
    pub files: Vec<RecordedFile>,
    /// Its checks.
    #[serde(default)]
    pub checks: Vec<RecordedCheck>,
}

/// A file in a container.
#[derive(Clone, Debug, Deserialize)]
pub struct RecordedFile {
    /// Where it is.
    pub path: String,
    /// What is in it.
    pub content: String,
    /// Its permissions, `0644`.
    #[serde(default = "default_mode")]
    pub mode: String,
}

/// A health check of a container.
#[derive(Clone, Debug, Deserialize)]
pub struct RecordedCheck {
    name: String,
    failures: u64,
}

/// A port that the unit has opened.
#[derive(Clone, Debug, Deserialize)]
pub struct RecordedPort {
    /// Its number.
    pub port: u16,
    /// `tcp` or `udp`.
    pub protocol: String,
}

/// What was there after a hook.
#[derive(Clone, Debug, Deserialize)]
pub struct Output {
    /// The status of the unit.
    pub unit_status: juju_sim::Status,
    /// The status of the application.
    pub app_status: juju_sim::Status,
    /// The ports that it has opened.
    pub opened_ports: Vec<RecordedPort>,
    /// Its relations, with the databags of our own side alone.
    pub relations: Vec<Relation>,
    /// What it has read.
    pub secrets: Vec<RecordedSecret>,
    /// As in [`Input::containers`].
    pub containers: Vec<RecordedContainer>,
    /// The version of the workload.
    pub workload_version: String,
    /// What it has asked of the cluster.
    #[serde(default)]
    pub kubernetes_requests: Vec<RecordedRequest>,
}

fn default_mode() -> String {
    "0644".to_owned()
}

/// Everything that was recorded, by charm and name.
///
/// # Panics
///
/// If the recordings cannot be read.
pub fn all() -> Vec<Situation> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/original");
    let mut situations = Vec::new();
    for charm in ["feast-integrator", "feast-ui"] {
        let text = fs::read_to_string(folder.join(format!("{charm}.jsonl"))).expect("recordings");
        let text = with_identifiers(text);
        let read = |line| serde_json::from_str::<Situation>(line).expect("a recording");
        situations.extend(text.lines().map(read));
    }
    situations
}

/// What was recorded, with identifiers of secrets that Juju knows as such: the recording did not look at them so closely.
fn with_identifiers(text: String) -> String {
    [
        ("d0reg3g6q2r8tsb7v3k2", "d0reg3g6q2r8tsb7v3kg"),
        ("d0onl2g6q2r8tsb7v3k1", "d0onl2g6q2r8tsb7v3kg"),
        ("d0newoff6q2r8tsb7v99", "d0nevoff6q2r8tsb7v9g"),
    ]
    .iter()
    .fold(text, |text, (recorded, known)| text.replace(recorded, known))
}

impl Situation {
    /// A unit of the charm of this repository in this `state`.
    pub fn deploy(&self, state: State) -> Deployed {
        match self.charm.as_str() {
            "feast-integrator" => Deployed::integrator(state),
            _ => Deployed::ui(state),
        }
    }

    /// Runs the charm, which must show nobody a password of this situation.
    ///
    /// # Panics
    ///
    /// If it does.
    pub fn run(&self, deployed: &mut Deployed, event: Event) -> Outcome {
        let outcome = deployed.run_anyway(event);
        self.assert_discreet(&outcome, &deployed.unit.state);
        outcome
    }

    /// Fails if anybody can read a password in a list of processes, a log, an output or the status.
    fn assert_discreet(&self, outcome: &Outcome, state: &State) {
        let Outcome { stdout, stderr, commands, .. } = outcome;
        let public =
            format!("{stdout}\n{stderr}\n{commands:?}\n{:?}\n{:?}", state.log, state.unit_status);
        let input = &self.input;
        let databags = input.relations.iter().map(|relation| &relation.remote_app_data);
        let secrets = input.secrets.iter().map(|secret| &secret.tracked_content);
        let newest = input.secrets.iter().filter_map(|secret| secret.latest_content.as_ref());
        for (key, value) in databags.chain(secrets).chain(newest).flatten() {
            // A shorter one may be there by chance.
            if key.ends_with("password") && value.len() > 5 {
                assert!(!public.contains(value), "{}: {key} is public", self.name);
            }
        }
    }

    /// What the Python charm left behind, as the next hook finds it.
    ///
    /// # Panics
    ///
    /// If the recording contradicts itself.
    pub fn left(&self) -> (State, Option<Container>) {
        let mut state = self.input.state();
        // Juju drops the changes of a hook that failed.
        let Some(output) = &self.output else { return (state, self.input.container()) };
        for after in &output.relations {
            let relation = state.relation_mut(after.id).expect("a relation of the situation");
            relation.local_app_data.clone_from(&after.local_app_data);
            relation.local_unit_data.clone_from(&after.local_unit_data);
        }
        let hook = &self.input.event;
        state.relations.retain(|relation| Some(relation.id) != hook.breaking());
        if let (Some(id), Some(unit)) = (hook.relation_id, &hook.departing_unit)
            && let Some(relation) = state.relation_mut(id)
        {
            relation.remote_units_data.remove(unit);
        }
        state.secrets = output.secrets.iter().map(RecordedSecret::secret).collect();
        state.opened_ports = ports(&output.opened_ports);
        state.unit_status = output.unit_status.clone();
        state.app_status = output.app_status.clone();
        (state, output.containers.first().and_then(RecordedContainer::container))
    }

    /// What the Python charm left behind in the cluster, whatever came of the hook.
    pub fn cluster_left(&self) -> Option<Cluster> {
        let mut cluster = self.input.cluster()?;
        let output = self.output.as_ref().map(|output| &output.kubernetes_requests);
        for RecordedRequest { method, path, body } in
            output.unwrap_or(&self.informational.kubernetes_requests)
        {
            cluster.carry_out(method, path, body);
        }
        Some(cluster)
    }
}

impl Input {
    /// The same for the simulated unit.
    pub fn state(&self) -> State {
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

    /// The cluster. Where none was recorded and there is a beacon, it is one in order.
    pub fn cluster(&self) -> Option<Cluster> {
        let Some(RecordedCluster { objects, fail }) = &self.kubernetes else {
            let mut endpoints = self.relations.iter().map(|relation| relation.endpoint.as_str());
            let meshed = endpoints.any(|endpoint| endpoint == "service-mesh");
            return meshed.then(|| Cluster::running(&self.state()));
        };
        let objects = objects.iter().map(|one| (one.path.clone(), one.object.clone())).collect();
        Some(Cluster { objects, failures: fail.clone(), ..Cluster::default() })
    }

    /// The container, if it answers.
    pub fn container(&self) -> Option<Container> {
        self.containers.first().and_then(RecordedContainer::container)
    }
}

impl Hook {
    /// The same for the simulated unit.
    ///
    /// # Panics
    ///
    /// If it is of a kind that was not recorded.
    #[expect(clippy::panic, reason = "a recording that cannot be replayed is a test that fails")]
    pub fn event(&self) -> Event {
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
    pub fn breaking(&self) -> Option<u32> {
        self.relation_id.filter(|_| self.name.ends_with("-relation-broken"))
    }
}

impl RecordedContainer {
    /// The same for the Pebble without processes, if it answers.
    pub fn container(&self) -> Option<Container> {
        self.can_connect.then(|| Container {
            layers: self.layers.clone().into_iter().collect(),
            services: self.service_statuses.clone(),
            failures: self
                .checks
                .iter()
                .map(|check| (check.name.clone(), check.failures))
                .collect(),
            files: self
                .files
                .iter()
                .map(|file| (file.path.clone(), (file.content.clone(), file.mode.clone())))
                .collect(),
        })
    }
}

impl RecordedSecret {
    /// The same for the simulated unit.
    pub fn secret(&self) -> Secret {
        let mut secret = Secret::granted(&self.id, &[]);
        let contents = [Some(&self.tracked_content), self.latest_content.as_ref()];
        secret.revisions = (1..).zip(contents.into_iter().flatten().cloned()).collect();
        secret.consumer_label.clone_from(&self.label);
        secret.tracked = self.label.is_some().then_some(1);
        secret
    }
}

/// As the simulated unit writes them.
pub fn ports(recorded: &[RecordedPort]) -> BTreeSet<String> {
    recorded.iter().map(|port| format!("{}/{}", port.port, port.protocol)).collect()
}
