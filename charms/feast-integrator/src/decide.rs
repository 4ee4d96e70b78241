//! What the charm wants.

use std::collections::BTreeMap;

use charm::{Databag, Observation, Plan, Publication, Relation, Status};
use cluster::k8s_openapi::api::core::v1::{EnvVar, SecretVolumeSource, Volume, VolumeMount};
use cluster::k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use cluster::{PodDefault, PodDefaultSpec, opaque_secret};
use interfaces::feast_configuration::Stores;
use interfaces::kubernetes_manifest::Manifests;
use interfaces::postgresql_client::Request;
use serde::Serialize;

use crate::inputs::{self, DATABASES, Databases, FEAST_CONFIGURATION, POD_DEFAULTS, SECRETS};
use crate::stores;

/// The Secret in users' namespaces, and the volume that it is mounted by. Notebooks know the name.
const SECRET: &str = "feature-store-yaml";
/// The key in the Secret, which is the name of the file in notebooks.
const FILE: &str = "feature_store.yaml";
/// Where notebooks find the file.
const MOUNT: &str = "/feast";
/// The label by which a pod asks for the file.
const LABEL: &str = "access-feast";

/// What the charm wants, given what it sees.
pub fn decide(seen: &Observation) -> Plan {
    if !seen.leader {
        return Plan::only(Status::Waiting("[leadership-gate] Waiting for leadership".to_owned()));
    }
    let mut plan = Plan::only(Status::active());
    for (endpoint, database) in DATABASES {
        for relation in seen.relations(endpoint) {
            let request = Request::new(database).databag_after(&relation.local);
            plan.databags.insert(relation.id, Publication::Including(request));
        }
    }
    for relation in seen.relations(FEAST_CONFIGURATION) {
        let kept = Stores::whole(&relation.local);
        plan.databags.insert(relation.id, Publication::Exactly(kept));
    }
    plan.status = match inputs::databases(seen) {
        Ok(databases) => deliver(&mut plan, seen, &databases),
        Err(unready) => {
            if unready.missing {
                withdraw(&mut plan, seen);
            }
            Status::worst(unready.troubles)
        }
    };
    plan
}

/// Hands the configuration to everybody who is there to take it.
fn deliver(plan: &mut Plan, seen: &Observation, databases: &Databases) -> Status {
    let mut troubles = Vec::new();
    match stores::feature_store(databases) {
        Ok(file) => {
            let secret = manifest(&opaque_secret(
                SECRET,
                BTreeMap::from([(FILE.to_owned(), file.reveal().to_owned())]),
            ));
            hand_out(plan, seen.relations(SECRETS), &secret);
            if seen.relations(SECRETS).is_empty() {
                // A pod that asked for the file could not start without the Secret.
                retract_manifests(plan, seen.relations(POD_DEFAULTS));
                troubles.push(inputs::missing(SECRETS));
            } else {
                let pod_default = manifest(&pod_default(&seen.application));
                hand_out(plan, seen.relations(POD_DEFAULTS), &pod_default);
                if seen.relations(POD_DEFAULTS).is_empty() {
                    troubles.push(inputs::missing(POD_DEFAULTS));
                }
            }
        }
        Err(error) => {
            troubles.push(Status::Blocked(format!("[{SECRETS}] Cannot write {FILE}: {error}")));
        }
    }
    match stores::configuration(databases).databag() {
        Ok(bag) => publish(plan, seen.relations(FEAST_CONFIGURATION), &bag),
        Err(error) => troubles.push(Status::Blocked(format!("[{FEAST_CONFIGURATION}] {error}"))),
    }
    Status::worst(troubles)
}

/// Takes back what was made of a database that is no longer related.
fn withdraw(plan: &mut Plan, seen: &Observation) {
    retract_manifests(plan, seen.relations(SECRETS));
    retract_manifests(plan, seen.relations(POD_DEFAULTS));
    // All fifteen keys in one hook: a Python UI fails every hook on anything between all and none.
    publish(plan, seen.relations(FEAST_CONFIGURATION), &Databag::new());
}

fn publish(plan: &mut Plan, relations: &[Relation], bag: &Databag) {
    for relation in relations {
        plan.databags.insert(relation.id, Publication::Exactly(bag.clone()));
    }
}

fn hand_out(plan: &mut Plan, relations: &[Relation], manifests: &Manifests) {
    for relation in relations {
        let bag = manifests.databag_after(&relation.local);
        plan.databags.insert(relation.id, Publication::Exactly(bag));
    }
}

/// An absent key and an empty list mean the same to the dispatcher, so that one is not turned into the other.
fn retract_manifests(plan: &mut Plan, relations: &[Relation]) {
    let none = Manifests::default().databag();
    for relation in relations.iter().filter(|relation| !relation.local.is_empty()) {
        plan.databags.insert(relation.id, Publication::Exactly(none.clone()));
    }
}

/// The `PodDefault` that mounts the file into the pods that ask for it.
fn pod_default(application: &str) -> PodDefault {
    let spec = PodDefaultSpec {
        desc: "Allow access to Feast".to_owned(),
        selector: LabelSelector {
            match_labels: Some(BTreeMap::from([(LABEL.to_owned(), "true".to_owned())])),
            ..LabelSelector::default()
        },
        env: vec![EnvVar {
            name: "FEAST_FS_YAML_FILE_PATH".to_owned(),
            value: Some(format!("{MOUNT}/{FILE}")),
            ..EnvVar::default()
        }],
        volume_mounts: vec![VolumeMount {
            mount_path: MOUNT.to_owned(),
            name: SECRET.to_owned(),
            ..VolumeMount::default()
        }],
        volumes: vec![Volume {
            name: SECRET.to_owned(),
            secret: Some(SecretVolumeSource {
                secret_name: Some(SECRET.to_owned()),
                ..SecretVolumeSource::default()
            }),
            ..Volume::default()
        }],
    };
    PodDefault::new(&format!("{application}-access-feast"), spec)
}

/// One object, as the dispatcher is handed it.
fn manifest(object: &impl Serialize) -> Manifests {
    let object = serde_json::to_value(object).expect("typed objects have text keys only");
    Manifests::new(vec![object]).expect("our objects have names and no namespace")
}

#[cfg(test)]
mod tests;
