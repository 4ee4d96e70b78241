//! The service mesh: what its beacon and applications in other models are told, and which labels bring us in.

use charm::{Membership, Observation, Plan, Publication, Status};
use interfaces::cross_model_mesh::Identity;
use interfaces::service_mesh::{Mesh, Policies};

use crate::inputs::{REQUIRE_CMR_MESH, SERVICE_MESH, leaves_a_mesh};

/// Hooks in which the leader of an application without a mesh looks for labels that were left behind, by a unit that did
/// not live to take them back. There are few of them, so that hooks of applications that were never in a mesh cost no request.
const SEARCHES: [&str; 4] = ["leader-elected", "upgrade-charm", "config-changed", "update-status"];

/// Says for the application what policies it asks for and who it is, and what labels it should have; and what is wrong
/// with those.
pub(crate) fn join(plan: &mut Plan, seen: &Observation) -> Option<Status> {
    if seen.leader {
        let identity =
            Identity { application: seen.application.clone(), model: seen.model.clone() };
        for (endpoint, bag) in [
            // None, but said: older beacons fail on an application that has not said anything.
            (SERVICE_MESH, Policies::default().databag()),
            (REQUIRE_CMR_MESH, identity.databag()),
        ] {
            for relation in seen.relations(endpoint) {
                plan.databags.insert(relation.id, Publication::Exactly(bag.clone()));
            }
        }
    }
    match membership(seen) {
        Ok(membership) => {
            plan.mesh = membership;
            None
        }
        Err(trouble) => Some(trouble),
    }
}

/// What labels the application should have, where it is this unit and hook that see to it.
///
/// While there is a beacon, that is the leader, in every hook: nothing else would bring back what is lost when Juju or a
/// person writes the objects anew. The end of the relation is every unit's, because there may be no leader then, and
/// those who find nothing left have nothing to do.
pub(crate) fn membership(seen: &Observation) -> Result<Option<Membership>, Status> {
    let told = |text: String| Status::Blocked(format!("[{SERVICE_MESH}] {text}"));
    match seen.relations(SERVICE_MESH) {
        [] if leaves_a_mesh(&seen.dispatch) || searches(seen) => Ok(Some(Membership::Out)),
        [] => Ok(None),
        _ if !seen.leader => Ok(None),
        [relation] => {
            let senseless = |reason: String| {
                told(format!("Invalid relation data from {}: {reason}", relation.application))
            };
            let mesh =
                Mesh::read(&relation.remote).map_err(|error| senseless(error.to_string()))?;
            let labels = mesh.unwrap_or_default().labels;
            match labels.keys().find(|key| is_jujus(key)) {
                Some(key) => Err(senseless(format!("labels has {key}, which is Juju's own"))),
                None => Ok(Some(Membership::In(labels))),
            }
        }
        several => {
            let applications: Vec<&str> =
                several.iter().map(|relation| relation.application.as_str()).collect();
            Err(told(format!(
                "Too many relations: keep one of {} and remove the others",
                applications.join(", ")
            )))
        }
    }
}

/// Whether a label is one by which Juju finds what it has made. It could be neither changed nor given back.
fn is_jujus(label: &str) -> bool {
    let prefix = label.split_once('/').map_or("", |(prefix, _)| prefix);
    prefix == "app.kubernetes.io" || prefix == "juju.is" || prefix.ends_with(".juju.is")
}

/// Whether labels are only looked for in case some were left behind.
fn searches(seen: &Observation) -> bool {
    seen.leader && SEARCHES.iter().any(|name| seen.dispatch.is_hook(name))
}
