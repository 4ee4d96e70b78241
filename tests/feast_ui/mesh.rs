//! feast-ui in a service mesh.

use juju_sim::{Event, State};
use tests::event;
use tests::world::ui::{PROVIDE_CMR_MESH, REQUIRE_CMR_MESH, SERVICE_MESH};
use tests::world::{Deployed, meshed};

use super::NO_PEBBLE;

#[test]
fn every_hook_of_the_leader_says_what_a_mesh_has_to_know() {
    let mut deployed = Deployed::ui(meshed());
    let before = deployed.unit.state.clone();
    for event in event::every(&deployed.unit) {
        let nothing_new =
            matches!(&event, Event::Hook(name) if ["start", "stop", "remove"].contains(&&**name));
        let breaking = match event {
            Event::RelationBroken(id) | Event::RelationBrokenAfterRestart(id) => Some(id),
            _ => None,
        };
        deployed.unit.state = before.clone();
        deployed.settle(event);
        for (id, key, text) in [
            (SERVICE_MESH, "policies", "[]"),
            (REQUIRE_CMR_MESH, "cmr_data", r#"{"app_name": "feast-ui", "juju_model_name": "dev"}"#),
        ] {
            let told = deployed.told(id).get(key).map(String::as_str);
            let silent = nothing_new || breaking == Some(id);
            assert_eq!(told, (!silent).then_some(text));
        }
        assert!(deployed.told(PROVIDE_CMR_MESH).is_empty());
    }
}

#[test]
fn a_unit_that_does_not_lead_tells_a_mesh_nothing() {
    let mut deployed = Deployed::ui(State { leader: false, ..meshed() });
    deployed.settle(Event::RelationCreated(SERVICE_MESH));
    for id in [SERVICE_MESH, REQUIRE_CMR_MESH, PROVIDE_CMR_MESH] {
        assert!(deployed.told(id).is_empty());
    }
}

#[test]
fn whoever_an_application_of_another_model_says_it_is_all_is_well() {
    for text in ["{x", "[]", r#"{"app_name": 1}"#] {
        let mut deployed = Deployed::ui(meshed());
        let bag = &mut deployed.relation_mut(PROVIDE_CMR_MESH).remote_app_data;
        bag.insert("cmr_data".to_owned(), text.to_owned());
        deployed.settle(Event::RelationChanged(PROVIDE_CMR_MESH));
        assert_eq!(deployed.status(), NO_PEBBLE);
    }
}
