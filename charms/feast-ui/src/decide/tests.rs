//! What exactly happens, for worlds that are in order but for one thing.

mod mesh;

use charm::{
    CheckHealth, CheckState, Container, Databag, Dispatch, Endpoint, Labels, Mesh, Observation,
    Record, Relation, RelationId, Secret, ServiceState, properties,
};
use interfaces::feast_configuration::{Store, Stores};
use interfaces::{ingress, istio_ingress_route, service_mesh};
use proptest::prelude::*;
use proptest::sample::subsequence;
use proptest::test_runner::TestCaseError;

use super::*;
use crate::inputs::{ENDPOINTS, FEAST_CONFIGURATION, INGRESS, ISTIO_INGRESS_ROUTE, SERVICE_MESH};
use crate::workload::{CHECK, FILE};

const PASSWORD: &str = "p@ss w/$HOME{{7*7}}:%41\"'\\";

fn stores() -> Stores {
    let store = |name: &str| Store {
        host: format!("{name}-primary.kubeflow.svc.cluster.local"),
        port: 5432,
        database: name.to_owned(),
        user: format!("{name}_user"),
        password: Secret::new(PASSWORD),
    };
    Stores {
        registry: store("registry"),
        offline_store: store("offline_store"),
        online_store: store("online_store"),
    }
}

/// What Juju labels what it makes with.
fn jujus() -> Labels {
    Labels::from([("app.kubernetes.io/name".to_owned(), "feast-ui".to_owned())])
}

/// What the beacon wants.
fn ambient_mode() -> service_mesh::Mesh {
    let label = ("istio.io/dataplane-mode".to_owned(), "ambient".to_owned());
    service_mesh::Mesh { labels: Labels::from([label]), kind: Some("istio".to_owned()) }
}

/// A world in which nothing is wrong, before anything was published and with an empty container.
fn everything() -> Observation {
    let mut seen = Observation {
        application: "feast-ui".to_owned(),
        unit: "feast-ui/0".to_owned(),
        model: "kubeflow".to_owned(),
        leader: true,
        ..Observation::default()
    };
    for (id, Endpoint { name, .. }) in (1..).zip(ENDPOINTS) {
        let remote = match name {
            FEAST_CONFIGURATION => stores().databag().unwrap(),
            INGRESS => ingress::Provider::sdi().databag(),
            SERVICE_MESH => ambient_mode().databag(),
            _ => Databag::new(),
        };
        let application = format!("remote-{name}");
        let relation = Relation { id: RelationId(id), application, remote, ..Relation::default() };
        seen.relations.insert(name.to_owned(), vec![relation]);
    }
    seen.relations.remove(ISTIO_INGRESS_ROUTE);
    seen.containers.insert(CONTAINER.to_owned(), Container::default());
    seen.mesh = Some(Mesh { record: Record::Missing, pods: Some(jujus()), service: Some(jujus()) });
    seen
}

/// The same once all was published and the UI serves.
fn settled() -> Observation {
    let seen = everything();
    seen.after(&decide(&seen).changes(&seen))
}

fn lines(seen: &Observation) -> String {
    decide(seen).changes(seen).iter().map(|change| format!("{change}\n")).collect()
}

fn relation<'a>(seen: &'a mut Observation, endpoint: &str) -> &'a mut Relation {
    &mut seen.relations.get_mut(endpoint).unwrap()[0]
}

fn container(seen: &mut Observation) -> &mut Container {
    seen.containers.get_mut(CONTAINER).unwrap()
}

fn ambient(seen: &mut Observation, gateway: &Databag) {
    let relation = Relation {
        id: RelationId(4),
        application: "istio-ingress-k8s".to_owned(),
        remote: gateway.clone(),
        ..Relation::default()
    };
    seen.relations.insert(ISTIO_INGRESS_ROUTE.to_owned(), vec![relation]);
}

