//! feast-ui in a service mesh.

mod failures;

use juju_sim::{Event, State};
use serde_json::{Value, json};
use tests::event;
use tests::kubernetes::{self, Cluster, Kubernetes};
use tests::pebble::{Container, Pebble};
use tests::world::ui::{PROVIDE_CMR_MESH, REQUIRE_CMR_MESH, SERVICE_MESH};
use tests::world::{Deployed, configured, meshed};

/// A unit whose UI serves, in a cluster.
struct World {
    deployed: Deployed,
    kubernetes: Kubernetes,
    _pebble: Pebble,
}

impl World {
    fn of(state: State) -> Self {
        let mut deployed = Deployed::ui(state);
        let cluster = Cluster::running(&deployed.unit.state);
        let kubernetes = Kubernetes::serve(cluster, &mut deployed);
        let pebble = Pebble::serve(Container::default(), &mut deployed);
        Self { deployed, kubernetes, _pebble: pebble }
    }

    /// One that has joined the mesh.
    fn joined() -> Self {
        let mut world = Self::of(meshed());
        assert_eq!(world.settle(Event::RelationChanged(SERVICE_MESH)), "active");
        world.kubernetes.asked();
        world
    }

    /// The status after a hook.
    fn settle(&mut self, event: Event) -> String {
        self.deployed.settle(event);
        self.deployed.status()
    }

    /// Ends the relation to the beacon.
    fn leave(&mut self) -> String {
        let status = self.settle(Event::RelationBroken(SERVICE_MESH));
        self.deployed.forget(SERVICE_MESH);
        status
    }

    /// What the beacon says from now on; nothing takes it away.
    fn beacon(&mut self, key: &str, text: &str) {
        let bag = &mut self.deployed.relation_mut(SERVICE_MESH).remote_app_data;
        bag.insert(key.to_owned(), text.to_owned());
        bag.retain(|_, text| !text.is_empty());
    }

    fn fail(&mut self, method: &str, path: &str, status: u16) {
        let (method, path) = (method.to_owned(), path.to_owned());
        let failure = kubernetes::Failure { method, path, status };
        self.kubernetes.cluster().failures = vec![failure];
    }

    /// Labels of new pods, of the Service, and what is recorded.
    fn labels(&self) -> [Value; 3] {
        let state = &self.deployed.unit.state;
        let (name, model) = (state.application(), &state.model.name);
        let cluster = self.kubernetes.cluster();
        let at = |path: &str, pointer: &str| {
            cluster.objects.get(path).and_then(|object| object.pointer(pointer)).cloned()
        };
        let record = at(&kubernetes::record(name, model), "/data/labels");
        let record = record.and_then(|text| serde_json::from_str(text.as_str()?).ok());
        [
            at(&kubernetes::pods(name, model), "/spec/template/metadata/labels"),
            at(&kubernetes::service(name, model), "/metadata/labels"),
            record,
        ]
        .map(Option::unwrap_or_default)
    }
}

/// As [`World::labels`], if these are ours.
fn labelled(ours: &Value) -> [Value; 3] {
    let mut all = json!({"app.kubernetes.io/name": "feast-ui"});
    all.as_object_mut().unwrap().extend(ours.as_object().unwrap().clone());
    [all.clone(), all, ours.clone()]
}

/// As [`World::labels`], out of every mesh.
fn bare() -> [Value; 3] {
    let [pods, service, _] = labelled(&json!({}));
    [pods, service, Value::Null]
}

fn ambient() -> [Value; 3] {
    labelled(&json!({"istio.io/dataplane-mode": "ambient"}))
}

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
fn a_unit_that_does_not_lead_tells_a_mesh_nothing_and_asks_nothing_of_the_cluster() {
    let mut world = World::of(State { leader: false, ..meshed() });
    for event in event::every_kind(&world.deployed.unit) {
        let leaves = matches!(event, Event::RelationBroken(id) | Event::RelationBrokenAfterRestart(id) if id == SERVICE_MESH);
        if !leaves {
            world.settle(event);
        }
    }
    for id in [SERVICE_MESH, REQUIRE_CMR_MESH, PROVIDE_CMR_MESH] {
        assert!(world.deployed.told(id).is_empty());
    }
    assert_eq!(world.kubernetes.asked(), "");
}

