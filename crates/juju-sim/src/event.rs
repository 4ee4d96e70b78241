//! What Juju may run a charm for.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{Charm, State};

/// What Juju may run a charm for. Relations are named by number; the endpoint is theirs.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A hook without a subject: `install`, `config-changed`, `update-status`, or one that nobody knows yet.
    Hook(String),
    /// A relation came up.
    RelationCreated(u32),
    /// A unit joined.
    RelationJoined(u32, String),
    /// The other application's databag changed.
    RelationChanged(u32),
    /// A unit's databag changed.
    RelationUnitChanged(u32, String),
    /// A unit left. Its databag can still be read.
    RelationDeparted {
        /// The relation.
        relation: u32,
        /// The unit that is not visible any more.
        unit: String,
        /// The unit that really leaves; the local one, where that goes away.
        departing: String,
    },
    /// The relation ends.
    RelationBroken(u32),
    /// The relation ends, as an agent that was started again in the meantime tells it: without the name of the other
    /// application, and with the relation still listed.
    RelationBrokenAfterRestart(u32),
    /// A container's Pebble answers.
    PebbleReady(String),
    /// A check failed: container and check.
    PebbleCheckFailed(String, String),
    /// A check passes again: container and check.
    PebbleCheckRecovered(String, String),
    /// Somebody in the container gave a notice: container and key.
    PebbleCustomNotice(String, String),
    /// A secret that we read has a new revision.
    SecretChanged(String),
    /// A secret of ours is to be rotated.
    SecretRotate(String),
    /// A revision of a secret of ours has expired.
    SecretExpired(String, u32),
    /// Nobody reads a revision of a secret of ours any more.
    SecretRemove(String, u32),
    /// A storage is there, `data/0`.
    StorageAttached(String),
    /// A storage goes away, `data/0`.
    StorageDetaching(String),
    /// An action with its parameters.
    Action(String, BTreeMap<String, Value>),
}

impl Event {
    /// A hook without a subject.
    pub fn hook(name: &str) -> Self {
        Self::Hook(name.to_owned())
    }

    /// An action without parameters.
    pub fn action(name: &str) -> Self {
        Self::Action(name.to_owned(), BTreeMap::new())
    }

    /// Why this cannot happen in `state`.
    pub(crate) fn impossible(&self, charm: &Charm, state: &State) -> Option<String> {
        match self {
            Self::Hook(name) => impossible_hook(name, charm, state),
            Self::Action(name, _) => (!charm.actions.contains_key(name))
                .then(|| format!("the charm has no action {name}")),
            Self::PebbleReady(name)
            | Self::PebbleCheckFailed(name, _)
            | Self::PebbleCheckRecovered(name, _)
            | Self::PebbleCustomNotice(name, _) => (!charm.containers.contains(name))
                .then(|| format!("the charm has no container {name}")),
            Self::StorageAttached(id) | Self::StorageDetaching(id) => {
                let known = id.split_once('/').is_some_and(|(name, number)| {
                    charm.storage.iter().any(|storage| storage == name)
                        && number.parse::<u32>().is_ok()
                });
                (!known).then(|| format!("the charm has no storage {id}"))
            }
            Self::SecretChanged(id) => {
                let tracked = state.secret(id).is_some_and(|secret| secret.tracked.is_some());
                (!tracked).then(|| format!("the unit has not read the secret {id}"))
            }
            Self::SecretRotate(id) | Self::SecretExpired(id, _) | Self::SecretRemove(id, _) => {
                let ours = state.secret(id).is_some_and(|secret| match secret.owner {
                    crate::Owner::Application => state.leader,
                    crate::Owner::Unit => true,
                    crate::Owner::Other => false,
                });
                (!ours).then(|| format!("the unit does not manage the secret {id}"))
            }
            Self::RelationCreated(_)
            | Self::RelationJoined(..)
            | Self::RelationChanged(_)
            | Self::RelationUnitChanged(..)
            | Self::RelationDeparted { .. }
            | Self::RelationBroken(_)
            | Self::RelationBrokenAfterRestart(_) => self.impossible_relation(charm, state),
        }
    }

