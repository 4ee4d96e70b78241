//! Whatever goes wrong is said, fails no hook, and is mended by the next.

use super::*;

const RECORD: &str = "/api/v1/namespaces/dev/configmaps/juju-service-mesh-feast-ui-labels";
const RECORDS: &str = "/api/v1/namespaces/dev/configmaps";
const PODS: &str = "/apis/apps/v1/namespaces/dev/statefulsets/feast-ui";
const SERVICE: &str = "/api/v1/namespaces/dev/services/feast-ui";

/// The ways from one state to another, with all requests of each.
const JOINING: [(&str, &str); 6] = [
    ("GET", RECORD),
    ("GET", PODS),
    ("GET", SERVICE),
    ("POST", RECORDS),
    ("PATCH", PODS),
    ("PATCH", SERVICE),
];
const CHANGING: [(&str, &str); 6] = [
    ("GET", RECORD),
    ("GET", PODS),
    ("GET", SERVICE),
    ("PATCH", RECORD),
    ("PATCH", PODS),
    ("PATCH", SERVICE),
];
const LEAVING: [(&str, &str); 6] = [
    ("GET", RECORD),
    ("GET", PODS),
    ("GET", SERVICE),
    ("PATCH", PODS),
    ("PATCH", SERVICE),
    ("DELETE", RECORD),
];

/// What is told of a request that the cluster answers with this status.
fn told(method: &str, path: &str, code: u16) -> String {
    let verb = match method {
        "GET" => "read",
        "POST" => "create",
        "PATCH" => "change",
        _ => "delete",
    };
    let what = match path {
        PODS => "apps/v1/StatefulSet feast-ui",
        SERVICE => "v1/Service feast-ui",
        _ => "v1/ConfigMap juju-service-mesh-feast-ui-labels",
    };
    let (word, why) = match code {
        403 => ("blocked", "forbidden; run: juju trust feast-ui --scope=cluster"),
        409 => ("waiting", "the cluster answered 409 Conflict"),
        422 => ("blocked", "the cluster finds it invalid: Invalid"),
        _ => ("waiting", "the cluster does not answer"),
    };
    format!("{word} [service-mesh] {verb} {what}: {why}")
}

/// Fails each request of the way once: it is told, and the next hook goes on from there.
fn each_failure_is_mended(
    way: &[(&str, &str)],
    world: impl Fn() -> World,
    step: impl Fn(&mut World) -> String,
    after: &[Value; 3],
) {
    for (method, path) in way {
        for code in [403, 409, 503] {
            if *method == "GET" && code == 409 {
                continue;
            }
            let mut world = world();
            world.fail(method, path, code);
            assert_eq!(step(&mut world), told(method, path, code));
            assert_ne!(world.labels(), *after, "{method} {path} {code}");
            world.kubernetes.cluster().failures.clear();
            assert_eq!(world.settle(Event::hook("update-status")), "active");
            assert_eq!(world.labels(), *after, "{method} {path} {code}");
        }
    }
}

#[test]
fn joining_goes_on_where_it_was_interrupted() {
    let world = || World::of(meshed());
    let step = |world: &mut World| world.settle(Event::RelationChanged(SERVICE_MESH));
    each_failure_is_mended(&JOINING, world, step, &ambient());
}

