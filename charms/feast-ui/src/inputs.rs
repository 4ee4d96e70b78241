//! What the relations say, in this charm's own terms.

use charm::{Dispatch, Endpoint, Observation, Status};
use interfaces::feast_configuration::{ANNOUNCEMENT, Rendered, Stores};

use crate::feature_store::Configuration;

/// The three stores.
pub(crate) const FEAST_CONFIGURATION: &str = "feast-configuration";
/// Kubeflow's dashboard.
pub(crate) const DASHBOARD_LINKS: &str = "dashboard-links";
/// Istio's gateway in sidecar mode.
pub(crate) const INGRESS: &str = "ingress";
/// Istio's gateway in ambient mode.
pub(crate) const ISTIO_INGRESS_ROUTE: &str = "istio-ingress-route";
/// The beacon of Istio's ambient mesh.
pub(crate) const SERVICE_MESH: &str = "service-mesh";
/// Applications in other models that are to let us in.
pub(crate) const REQUIRE_CMR_MESH: &str = "require-cmr-mesh";

/// All endpoints that this charm looks at, with what it reads of each.
///
/// On `provide-cmr-mesh`, applications in other models say who they are, so that policies can let them in. This charm asks
/// for no policies, so it has nothing to say or to learn there.
pub const ENDPOINTS: [Endpoint; 6] = [
    Endpoint::named(FEAST_CONFIGURATION).with_remote().with_unit_secret(ANNOUNCEMENT),
    Endpoint::named(DASHBOARD_LINKS).for_the_leader().with_local(),
    Endpoint::named(INGRESS).with_remote().with_local(),
    Endpoint::named(ISTIO_INGRESS_ROUTE).with_remote().with_local(),
    Endpoint::named(SERVICE_MESH).for_the_leader().with_remote().with_local(),
    Endpoint::named(REQUIRE_CMR_MESH).for_the_leader().with_local(),
];

/// What this hook looks at. Where a mesh is left, every unit has to know whether there is another.
pub fn endpoints(dispatch: &Dispatch) -> [Endpoint; 6] {
    ENDPOINTS.map(|endpoint| {
        let leader_only =
            endpoint.leader_only && !(endpoint.name == SERVICE_MESH && leaves_a_mesh(dispatch));
        Endpoint { leader_only, ..endpoint }
    })
}

/// Whether this is the hook in which a relation to a beacon ends.
pub(crate) fn leaves_a_mesh(dispatch: &Dispatch) -> bool {
    dispatch
        .relation
        .as_ref()
        .is_some_and(|relation| relation.breaking && relation.endpoint == SERVICE_MESH)
}

/// Hooks that can change nothing about what this charm wants.
pub fn is_of_no_interest(dispatch: &Dispatch) -> bool {
    ["start", "stop", "remove"].iter().any(|name| dispatch.is_hook(name))
}

/// Why the configuration is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unready {
    /// What the operator is told.
    pub(crate) trouble: Status,
    /// Whether they are gone, so that what was known before no longer holds. Data that makes no sense takes nothing away.
    pub(crate) gone: bool,
}

/// The configuration, if the integrator has told about it.
pub(crate) fn configuration(seen: &Observation) -> Result<Configuration, Unready> {
    let told = |text: String| format!("[{FEAST_CONFIGURATION}] {text}");
    let gone = |trouble| Unready { trouble, gone: true };
    let unclear = |text| Unready { trouble: Status::Blocked(told(text)), gone: false };
    match seen.relations(FEAST_CONFIGURATION) {
        [] => Err(gone(Status::Blocked(told(format!("Missing relation: {FEAST_CONFIGURATION}"))))),
        [relation] => {
            let followed = ENDPOINTS[0].orphaned_secret(relation).unwrap_or_default();
            let rendered = Rendered::read(&relation.units, &seen.secrets, &followed);
            match (rendered, Stores::read(&relation.remote)) {
                (Ok(Some(rendered)), _) => Ok(rendered.into()),
                (Ok(None), Ok(Some(stores))) => Configuration::of(&stores)
                    .map_err(|error| unclear(format!("Invalid relation data: {error}"))),
                (Ok(None), Ok(None)) => Err(gone(Status::Waiting(told(format!(
                    "Waiting for relation data: No data found in relation {FEAST_CONFIGURATION} data bag."
                ))))),
                (Err(error), _) | (_, Err(error)) => {
                    Err(unclear(format!("Invalid relation data: {error}")))
                }
            }
        }
        several => {
            let applications: Vec<&str> =
                several.iter().map(|relation| relation.application.as_str()).collect();
            Err(unclear(format!(
                "Too many relations: keep one of {} and remove the others",
                applications.join(", ")
            )))
        }
    }
}