    /// The relation that a relation hook is about.
    pub(crate) fn relation(&self) -> Option<u32> {
        match self {
            Self::RelationCreated(id)
            | Self::RelationJoined(id, _)
            | Self::RelationChanged(id)
            | Self::RelationUnitChanged(id, _)
            | Self::RelationDeparted { relation: id, .. }
            | Self::RelationBroken(id)
            | Self::RelationBrokenAfterRestart(id) => Some(*id),
            _ => None,
        }
    }

    /// The unit that a relation hook is about.
    pub(crate) fn remote_unit(&self) -> Option<&str> {
        match self {
            Self::RelationJoined(_, unit)
            | Self::RelationUnitChanged(_, unit)
            | Self::RelationDeparted { unit, .. } => Some(unit),
            _ => None,
        }
    }

    /// What follows `hooks/` or `actions/`.
    pub(crate) fn name(&self, state: &State) -> String {
        let endpoint = self.relation().and_then(|id| state.relation(id));
        let endpoint = endpoint.map_or("", |relation| relation.endpoint.as_str());
        let storage = |id: &str| id.split('/').next().unwrap_or(id).to_owned();
        match self {
            Self::Hook(name) | Self::Action(name, _) => name.clone(),
            Self::RelationCreated(_) => format!("{endpoint}-relation-created"),
            Self::RelationJoined(..) => format!("{endpoint}-relation-joined"),
            Self::RelationChanged(_) | Self::RelationUnitChanged(..) => {
                format!("{endpoint}-relation-changed")
            }
            Self::RelationDeparted { .. } => format!("{endpoint}-relation-departed"),
            Self::RelationBroken(_) | Self::RelationBrokenAfterRestart(_) => {
                format!("{endpoint}-relation-broken")
            }
            Self::PebbleReady(name) => format!("{name}-pebble-ready"),
            Self::PebbleCheckFailed(name, _) => format!("{name}-pebble-check-failed"),
            Self::PebbleCheckRecovered(name, _) => format!("{name}-pebble-check-recovered"),
            Self::PebbleCustomNotice(name, _) => format!("{name}-pebble-custom-notice"),
            Self::SecretChanged(_) => "secret-changed".to_owned(),
            Self::SecretRotate(_) => "secret-rotate".to_owned(),
            Self::SecretExpired(..) => "secret-expired".to_owned(),
            Self::SecretRemove(..) => "secret-remove".to_owned(),
            Self::StorageAttached(id) => format!("{}-storage-attached", storage(id)),
            Self::StorageDetaching(id) => format!("{}-storage-detaching", storage(id)),
        }
    }

    fn impossible_relation(&self, charm: &Charm, state: &State) -> Option<String> {
        let id = self.relation()?;
        let Some(relation) = state.relation(id) else {
            return Some(format!("there is no relation {id}"));
        };
        if let Some(unit) = self.remote_unit()
            && !relation.remote_units_data.contains_key(unit)
        {
            return Some(format!("{unit} is no unit of the relation {id}"));
        }
        if let Self::RelationDeparted { unit, departing, .. } = self
            && departing != unit
            && *departing != state.unit
        {
            return Some(format!("neither {unit} nor {} is {departing}", state.unit));
        }
        let broken = matches!(self, Self::RelationBroken(_) | Self::RelationBrokenAfterRestart(_));
        (broken && charm.is_peer(&relation.endpoint))
            .then(|| format!("a peer relation like {id} is never broken"))
    }
}

fn impossible_hook(name: &str, charm: &Charm, state: &State) -> Option<String> {
    const NEED_MORE: &[&str] = &[
        "-relation-created",
        "-relation-joined",
        "-relation-changed",
        "-relation-departed",
        "-relation-broken",
        "-pebble-ready",
        "-pebble-custom-notice",
        "-pebble-check-failed",
        "-pebble-check-recovered",
        "-storage-attached",
        "-storage-detaching",
    ];
    if NEED_MORE.iter().any(|end| name.ends_with(end)) || name.starts_with("secret-") {
        return Some(format!("{name} of {} is about something: use its own variant", charm.name));
    }
    match name {
        "leader-elected" if !state.leader => {
            Some("leader-elected runs on the leader only".to_owned())
        }
        "leader-settings-changed" if state.is_juju_4() || state.leader => {
            Some("leader-settings-changed runs on followers of Juju 3 only".to_owned())
        }
        _ => None,
    }
}
