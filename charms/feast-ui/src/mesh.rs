//! The service mesh: what its beacon and applications in other models are told.

use charm::{Observation, Plan, Publication};
use interfaces::cross_model_mesh::Identity;
use interfaces::service_mesh::Policies;

use crate::inputs::{REQUIRE_CMR_MESH, SERVICE_MESH};

/// Says for the application what policies it asks for, and who it is.
pub(crate) fn ask(plan: &mut Plan, seen: &Observation) {
    let identity = Identity { application: seen.application.clone(), model: seen.model.clone() };
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
