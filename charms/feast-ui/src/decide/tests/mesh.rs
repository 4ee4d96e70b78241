//! The same for service meshes.

use charm::RelationEvent;

use super::*;
use crate::inputs::REQUIRE_CMR_MESH;

const OUT: &str = "mesh: label the pods: istio.io/dataplane-mode-
mesh: label the service: istio.io/dataplane-mode-
mesh: delete the record
";

pub(super) fn mesh(seen: &mut Observation) -> &mut Mesh {
    seen.mesh.get_or_insert_default()
}

/// The hook in which the relation to the beacon ends.
pub(super) fn leaving(seen: &mut Observation) {
    lose(seen, SERVICE_MESH);
    let relation = RelationEvent {
        id: RelationId(5),
        endpoint: SERVICE_MESH.to_owned(),
        application: Some("remote-service-mesh".to_owned()),
        unit: None,
        breaking: true,
    };
    let relation = Some(relation);
    seen.dispatch = Dispatch { relation, ..Dispatch::hook("service-mesh-relation-broken") };
}

pub(super) fn two_beacons(seen: &mut Observation) {
    let second = Relation {
        id: RelationId(50),
        application: "second".to_owned(),
        remote: service_mesh::Mesh::default().databag(),
        ..Relation::default()
    };
    seen.relations.entry(SERVICE_MESH.to_owned()).or_default().push(second);
}

/// What is done about labels.
fn labelling(seen: &Observation) -> String {
    let lines = lines(seen);
    lines.lines().filter(|line| line.starts_with("mesh")).map(|line| format!("{line}\n")).collect()
}

#[test]
fn a_mesh_is_told_that_no_policies_are_asked_for_and_other_models_who_we_are() {
    let mut seen = settled();
    for (endpoint, key, text) in [
        (SERVICE_MESH, "policies", "[]"),
        (
            REQUIRE_CMR_MESH,
            "cmr_data",
            r#"{"app_name": "feast-ui", "juju_model_name": "kubeflow"}"#,
        ),
    ] {
        assert_eq!(relation(&mut seen, endpoint).local.get(key), Some(text));
        relation(&mut seen, endpoint).local = Databag::from([(key, "{"), ("stale", "x")]);
        assert!(lines(&seen).contains(&format!("--app {key}=<{} bytes> stale=\n", text.len())));
        relation(&mut seen, endpoint).local = Databag::from([(key, text)]);
    }
    assert!(!lines(&seen).contains("relation-set"));
}

#[test]
fn labels_come_when_nothing_else_is_left_but_the_status() {
    let lines = lines(&everything());
    let kinds: Vec<&str> = lines.lines().filter_map(|line| line.split([' ', ':']).next()).collect();
    assert_eq!(kinds[kinds.len() - 4..], ["mesh", "mesh", "mesh", "status-set"]);
}

#[test]
fn whatever_is_lost_of_the_labels_is_back_in_the_next_hook_of_the_leader() {
    let set = "istio.io/dataplane-mode=ambient";
    let losses: [(Damage, String); 3] = [
        (|seen| mesh(seen).record = Record::Missing, format!("mesh: create the record: {set}\n")),
        (|seen| mesh(seen).pods = Some(jujus()), format!("mesh: label the pods: {set}\n")),
        (|seen| mesh(seen).service = Some(jujus()), format!("mesh: label the service: {set}\n")),
    ];
    for (damage, expected) in losses {
        let mut seen = settled();
        damage(&mut seen);
        assert_eq!(labelling(&seen), expected);
        seen.leader = false;
        assert_eq!(labelling(&seen), "");
    }
}

#[test]
fn labels_follow_the_beacon() {
    let mut seen = settled();
    let labels = Labels::from([("istio.io/use-waypoint".to_owned(), "w".to_owned())]);
    let other = service_mesh::Mesh { labels, kind: None };
    relation(&mut seen, SERVICE_MESH).remote = other.databag();
    insta::assert_snapshot!(labelling(&seen), @r"
    mesh: set the record: istio.io/dataplane-mode=ambient istio.io/use-waypoint=w
    mesh: label the pods: istio.io/dataplane-mode- istio.io/use-waypoint=w
    mesh: label the service: istio.io/dataplane-mode- istio.io/use-waypoint=w
    mesh: set the record: istio.io/use-waypoint=w
    ");
    for bag in [Databag::new(), service_mesh::Mesh::default().databag()] {
        let mut seen = settled();
        relation(&mut seen, SERVICE_MESH).remote = bag;
        assert!(labelling(&seen).ends_with("mesh: set the record:\n"), "{}", labelling(&seen));
        assert_eq!(decide(&seen).status, Status::active());
    }
}

#[test]
fn a_beacon_that_makes_no_sense_is_named_and_labels_stay() {
    for (key, text, reason) in [
        ("labels", "x", "labels is not a JSON object of strings"),
        ("labels", r#"{"a": 1}"#, "labels is not a JSON object of strings"),
        (
            "labels",
            r#"{"app.kubernetes.io/name": "a"}"#,
            "labels has app.kubernetes.io/name, which is Juju's own",
        ),
        (
            "labels",
            r#"{"model.juju.is/id": "a"}"#,
            "labels has model.juju.is/id, which is Juju's own",
        ),
        ("labels", "", "missing labels"),
        ("mesh_type", "istio", "mesh_type is not a JSON string"),
    ] {
        let mut seen = settled();
        relation(&mut seen, SERVICE_MESH).remote.insert(key, text);
        assert_eq!(labelling(&seen), "", "{key}={text}");
        let expected =
            format!("[service-mesh] Invalid relation data from remote-service-mesh: {reason}");
        assert_eq!(decide(&seen).status, Status::Blocked(expected));
    }
}

#[test]
fn two_beacons_are_named_and_labels_stay() {
    let mut seen = settled();
    two_beacons(&mut seen);
    assert_eq!(labelling(&seen), "");
    assert_eq!(
        decide(&seen).status,
        Status::Blocked(
            "[service-mesh] Too many relations: keep one of remote-service-mesh, second and remove the others"
                .to_owned()
        )
    );
}

#[test]
fn whatever_unit_is_there_takes_the_labels_back_when_the_relation_ends() {
    for leader in [true, false] {
        let mut seen = Observation { leader, ..settled() };
        leaving(&mut seen);
        assert_eq!(labelling(&seen), OUT);
        let after = seen.after(&decide(&seen).changes(&seen));
        assert_eq!(labelling(&after), "");
    }
}

#[test]
fn one_of_two_beacons_that_goes_leaves_the_labels_of_the_other() {
    let mut seen = settled();
    let other = seen.relations[SERVICE_MESH].clone();
    leaving(&mut seen);
    seen.relations.insert(SERVICE_MESH.to_owned(), other);
    for leader in [true, false] {
        assert_eq!(labelling(&Observation { leader, ..seen.clone() }), "");
    }
}

#[test]
fn the_leader_looks_for_what_was_left_behind_in_few_hooks() {
    for (hook, leader, expected) in [
        ("leader-elected", true, OUT),
        ("upgrade-charm", true, OUT),
        ("config-changed", true, OUT),
        ("update-status", true, OUT),
        ("update-status", false, ""),
        ("install", true, ""),
        ("dashboard-links-relation-changed", true, ""),
    ] {
        let mut seen = Observation { leader, dispatch: Dispatch::hook(hook), ..settled() };
        lose(&mut seen, SERVICE_MESH);
        assert_eq!(labelling(&seen), expected, "{hook}");
    }
}
