//! What a charm wants, and how that differs from what it saw.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    Change, Databag, Membership, Observation, Port, RelationId, SecretContent, Status, Workload,
};

/// What a charm wants.
///
/// A plan that does not name a databag, secret or container leaves it alone; a plan that names an empty databag
/// retracts it.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// What the operator is told.
    pub status: Status,
    /// What our application publishes, by relation.
    pub databags: BTreeMap<RelationId, Publication>,
    /// The secrets that our application owns, by owner's label; `None` removes one.
    pub secrets: BTreeMap<String, Option<SecretPlan>>,
    /// The ports that this unit opens; every other one is closed. `None` leaves them alone.
    pub ports: Option<BTreeSet<Port>>,
    /// What runs in each container.
    pub workloads: BTreeMap<String, Workload>,
    /// Whether the application is in a mesh. `None` leaves its labels alone.
    pub mesh: Option<Membership>,
    /// What the person who ran an action is told.
    pub answer: Option<Answer>,
}

/// What our application publishes on one relation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Publication {
    /// The databag holds these keys and no others.
    Exactly(Databag),
    /// The databag holds these keys; others are left as they are.
    Including(Databag),
}

/// A secret that our application owns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SecretPlan {
    /// What it holds.
    pub content: SecretContent,
    /// The relations whose remote applications may read it.
    pub grants: BTreeSet<RelationId>,
}

/// What the person who ran an action is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Results by key: lower-case letters, digits, hyphens, and dots between levels.
    Results(BTreeMap<String, String>),
    /// Why it failed.
    Failure(String),
}

impl Plan {
    /// A plan that does nothing but tell `status`.
    pub fn only(status: Status) -> Self {
        Self {
            status,
            databags: BTreeMap::new(),
            secrets: BTreeMap::new(),
            ports: None,
            workloads: BTreeMap::new(),
            mesh: None,
            answer: None,
        }
    }

    /// The changes that make `seen` match this plan, in the order they are to be made.
    ///
    /// Relation data, secrets and ports reach Juju only if the hook exits 0, while containers act at once. They come
    /// first, so that nothing is announced before it is true; the status comes last. Labels act at once too, but those
    /// of pods replace the pod that the charm runs in: they come when nothing else is left to be said.
    pub fn changes(&self, seen: &Observation) -> Vec<Change> {
        // Without `..`: a new field must be dealt with here before the crate compiles.
        let Self { status, databags, secrets, ports, workloads, mesh, answer } = self;
        let mut changes = Vec::new();
        for (name, workload) in workloads {
            if let Some(container) = seen.containers.get(name) {
                changes.extend(
                    workload
                        .changes(container)
                        .into_iter()
                        .map(|change| Change::Workload(name.clone(), change)),
                );
            }
        }
        for (label, wanted) in secrets {
            secret_changes(label, wanted.as_ref(), seen, &mut changes);
        }
        for relation in seen.relations.values().flatten() {
            let edits = match databags.get(&relation.id) {
                None => continue,
                Some(Publication::Exactly(wanted)) => relation.local.edits_to(wanted),
                Some(Publication::Including(wanted)) => relation.local.edits_to_include(wanted),
            };
            if !edits.is_empty() {
                changes.push(Change::RelationSet { id: relation.id, edits });
            }
        }
        if let Some(ports) = ports {
            changes.extend(ports.difference(&seen.ports).map(|port| Change::OpenPort(*port)));
            changes.extend(seen.ports.difference(ports).map(|port| Change::ClosePort(*port)));
        }
        if let Some((wanted, found)) = mesh.as_ref().zip(seen.mesh.as_ref()) {
            changes.extend(wanted.changes(found).into_iter().map(Change::Mesh));
        }
        changes.extend(answer.iter().cloned().map(Change::Answer));
        changes.push(Change::StatusSet(status.clone()));
        changes
    }
}

fn secret_changes(
    label: &str,
    wanted: Option<&SecretPlan>,
    seen: &Observation,
    changes: &mut Vec<Change>,
) {
    match (seen.owned_secrets.get(label), wanted) {
        (None, None) => {}
        (Some(owned), None) => changes.push(Change::SecretRemove { uri: owned.uri.clone() }),
        (None, Some(SecretPlan { content, grants: _ })) => {
            changes.push(Change::SecretAdd { label: label.to_owned(), content: content.clone() });
        }
        (Some(owned), Some(SecretPlan { content, grants })) => {
            if owned.content != *content {
                changes
                    .push(Change::SecretSet { uri: owned.uri.clone(), content: content.clone() });
            }
            let missing = seen.relations.values().flatten().filter(|relation| {
                grants.contains(&relation.id) && !owned.granted.contains(&relation.application)
            });
            changes.extend(
                missing.map(|relation| Change::SecretGrant {
                    uri: owned.uri.clone(),
                    id: relation.id,
                }),
            );
        }
    }
}