#[test]
fn whoever_an_application_of_another_model_says_it_is_all_is_well() {
    for text in ["{x", "[]", r#"{"app_name": 1}"#] {
        let mut world = World::of(meshed());
        let bag = &mut world.deployed.relation_mut(PROVIDE_CMR_MESH).remote_app_data;
        bag.insert("cmr_data".to_owned(), text.to_owned());
        assert_eq!(world.settle(Event::RelationChanged(PROVIDE_CMR_MESH)), "active");
    }
}

#[test]
fn joining_labels_what_juju_made_and_another_hook_only_looks() {
    let mut world = World::of(meshed());
    assert_eq!(world.settle(Event::RelationChanged(SERVICE_MESH)), "active");
    assert_eq!(world.labels(), ambient());
    insta::assert_snapshot!(world.kubernetes.asked(), @r"
    GET /api/v1/namespaces/dev/configmaps/juju-service-mesh-feast-ui-labels
    GET /apis/apps/v1/namespaces/dev/statefulsets/feast-ui
    GET /api/v1/namespaces/dev/services/feast-ui
    POST /api/v1/namespaces/dev/configmaps
    PATCH /apis/apps/v1/namespaces/dev/statefulsets/feast-ui
    PATCH /api/v1/namespaces/dev/services/feast-ui
    ");
    for event in [Event::hook("update-status"), Event::PebbleReady("feast-ui".to_owned())] {
        world.settle(event);
        insta::allow_duplicates! {
            insta::assert_snapshot!(world.kubernetes.asked(), @r"
            GET /api/v1/namespaces/dev/configmaps/juju-service-mesh-feast-ui-labels
            GET /apis/apps/v1/namespaces/dev/statefulsets/feast-ui
            GET /api/v1/namespaces/dev/services/feast-ui
            ");
        }
    }
}

#[test]
fn an_application_of_another_name_joins_under_its_own() {
    let mut state = State { unit: "ui/3".to_owned(), ..meshed() };
    state.model.name = "prod-ml".to_owned();
    let mut world = World::of(state);
    assert_eq!(world.settle(Event::RelationChanged(SERVICE_MESH)), "active");
    let [pods, service, record] = world.labels();
    assert_eq!(pods["istio.io/dataplane-mode"], "ambient");
    assert_eq!(service["istio.io/dataplane-mode"], "ambient");
    assert_eq!(record, json!({"istio.io/dataplane-mode": "ambient"}));
}

#[test]
fn labels_of_others_stay_whatever_the_beacon_says() {
    let mut world = World::joined();
    for (path, pointer) in [
        (kubernetes::pods("feast-ui", "dev"), "/spec/template/metadata/labels"),
        (kubernetes::service("feast-ui", "dev"), "/metadata/labels"),
    ] {
        let mut cluster = world.kubernetes.cluster();
        let labels = cluster.objects.get_mut(&path).unwrap().pointer_mut(pointer).unwrap();
        labels["team"] = json!("ml");
    }
    let and_theirs = |mut labels: [Value; 3]| {
        labels[..2].iter_mut().for_each(|labels| labels["team"] = json!("ml"));
        labels
    };
    for (text, ours) in [
        (r#"{"a": "1", "b": "2"}"#, json!({"a": "1", "b": "2"})),
        (r#"{"b": "3"}"#, json!({"b": "3"})),
        ("{}", json!({})),
        ("", json!({})),
    ] {
        world.beacon("labels", text);
        world.beacon("mesh_type", if text.is_empty() { "" } else { "\"istio\"" });
        assert_eq!(world.settle(Event::RelationChanged(SERVICE_MESH)), "active");
        assert_eq!(world.labels(), and_theirs(labelled(&ours)), "{text}");
    }
    assert_eq!(world.leave(), "active");
    assert_eq!(world.labels(), and_theirs(bare()));
}

#[test]
fn a_mesh_without_labels_costs_one_request_once_it_is_recorded() {
    let mut world = World::of(meshed());
    world.beacon("labels", "{}");
    assert_eq!(world.settle(Event::RelationChanged(SERVICE_MESH)), "active");
    assert_eq!(world.labels(), labelled(&json!({})));
    world.kubernetes.asked();
    world.settle(Event::hook("update-status"));
    let record = kubernetes::record("feast-ui", "dev");
    assert_eq!(world.kubernetes.asked(), format!("GET {record}"));
}

#[test]
fn the_first_unit_to_leave_takes_the_labels_back_and_the_others_only_look() {
    for leads in [true, false] {
        let mut world = World::joined();
        world.deployed.unit.state.leader = leads;
        assert_eq!(world.leave(), "active");
        assert_eq!(world.labels(), bare());
        insta::allow_duplicates! {
            insta::assert_snapshot!(world.kubernetes.asked(), @r"
            GET /api/v1/namespaces/dev/configmaps/juju-service-mesh-feast-ui-labels
            GET /apis/apps/v1/namespaces/dev/statefulsets/feast-ui
            GET /api/v1/namespaces/dev/services/feast-ui
            PATCH /apis/apps/v1/namespaces/dev/statefulsets/feast-ui
            PATCH /api/v1/namespaces/dev/services/feast-ui
            DELETE /api/v1/namespaces/dev/configmaps/juju-service-mesh-feast-ui-labels
            ");
        }
        let mut other = World::of(meshed());
        other.deployed.unit.state.leader = !leads;
        assert_eq!(other.leave(), "active");
        let record = kubernetes::record("feast-ui", "dev");
        assert_eq!(other.kubernetes.asked(), format!("GET {record}"));
    }
}

#[test]
fn what_nobody_took_back_the_leader_does() {
    for hook in ["leader-elected", "upgrade-charm", "config-changed", "update-status"] {
        let mut world = World::joined();
        world.deployed.forget(SERVICE_MESH);
        assert_eq!(world.settle(Event::RelationChanged(PROVIDE_CMR_MESH)), "active");
        assert_eq!(world.labels(), ambient());
        assert_eq!(world.settle(Event::hook(hook)), "active");
        assert_eq!(world.labels(), bare());
    }
}

#[test]
fn an_application_without_a_mesh_asks_the_cluster_once_in_few_hooks() {
    let mut world = World::of(configured());
    let record = format!("GET {}", kubernetes::record("feast-ui", "dev"));
    let before = world.deployed.unit.state.clone();
    for event in event::every_kind(&world.deployed.unit) {
        world.deployed.unit.state = before.clone();
        let searches = ["leader-elected", "upgrade-charm", "config-changed", "update-status"];
        let searches = matches!(&event, Event::Hook(name) if searches.contains(&&**name));
        world.settle(event);
        assert_eq!(world.kubernetes.asked(), if searches { &record } else { "" });
    }
}

#[test]
fn one_of_two_beacons_that_goes_leaves_the_labels_of_the_other() {
    for leader in [true, false] {
        let mut world = World::joined();
        let mut second = world.deployed.relation(SERVICE_MESH).clone();
        second.id = 18;
        world.deployed.unit.state.relations.push(second);
        if leader {
            let status = world.settle(Event::hook("update-status"));
            assert_eq!(
                status,
                "blocked [service-mesh] Too many relations: keep one of istio-beacon-k8s, istio-beacon-k8s and remove the others"
            );
            assert_eq!(world.kubernetes.asked(), "");
        }
        world.deployed.unit.state.leader = leader;
        assert_eq!(world.leave(), "active");
        assert_eq!(world.labels(), ambient());
    }
}