#[test]
fn changing_goes_on_where_it_was_interrupted() {
    let step = |world: &mut World| {
        world.beacon("labels", r#"{"a": "1"}"#);
        world.settle(Event::RelationChanged(SERVICE_MESH))
    };
    each_failure_is_mended(&CHANGING, World::joined, step, &labelled(&json!({"a": "1"})));
}

#[test]
fn leaving_goes_on_where_it_was_interrupted() {
    for leader in [true, false] {
        let step = |world: &mut World| {
            world.deployed.unit.state.leader = leader;
            let status = world.leave();
            world.deployed.unit.state.leader = true;
            status
        };
        each_failure_is_mended(&LEAVING, World::joined, step, &bare());
    }
}

#[test]
fn what_was_left_behind_and_cannot_be_taken_back_is_told() {
    for (method, path) in &LEAVING[1..] {
        let mut world = World::joined();
        world.deployed.forget(SERVICE_MESH);
        world.fail(method, path, 403);
        assert_eq!(world.settle(Event::hook("update-status")), told(method, path, 403));
    }
}

#[test]
fn who_has_nothing_to_ask_of_the_cluster_needs_no_permission() {
    let without_labels = |bag: &[(&str, &str)]| {
        let mut world = World::of(meshed());
        world.beacon("labels", "");
        world.beacon("mesh_type", "");
        for (key, text) in bag {
            world.beacon(key, text);
        }
        world
    };
    for (world, requests) in [
        (World::of(configured()), &[("GET", RECORD)][..]),
        (without_labels(&[]), &[("GET", RECORD), ("POST", RECORDS)]),
        (without_labels(&[("labels", "{}")]), &[("GET", RECORD), ("POST", RECORDS)]),
    ] {
        let mut world = world;
        for (method, path) in requests {
            world.fail(method, path, 403);
            assert_eq!(world.settle(Event::hook("update-status")), "active");
        }
        world.deployed.unit.extra.remove("KUBECONFIG");
        assert_eq!(world.settle(Event::hook("update-status")), "active");
    }
    // Nor does it have to be there at all.
    let mut world = World::of(configured());
    world.fail("GET", RECORD, 503);
    assert_eq!(world.settle(Event::hook("update-status")), "active");
    assert_eq!(world.kubernetes.asked(), format!("GET {RECORD}"), "the next hook is soon enough");
}

#[test]
fn labels_that_cannot_be_emptied_are_told() {
    for (method, path) in [("GET", PODS), ("PATCH", PODS), ("PATCH", SERVICE), ("PATCH", RECORD)] {
        let mut world = World::joined();
        world.beacon("labels", "{}");
        world.fail(method, path, 403);
        let status = world.settle(Event::RelationChanged(SERVICE_MESH));
        assert_eq!(status, told(method, path, 403));
    }
}

#[test]
fn labels_that_cannot_be_are_told() {
    let mut world = World::of(meshed());
    world.fail("PATCH", PODS, 422);
    let status = world.settle(Event::RelationChanged(SERVICE_MESH));
    assert_eq!(status, told("PATCH", PODS, 422));
}

#[test]
fn without_a_cluster_the_mesh_is_out_of_reach() {
    let mut world = World::of(meshed());
    world.deployed.unit.extra.remove("KUBECONFIG");
    let status = "blocked [service-mesh] find a cluster: there is no service account in this pod (juju trust feast-ui \
                  --scope=cluster), and KUBECONFIG is not set";
    assert_eq!(world.settle(Event::RelationChanged(SERVICE_MESH)), status);
    assert_eq!(world.leave(), status);
}

#[test]
fn a_cluster_that_cannot_be_reached_is_waited_for() {
    let mut world = World::of(meshed());
    let kubeconfig = world.deployed.unit.extra["KUBECONFIG"].clone();
    let text = std::fs::read_to_string(&kubeconfig).unwrap();
    // Nobody listens on the port of a socket that is gone.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut config: Value = serde_json::from_str(&text).unwrap();
    config["clusters"][0]["cluster"]["server"] = json!(format!("http://{free}"));
    std::fs::write(&kubeconfig, config.to_string()).unwrap();
    let status = world.settle(Event::RelationChanged(SERVICE_MESH));
    assert_eq!(status, told("GET", RECORD, 503));
}

#[test]
fn what_juju_has_already_removed_is_not_labelled() {
    for gone in [PODS, SERVICE] {
        let mut world = World::joined();
        world.kubernetes.cluster().objects.remove(gone);
        assert_eq!(world.settle(Event::hook("update-status")), "active");
        assert_eq!(world.leave(), "active");
        let labels: Vec<Value> = world.labels().into_iter().filter(|one| !one.is_null()).collect();
        assert_eq!(labels, bare()[..1]);
    }
    // Or removes while the hook runs.
    let mut world = World::joined();
    world.fail("PATCH", PODS, 404);
    assert_eq!(world.leave(), "active");
    assert_eq!(world.labels()[2], Value::Null);
}

#[test]
fn a_record_that_nobody_can_read_is_written_anew() {
    for data in [json!({"labels": "x"}), json!({"labels": "[]"}), json!({})] {
        let mut world = World::joined();
        world.kubernetes.cluster().objects.get_mut(RECORD).unwrap()["data"] = data;
        assert_eq!(world.settle(Event::hook("update-status")), "active");
        assert_eq!(world.labels(), ambient());
    }
}

#[test]
fn a_beacon_that_makes_no_sense_is_named_and_asks_nothing_of_the_cluster() {
    for (key, text, reason) in [
        ("labels", "x", "labels is not a JSON object of strings"),
        ("labels", r#"{"a": 1}"#, "labels is not a JSON object of strings"),
        ("labels", r#"{"a": null}"#, "labels is not a JSON object of strings"),
        ("labels", r#"["a"]"#, "labels is not a JSON object of strings"),
        (
            "labels",
            r#"{"app.kubernetes.io/name": "other"}"#,
            "labels has app.kubernetes.io/name, which is Juju's own",
        ),
        ("labels", "", "missing labels"),
        ("mesh_type", "istio", "mesh_type is not a JSON string"),
    ] {
        let mut world = World::joined();
        world.beacon(key, text);
        let status = world.settle(Event::RelationChanged(SERVICE_MESH));
        let expected =
            format!("blocked [service-mesh] Invalid relation data from istio-beacon-k8s: {reason}");
        assert_eq!(status, expected);
        assert_eq!(world.kubernetes.asked(), "");
        assert_eq!(world.labels(), ambient());
    }
}
