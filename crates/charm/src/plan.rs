//! What a charm wants, and how that differs from what it saw.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    Change, Databag, Edits, Membership, ObjectKind, Objects, Observation, Port, RelationId,
    SecretContent, Status, Workload, objects,
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
    /// What this unit publishes, by relation.
    pub unit_databags: BTreeMap<RelationId, Publication>,
    /// The secrets that our application owns, by owner's label; `None` removes one.
    pub secrets: BTreeMap<String, Option<SecretPlan>>,
    /// The ports that this unit opens; every other one is closed. `None` leaves them alone.
    pub ports: Option<BTreeSet<Port>>,
    /// What runs in each container.
    pub workloads: BTreeMap<String, Workload>,
    /// Whether the application is in a mesh. `None` leaves its labels alone.
    pub mesh: Option<Membership>,
    /// What we keep in namespaces of the cluster. `None` leaves all of it alone.
    pub objects: Option<ObjectsPlan>,
    /// What the person who ran an action is told.
    pub answer: Option<Answer>,
}

/// What our application, or this unit, publishes on one relation.
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

/// What we keep in namespaces of the cluster.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ObjectsPlan {
    /// The objects; every other one of ours goes.
    pub wanted: Objects,
    /// Their kinds. Objects of a kind may need those of the kinds before it.
    pub kinds: Vec<ObjectKind>,
}

/// What the person who ran an action is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Results by key: lower-case letters, digits, hyphens, and dots between levels.
    Results(BTreeMap<String, String>),
    /// Why it failed.
    Failure(String),
}

impl Publication {
    /// What has to be set so that a databag that holds `local` holds this.
    fn edits(&self, local: &Databag) -> Edits {
        match self {
            Self::Exactly(wanted) => local.edits_to(wanted),
            Self::Including(wanted) => local.edits_to_include(wanted),
        }
    }
}

impl Plan {
    /// A plan that does nothing but tell `status`.
    pub fn only(status: Status) -> Self {
        Self {
            status,
            databags: BTreeMap::new(),
            unit_databags: BTreeMap::new(),
            secrets: BTreeMap::new(),
            ports: None,
            workloads: BTreeMap::new(),
            mesh: None,
            objects: None,
            answer: None,
        }
    }

    /// The changes that make `seen` match this plan, in the order they are to be made.
    ///
    /// Relation data, secrets and ports reach Juju only if the hook exits 0, while containers and the cluster act at once.
    /// They come first, so that nothing is announced before it is true; the status comes last. Labels act at once too, but those
    /// of pods replace the pod that the charm runs in: they come when nothing else is left to be said.
    pub fn changes(&self, seen: &Observation) -> Vec<Change> {
        // Without `..`: a new field must be dealt with here before the crate compiles.
        let Self {
            status,
            databags,
            unit_databags,
            secrets,
            ports,
            workloads,
            mesh,
            objects: in_cluster,
            answer,
        } = self;
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
        if let Some((plan, found)) = in_cluster.as_ref().zip(seen.cluster.cluster()) {
            let ObjectsPlan { wanted, kinds } = plan;
            changes.extend(objects::changes(found, wanted, kinds).into_iter().map(Change::Object));
        }
        for (label, wanted) in secrets {
            if let Some(wanted) = wanted {
                secret_changes(label, wanted, seen, &mut changes);
            }
        }
        for relation in seen.relations.values().flatten() {
            let id = relation.id;
            let edits = databags.get(&id).map(|wanted| wanted.edits(&relation.local));
            changes.extend(
                edits
                    .filter(|edits| !edits.is_empty())
                    .map(|edits| Change::RelationSet { id, edits }),
            );
            let edits = unit_databags.get(&id).map(|wanted| wanted.edits(&relation.local_unit));
            changes.extend(
                edits
                    .filter(|edits| !edits.is_empty())
                    .map(|edits| Change::UnitRelationSet { id, edits }),
            );
        }
        // Nobody is pointed at a secret that is gone.
        let void = secrets.iter().filter(|(_, wanted)| wanted.is_none());
        changes.extend(void.filter_map(|(label, _)| {
            Some(Change::SecretRemove { uri: seen.owned_secrets.get(label)?.uri.clone() })
        }));
        if let Some(ports) = ports {
            changes.extend(ports.difference(&seen.ports).map(|port| Change::OpenPort(*port)));
            changes.extend(seen.ports.difference(ports).map(|port| Change::ClosePort(*port)));
        }
        if let Some((wanted, found)) = mesh.as_ref().zip(seen.mesh.as_ref()) {
            changes.extend(wanted.changes(found).into_iter().map(Change::Mesh));
        }
        changes.extend(answer.iter().cloned().map(Change::Answer));
        if seen.status.as_ref() != Some(status) {
            changes.push(Change::StatusSet(status.clone()));
        }
        changes
    }
}

fn secret_changes(label: &str, wanted: &SecretPlan, seen: &Observation, changes: &mut Vec<Change>) {
    let SecretPlan { content, grants } = wanted;
    match seen.owned_secrets.get(label) {
        None => {
            changes.push(Change::SecretAdd { label: label.to_owned(), content: content.clone() });
        }
        Some(owned) => {
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