#[test]
fn related_to_everything_it_runs_the_ui_and_publishes() {
    insta::assert_snapshot!(lines(&everything()), @r"
    pebble feast-ui: push /home/ubuntu/feature_store.yaml mode=600 <914 bytes>
    pebble feast-ui: add layer feast-ui up
    pebble feast-ui: replan
    relation-set -r 2 --app dashboard_links=<119 bytes>
    relation-set -r 3 --app _supported_versions=<5 bytes> data=<76 bytes>
    relation-set -r 6 --app cmr_data=<55 bytes>
    relation-set -r 5 --app policies=<2 bytes>
    open-port 8888/tcp
    mesh: create the record: istio.io/dataplane-mode=ambient
    mesh: label the pods: istio.io/dataplane-mode=ambient
    mesh: label the service: istio.io/dataplane-mode=ambient
    status-set waiting [feast-ui-pebble-service] Waiting for Pebble services (feast-ui).  If this persists, it could be a blocking configuration error.
    ");
}

#[test]
fn a_second_hook_changes_nothing() {
    assert_eq!(lines(&settled()), "status-set active\n");
}

#[test]
fn what_it_sends_is_what_the_python_charm_sent() {
    let seen = settled();
    let data = seen.relations(INGRESS)[0].local.get("data").unwrap();
    assert_eq!(
        data,
        "namespace: kubeflow\nport: 8888\nprefix: /feast/\nrewrite: /\nservice: feast-ui\n"
    );
    let links = seen.relations(DASHBOARD_LINKS)[0].local.get("dashboard_links").unwrap();
    insta::assert_snapshot!(links, @r#"[{"text": "Feast", "link": "/feast/", "location": "external", "icon": "device:data-usage", "type": "item", "desc": ""}]"#);
}

#[test]
fn a_unit_that_does_not_lead_serves_and_publishes_nothing() {
    let seen = Observation { leader: false, ..everything() };
    let lines = lines(&seen);
    assert!(lines.contains("replan") && lines.contains("open-port"), "{lines}");
    assert!(!lines.contains("relation-set"), "{lines}");
    let settled = Observation { leader: false, ..settled() };
    assert!(decide(&settled).status == Status::active());
}

#[test]
fn a_changed_configuration_restarts_the_ui() {
    let mut seen = settled();
    relation(&mut seen, FEAST_CONFIGURATION).remote.insert("registry_password", "rotated");
    insta::assert_snapshot!(lines(&seen), @r"
    pebble feast-ui: push /home/ubuntu/feature_store.yaml mode=600 <867 bytes>
    pebble feast-ui: stop feast-ui
    pebble feast-ui: add layer feast-ui up
    pebble feast-ui: replan
    status-set active
    ");
}

#[test]
fn a_configuration_that_is_gone_stops_the_ui() {
    let damages: [(Damage, &str); 2] = [
        (
            |seen| lose(seen, FEAST_CONFIGURATION),
            "blocked [feast-configuration] Missing relation: feast-configuration",
        ),
        (
            |seen| relation(seen, FEAST_CONFIGURATION).remote = Databag::new(),
            "waiting [feast-configuration] Waiting for relation data: No data found in relation feast-configuration data bag.",
        ),
    ];
    for (damage, status) in damages {
        let mut seen = settled();
        damage(&mut seen);
        let expected = format!(
            "pebble feast-ui: add layer feast-ui\npebble feast-ui: stop feast-ui\nstatus-set {status}\n"
        );
        assert_eq!(lines(&seen), expected);
    }
}

#[test]
fn a_configuration_that_makes_no_sense_blocks_and_leaves_the_ui_alone() {
    for (key, value, reason) in [
        ("registry_port", "notaport", "registry_port is not a port from 1 to 65535"),
        ("online_store_user", "", "missing online_store_user"),
        (
            "offline_store_password",
            "a\0b",
            "offline_store.password has a NUL, which PostgreSQL cannot take",
        ),
    ] {
        let mut seen = settled();
        relation(&mut seen, FEAST_CONFIGURATION).remote.insert(key, value);
        let expected =
            format!("status-set blocked [feast-configuration] Invalid relation data: {reason}\n");
        assert_eq!(lines(&seen), expected);
    }
}

#[test]
fn a_container_that_does_not_answer_is_waited_for() {
    let mut seen = settled();
    seen.containers.clear();
    assert_eq!(
        lines(&seen),
        "status-set waiting [feast-ui-pebble-service] Waiting for Pebble to be ready.\n"
    );
}

#[test]
fn a_ui_that_does_not_serve_is_never_active() {
    for state in [ServiceState::Backoff, ServiceState::Error, ServiceState::Inactive] {
        let mut seen = settled();
        container(&mut seen).states.insert(CONTAINER.to_owned(), state);
        assert!(matches!(decide(&seen).status, Status::Waiting(_)), "{state:?}");
    }
    let up = CheckHealth { state: CheckState::Up, successes: Some(5), failures: 0 };
    for health in [
        CheckHealth { state: CheckState::Down, failures: 6, ..up },
        CheckHealth { failures: 1, ..up },
        CheckHealth { successes: Some(0), ..up },
    ] {
        let mut seen = settled();
        container(&mut seen).health.insert(CHECK.to_owned(), health);
        assert!(matches!(decide(&seen).status, Status::Waiting(_)), "{health:?}");
    }
    let mut seen = settled();
    container(&mut seen).health.insert(CHECK.to_owned(), CheckHealth { successes: None, ..up });
    assert_eq!(decide(&seen).status, Status::active());
}

#[test]
fn a_hook_waits_only_for_what_may_clear_up() {
    let up = CheckHealth { state: CheckState::Up, successes: Some(5), failures: 0 };
    for (state, health, waits) in [
        (ServiceState::Active, up, false),
        (ServiceState::Active, CheckHealth { failures: 1, ..up }, true),
        (ServiceState::Active, CheckHealth { state: CheckState::Down, failures: 12, ..up }, false),
        (ServiceState::Inactive, up, true),
    ] {
        let mut seen = settled();
        container(&mut seen).states.insert(CONTAINER.to_owned(), state);
        container(&mut seen).health.insert(CHECK.to_owned(), health);
        assert_eq!(
            workload::may_clear_up(seen.containers.get(CONTAINER)),
            waits,
            "{state:?} {health:?}"
        );
    }
}

#[test]
fn a_container_that_was_restarted_gets_everything_again() {
    let mut seen = settled();
    *container(&mut seen) = Container::default();
    assert!(
        lines(&seen).starts_with("pebble feast-ui: push /home/ubuntu/feature_store.yaml mode=600")
    );
}

#[test]
fn both_kinds_of_ingress_block_and_only_the_older_route_stays() {
    let mut seen = settled();
    ambient(&mut seen, &Databag::new());
    relation(&mut seen, ISTIO_INGRESS_ROUTE).local.insert("config", "{}");
    insta::assert_snapshot!(lines(&seen), @r"
    relation-set -r 4 --app config=
    status-set blocked [istio-relations-conflict-detector] Cannot have both 'istio-ingress-route' and 'ingress' relations at the same time.
    ");
}

#[test]
fn a_route_that_the_gateway_cannot_read_goes_with_a_conflict() {
    for data in ["{", "service: 5\n", "port: '8888'\nservice: a\nprefix: /\n"] {
        let mut seen = settled();
        ambient(&mut seen, &Databag::new());
        relation(&mut seen, INGRESS).local.insert("data", data);
        let after = seen.after(&decide(&seen).changes(&seen));
        assert_eq!(after.relations(INGRESS)[0].local, ingress::Route::withdrawal(), "{data:?}");
    }
}

#[test]
fn the_ambient_route_stays_where_it_is_while_the_gateway_makes_no_sense() {
    for (tls, port) in [("True", 443), ("False", 80)] {
        let mut seen = settled();
        lose(&mut seen, INGRESS);
        ambient(&mut seen, &Databag::from([("tls_enabled", tls)]));
        let after = seen.after(&decide(&seen).changes(&seen));
        for (key, value) in [("tls_enabled", "maybe"), ("external_host", "a b")] {
            let mut seen = after.clone();
            relation(&mut seen, ISTIO_INGRESS_ROUTE).remote.insert(key, value);
            let then = seen.after(&decide(&seen).changes(&seen));
            let config = then.relations(ISTIO_INGRESS_ROUTE)[0].local.get("config").unwrap();
            assert!(config.contains(&format!(r#""port":{port},"protocol""#)), "{config}");
        }
    }
}

#[test]
fn the_ambient_route_stays_where_it_is_when_the_gateway_takes_its_answer_back_for_a_conflict() {
    let mut seen = settled();
    lose(&mut seen, INGRESS);
    ambient(&mut seen, &Databag::from([("tls_enabled", "True"), ("external_host", "h")]));
    let mut seen = seen.after(&decide(&seen).changes(&seen));
    relation(&mut seen, ISTIO_INGRESS_ROUTE).remote = Databag::new();
    let then = seen.after(&decide(&seen).changes(&seen));
    assert_eq!(then.relations(ISTIO_INGRESS_ROUTE), seen.relations(ISTIO_INGRESS_ROUTE));
    assert_eq!(decide(&then).status, Status::active());
}

#[test]
fn the_ambient_route_follows_the_gateways_tls() {
    for (gateway, port) in [
        (Databag::new(), 80),
        (istio_ingress_route::Gateway { external_host: None, tls: false }.databag(), 80),
        (
            istio_ingress_route::Gateway { external_host: Some("h/p".to_owned()), tls: true }
                .databag(),
            443,
        ),
    ] {
        let mut seen = settled();
        lose(&mut seen, INGRESS);
        ambient(&mut seen, &gateway);
        let after = seen.after(&decide(&seen).changes(&seen));
        let config = after.relations(ISTIO_INGRESS_ROUTE)[0].local.get("config").unwrap();
        assert!(
            config.contains(&format!(r#""listeners":[{{"port":{port},"protocol":"HTTP"}}]"#)),
            "{config}"
        );
        assert_eq!(decide(&after).status, Status::active());
    }
}

#[test]
fn a_gateway_that_has_not_spoken_gets_the_request_at_once() {
    let mut seen = everything();
    relation(&mut seen, INGRESS).remote = Databag::new();
    assert!(
        lines(&seen)
            .contains("relation-set -r 3 --app _supported_versions=<5 bytes> data=<76 bytes>")
    );
    let mut seen = settled();
    relation(&mut seen, INGRESS).remote = Databag::new();
    assert_eq!(
        decide(&seen).status,
        Status::Waiting(
            "[sidecar_mode_relation:ingress] Waiting for ingress versions of apps: remote-ingress. If this persists, relate ingress to istio-pilot, or istio-ingress-route to istio-ingress-k8s"
                .to_owned()
        )
    );
}

#[test]
fn a_gateway_of_another_kind_is_named_with_what_to_do() {
    for (key, value, expected) in [
        ("ingress", r#"{"url": "http://h/m-a"}"#, "speaks another protocol"),
        (
            "_supported_versions",
            "- v7\n",
            "No compatible ingress versions found for apps: remote-ingress",
        ),
        ("_supported_versions", "{", "_supported_versions is not a YAML list of versions"),
    ] {
        let mut seen = settled();
        relation(&mut seen, INGRESS).remote = Databag::from([(key, value)]);
        let Status::Blocked(message) = decide(&seen).status else { panic!("{key}={value}") };
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn without_ingress_and_dashboard_all_is_well() {
    let mut seen = settled();
    lose(&mut seen, INGRESS);
    lose(&mut seen, DASHBOARD_LINKS);
    assert_eq!(decide(&seen).status, Status::active());
}

#[test]
fn endpoints_in_the_metadata_are_those_of_the_charm() {
    let metadata = include_str!("../../../../metadata/feast-ui/metadata.yaml");
    let metadata: serde_yaml::Value = serde_yaml::from_str(metadata).unwrap();
    let mut declared: Vec<&str> = ["provides", "requires"]
        .iter()
        .filter_map(|role| metadata.get(role)?.as_mapping())
        .flat_map(|endpoints| endpoints.keys().filter_map(|name| name.as_str()))
        .collect();
    let unread = ["provide-cmr-mesh"];
    let mut ours: Vec<&str> =
        ENDPOINTS.iter().map(|endpoint| endpoint.name).chain(unread).collect();
    declared.sort_unstable();
    ours.sort_unstable();
    assert_eq!(declared, ours);
    assert!(metadata["containers"].get(CONTAINER).is_some());
}

/// One thing that is wrong with a world.
type Damage = fn(&mut Observation);

const DAMAGES: [Damage; 22] = [
    |seen| seen.leader = false,
    |seen| lose(seen, FEAST_CONFIGURATION),
    |seen| lose(seen, INGRESS),
    |seen| lose(seen, DASHBOARD_LINKS),
    |seen| ambient(seen, &Databag::new()),
    |seen| ambient(seen, &Databag::from([("tls_enabled", "maybe")])),
    |seen| each(seen, |relation| relation.remote = Databag::new()),
    |seen| each(seen, |relation| relation.local = Databag::new()),
    |seen| each(seen, |relation| relation.local.insert("stale", "x")),
    |seen| each(seen, |relation| relation.remote.insert("registry_port", "x")),
    |seen| each(seen, |relation| relation.remote.insert("_supported_versions", "}")),
    |seen| seen.containers.clear(),
    |seen| seen.containers.values_mut().for_each(|container| *container = Container::default()),
    |seen| lose(seen, SERVICE_MESH),
    |seen| seen.mesh = None,
    |seen| mesh::mesh(seen).record = Record::Unreadable,
    |seen| mesh::mesh(seen).pods = None,
    |seen| mesh::mesh(seen).service = Some(jujus()),
    |seen| mesh::leaving(seen),
    |seen| seen.dispatch = Dispatch::hook("update-status"),
    |seen| mesh::two_beacons(seen),
    |seen| {
        for file in
            seen.containers.values_mut().filter_map(|container| container.files.get_mut(FILE))
        {
            file.mode = 0o644;
        }
    },
];

fn lose(seen: &mut Observation, endpoint: &str) {
    seen.relations.remove(endpoint);
}

fn each(seen: &mut Observation, damage: fn(&mut Relation)) {
    for relation in seen.relations.values_mut().flatten() {
        damage(relation);
    }
}

fn any_observation() -> impl Strategy<Value = Observation> {
    (any::<bool>(), subsequence(DAMAGES.to_vec(), 0..=3)).prop_map(|(fresh, damages)| {
        let mut seen = if fresh { everything() } else { settled() };
        for damage in damages {
            damage(&mut seen);
        }
        seen
    })
}

/// A property that does not hold fails the test with what is wrong.
fn holds(property: Result<(), String>) -> Result<(), TestCaseError> {
    property.map_err(TestCaseError::fail)
}

proptest! {
    #[test]
    fn a_second_run_changes_nothing(seen in any_observation()) {
        holds(properties::a_second_run_changes_nothing(decide, &seen))?;
    }

    #[test]
    fn what_is_planned_is_what_is_published(seen in any_observation()) {
        holds(properties::what_is_planned_is_what_is_published(decide, &seen))?;
    }

    #[test]
    fn a_hook_that_dies_anywhere_is_finished_by_the_next(seen in any_observation()) {
        holds(properties::a_hook_that_dies_anywhere_is_finished_by_the_next(decide, &seen))?;
    }

    #[test]
    fn nothing_printable_carries_a_password(seen in any_observation()) {
        holds(properties::nothing_printable_carries_a_password(decide, &seen, &["p@ss", "p%40ss", "7*7"]))?;
    }
}
