//! feast-ui with beacons of all ages, and with applications of other models.

use juju_sim::{Bag, Event, Relation};
use serde::Deserialize;
use serde_json::{Value, json};
use tests::kubernetes::{self, Cluster, Kubernetes};
use tests::world::ui::{PROVIDE_CMR_MESH, REQUIRE_CMR_MESH, SERVICE_MESH};
use tests::world::{Deployed, meshed};

use super::{every_hook_changes_nothing, neighbours};

/// A beacon, or an application of another model.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Neighbour {
    name: String,
    #[serde(default = "beacon")]
    application: String,
    said: Bag,
    /// The labels that are ours then.
    #[serde(default)]
    labels: Bag,
}

fn beacon() -> String {
    "istio-beacon-k8s".to_owned()
}

impl Neighbour {
    /// A unit of feast-ui that is related to this neighbour in the place of another, and its cluster.
    fn on(&self, id: u32) -> (Kubernetes, Deployed) {
        let mut state = meshed();
        let relation = state.relation_mut(id).unwrap();
        *relation = Relation {
            remote_app_data: self.said.clone(),
            ..Relation::to(id, &relation.endpoint, &self.application)
        };
        let mut deployed = Deployed::ui(state);
        let cluster = Cluster::running(&deployed.unit.state);
        let kubernetes = Kubernetes::serve(cluster, &mut deployed);
        deployed.settle(Event::RelationCreated(id));
        (kubernetes, deployed)
    }
}

/// The labels of new pods and of the Service, without that of Juju.
fn labels(kubernetes: &Kubernetes) -> [Value; 2] {
    let at = |path: String, pointer: &str| {
        let mut labels = kubernetes.cluster().objects[&path].pointer(pointer).unwrap().clone();
        assert_eq!(
            labels.as_object_mut().unwrap().remove("app.kubernetes.io/name").unwrap(),
            "feast-ui"
        );
        labels
    };
    [
        at(kubernetes::pods("feast-ui", "dev"), "/spec/template/metadata/labels"),
        at(kubernetes::service("feast-ui", "dev"), "/metadata/labels"),
    ]
}

#[test]
fn every_beacon_is_told_at_once_that_there_are_no_policies_and_has_its_labels_put_on() {
    for beacon in neighbours::<Neighbour>("service_mesh") {
        let (kubernetes, mut deployed) = beacon.on(SERVICE_MESH);
        let told = Bag::from([("policies".to_owned(), "[]".to_owned())]);
        assert_eq!(deployed.told(SERVICE_MESH), &told, "{}", beacon.name);
        every_hook_changes_nothing(&mut deployed, &beacon.name);
        assert_eq!(labels(&kubernetes), [json!(beacon.labels), json!(beacon.labels)]);
    }
}

#[test]
fn applications_of_other_models_are_told_who_asks_and_nothing_by_whom_they_ask() {
    for neighbour in neighbours::<Neighbour>("cross_model_mesh") {
        let identity = r#"{"app_name": "feast-ui", "juju_model_name": "dev"}"#.to_owned();
        let told = Bag::from([("cmr_data".to_owned(), identity)]);
        for (id, wanted) in [(REQUIRE_CMR_MESH, told), (PROVIDE_CMR_MESH, Bag::new())] {
            let (_kubernetes, mut deployed) = neighbour.on(id);
            assert_eq!(deployed.told(id), &wanted, "{}", neighbour.name);
            every_hook_changes_nothing(&mut deployed, &neighbour.name);
        }
    }
}
