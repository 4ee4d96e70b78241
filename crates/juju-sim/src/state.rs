//! What the controller knows of a unit, its application and its relations.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Secret;

/// A databag.
pub type Bag = BTreeMap<String, String>;

/// What the controller knows. A run takes it over into the hook commands, and takes back what the charm made of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct State {
    /// The name of this unit; empty for the first unit of an application called like the charm.
    pub unit: String,
    /// Whether this unit leads its application.
    pub leader: bool,
    /// The model.
    pub model: Model,
    /// The version of the agent, which decides about texts, commands and variables that differ: `3.6.28`, `4.0.15`.
    pub juju_version: String,
    /// All relations of the unit.
    pub relations: Vec<Relation>,
    /// All secrets that exist, ours and others'.
    pub secrets: Vec<Secret>,
    /// The options that were set; others have their default.
    pub config: BTreeMap<String, Value>,
    /// The ports that this unit has opened, `8888/tcp`.
    pub opened_ports: BTreeSet<String>,
    /// The workload status of the unit.
    pub unit_status: Status,
    /// The status of the application.
    pub app_status: Status,
    /// What `application-version-set` set.
    pub workload_version: String,
    /// What `state-set` keeps for this unit.
    pub stored: BTreeMap<String, String>,
    /// What `juju-log` logged, oldest first.
    pub log: Vec<LogLine>,
    /// The address of the pod; empty while Juju does not know it.
    pub address: String,
    /// The address of the application's Service; empty while Juju does not know it.
    pub service_address: String,
    /// The files behind `resource-get`.
    pub resources: BTreeMap<String, PathBuf>,
    /// Whether `juju trust` was given.
    pub trusted: bool,
    /// What `goal-state` says of units of the application: `active`, `dying`… Of this unit it says its status otherwise.
    pub goals: BTreeMap<String, String>,
    /// Lets the unit lose leadership after the charm ended and before its changes are applied.
    pub loses_leadership: bool,
    /// Hook commands to refuse with exit status 1, by how their command line begins, with the text after `ERROR `.
    pub refusals: BTreeMap<String, String>,
}

/// A model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Model {
    /// Its name.
    pub name: String,
    /// Its UUID.
    pub uuid: String,
}

/// A relation, from the unit's side.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Relation {
    /// Its number.
    pub id: u32,
    /// Our endpoint.
    pub endpoint: String,
    /// The application on the other side; our own for a peer relation.
    pub remote_app: String,
    /// Our application's databag.
    pub local_app_data: Bag,
    /// Our unit's databag.
    pub local_unit_data: Bag,
    /// The other application's databag; of no meaning for a peer relation.
    pub remote_app_data: Bag,
    /// The other units and their databags.
    pub remote_units_data: BTreeMap<String, Bag>,
}

/// A status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// `active`, `unknown`…
    pub name: String,
    /// The text beside it.
    pub message: String,
}

/// A record of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// `INFO`…
    pub level: String,
    /// The text, which may have several lines.
    pub message: String,
}

impl State {
    /// A unit that leads, and has no relations.
    pub fn leader() -> Self {
        Self { leader: true, ..Self::default() }
    }

    /// The same on Juju 4, which differs in texts, commands and variables.
    #[must_use]
    pub fn on_juju_4(self) -> Self {
        Self { juju_version: "4.0.15".to_owned(), ..self }
    }

    /// The relation with this number.
    pub fn relation(&self, id: u32) -> Option<&Relation> {
        self.relations.iter().find(|relation| relation.id == id)
    }

    /// The relation with this number.
    pub fn relation_mut(&mut self, id: u32) -> Option<&mut Relation> {
        self.relations.iter_mut().find(|relation| relation.id == id)
    }

    /// The secret with this identifier, in any form that Juju takes.
    pub fn secret(&self, id: &str) -> Option<&Secret> {
        self.secrets.iter().find(|secret| secret.is(id))
    }

    /// The secret with this identifier, in any form that Juju takes.
    pub fn secret_mut(&mut self, id: &str) -> Option<&mut Secret> {
        self.secrets.iter_mut().find(|secret| secret.is(id))
    }

    /// The name of the application.
    pub fn application(&self) -> &str {
        self.unit.split('/').next().unwrap_or(&self.unit)
    }

    pub(crate) fn is_juju_4(&self) -> bool {
        self.juju_version.starts_with("4.")
    }
}

impl Default for State {
    fn default() -> Self {
        Self {
            unit: String::new(),
            leader: false,
            model: Model::default(),
            juju_version: "3.6.28".to_owned(),
            relations: Vec::new(),
            secrets: Vec::new(),
            config: BTreeMap::new(),
            opened_ports: BTreeSet::new(),
            unit_status: Status::default(),
            app_status: Status::default(),
            workload_version: String::new(),
            stored: BTreeMap::new(),
            log: Vec::new(),
            address: "10.1.0.5".to_owned(),
            service_address: "10.152.183.5".to_owned(),
            resources: BTreeMap::new(),
            trusted: false,
            goals: BTreeMap::new(),
            loses_leadership: false,
            refusals: BTreeMap::new(),
        }
    }
}

impl Default for Model {
    fn default() -> Self {
        Self { name: "dev".to_owned(), uuid: "7c1b8c5e-0000-4000-8000-000000000001".to_owned() }
    }
}

impl Relation {
    /// A relation to an application with one unit that has said nothing.
    pub fn to(id: u32, endpoint: &str, remote_app: &str) -> Self {
        Self {
            id,
            endpoint: endpoint.to_owned(),
            remote_app: remote_app.to_owned(),
            remote_units_data: BTreeMap::from([(format!("{remote_app}/0"), Bag::new())]),
            ..Self::default()
        }
    }

    /// The same with these keys in the other application's databag.
    #[must_use]
    pub fn saying(mut self, pairs: &[(&str, &str)]) -> Self {
        self.remote_app_data.extend(owned(pairs));
        self
    }

    /// The same with these keys in our application's databag.
    #[must_use]
    pub fn told(mut self, pairs: &[(&str, &str)]) -> Self {
        self.local_app_data.extend(owned(pairs));
        self
    }
}

fn owned<'a>(pairs: &'a [(&str, &str)]) -> impl Iterator<Item = (String, String)> + 'a {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
}

impl Status {
    /// A status with its message.
    pub fn new(name: &str, message: &str) -> Self {
        Self { name: name.to_owned(), message: message.to_owned() }
    }
}

impl Default for Status {
    fn default() -> Self {
        Self::new("unknown", "")
    }
}
