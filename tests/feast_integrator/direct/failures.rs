//! What goes wrong in the cluster, and what the operator is told.

use juju_sim::Event;
use serde_json::json;
use tests::kubernetes::{Cluster, Failure, KUBEFLOW, pod_default, secret};

use super::{POD_DEFAULT, SECRET, World, both, without_dispatcher};

const USERS: [&str; 3] = ["alice", "bob", "carol"];
const SECRETS: &str = "/api/v1/secrets";

/// A cluster in which this request fails, or none of them at all.
fn failing(method: &str, path: &str, status: u16) -> Cluster {
    let (method, path) = (method.to_owned(), path.to_owned());
    Cluster { failures: vec![Failure { method, path, status }], ..Cluster::of_users(&USERS) }
}

/// Delivers for the first time in `cluster`, and again once all is well. The first status, and what was there then.
fn recover(cluster: Cluster) -> (String, Vec<String>) {
    let mut world = World::of(without_dispatcher(), cluster);
    let status = world.settle(Event::hook("config-changed"));
    let there = world.there();
    world.kubernetes.cluster().failures.clear();
    world.kubernetes.cluster().unknown.clear();
    assert_eq!(world.settle(Event::hook("update-status")), "active");
    assert_eq!(world.there(), both(&USERS));
    (status, there)
}

/// The status where one of three namespaces cannot be written to; the others are served.
fn one_of_three(status: u16) -> String {
    let (told, there) = recover(failing("APPLY", &secret("bob", SECRET), status));
    assert_eq!(there, both(&["alice", "carol"]));
    told
}

#[test]
fn without_trust_the_operator_reads_both_ways_out_and_the_ui_is_served() {
    let mut world = World::of(without_dispatcher(), failing("GET", SECRETS, 403));
    let status = world.settle(Event::hook("config-changed"));
    assert_eq!(
        status,
        "blocked [secrets] Please add the missing relation: secrets, or run: juju trust feast-integrator --scope=cluster"
    );
    assert_eq!(world.kubernetes.asked().lines().count(), 1);
    assert_eq!(world.deployed.told(tests::world::integrator::FEAST_CONFIGURATION).len(), 15);
    let status = world.choose("delivery", "direct");
    assert_eq!(
        status,
        "blocked [delivery] Not allowed to write into namespaces; run: juju trust feast-integrator --scope=cluster"
    );
    // Trusted, the next hook delivers.
    world.kubernetes.cluster().failures.clear();
    assert_eq!(world.settle(Event::hook("update-status")), "active");
    assert_eq!(world.there(), both(&USERS));
}

#[test]
fn a_namespace_that_is_forbidden_is_named_with_the_command_that_helps() {
    assert_eq!(
        one_of_three(403),
        "blocked [delivery] apply v1/Secret feature-store-yaml in namespace bob: forbidden; run: juju trust feast-integrator --scope=cluster"
    );
}

#[test]
fn a_token_that_is_not_accepted_is_told_once_and_nothing_more_is_tried() {
    let (told, there) = recover(failing("GET", SECRETS, 401));
    assert_eq!(
        told,
        "blocked [delivery] list v1/Secret: the cluster does not accept our credentials"
    );
    assert!(there.is_empty());
}

#[test]
fn without_pod_defaults_in_the_cluster_the_secrets_are_delivered_and_that_is_told() {
    let cluster = Cluster { unknown: vec![KUBEFLOW.to_owned()], ..Cluster::of_users(&USERS) };
    let (told, there) = recover(cluster);
    assert_eq!(
        told,
        "blocked [delivery] The cluster does not know kubeflow.org/v1alpha1/PodDefault: install Kubeflow's admission-webhook"
    );
    assert_eq!(there, USERS.map(|namespace| format!("{namespace}/secrets/{SECRET}")));
}

#[test]
fn a_cluster_that_answers_with_an_error_is_waited_for_and_the_others_are_served() {
    for status in [500, 503, 504] {
        let told = one_of_three(status);
        assert!(
            told.contains("[delivery] apply v1/Secret feature-store-yaml in namespace bob: "),
            "{told}"
        );
    }
    let told = one_of_three(503);
    assert_eq!(
        told,
        "waiting [delivery] apply v1/Secret feature-store-yaml in namespace bob: the cluster does not answer"
    );
}

#[test]
fn a_request_that_is_never_answered_is_waited_for_and_the_others_are_served() {
    assert_eq!(
        one_of_three(0),
        "waiting [delivery] apply v1/Secret feature-store-yaml in namespace bob: the cluster does not answer"
    );
}

#[test]
fn a_cluster_that_is_down_is_waited_for() {
    for path in [SECRETS, &format!("{KUBEFLOW}/poddefaults"), "/api/v1/namespaces"] {
        let (told, there) = recover(failing("GET", path, 0));
        assert!(told.starts_with("waiting [delivery] list "), "{told}");
        assert!(told.ends_with(": the cluster does not answer"), "{told}");
        assert!(there.is_empty());
    }
}

#[test]
fn a_cluster_that_goes_down_is_not_asked_thousands_of_times() {
    let users: Vec<String> = (0..100).map(|user| format!("user-{user:03}")).collect();
    let users: Vec<&str> = users.iter().map(String::as_str).collect();
    let failures = users.iter().map(|user| Failure {
        method: "APPLY".to_owned(),
        path: secret(user, SECRET),
        status: 0,
    });
    let cluster = Cluster { failures: failures.collect(), ..Cluster::of_users(&users) };
    let mut world = World::of(without_dispatcher(), cluster);
    let status = world.settle(Event::hook("config-changed"));
    assert!(
        status.ends_with("the cluster does not answer (one of 100 namespaces with trouble)"),
        "{status}"
    );
    let asked = world.kubernetes.asked();
    let tried = asked.lines().filter(|line| line.starts_with("APPLY")).count();
    assert!((8..=16).contains(&tried), "{tried}");
}

#[test]
fn a_namespace_that_is_being_deleted_gets_nothing_and_that_is_no_trouble() {
    let mut cluster = Cluster::of_users(&USERS);
    cluster.terminate("bob");
    let mut world = World::of(without_dispatcher(), cluster);
    assert_eq!(world.settle(Event::hook("config-changed")), "active");
    assert_eq!(world.there(), both(&["alice", "carol"]));
    assert_eq!(
        world.choose("namespaces", "alice, bob"),
        "blocked [delivery] Namespace bob is being deleted: take it out of namespaces"
    );
    assert_eq!(world.there(), both(&["alice"]));
}

#[test]
fn a_namespace_that_is_deleted_while_we_write_is_waited_for() {
    let path = secret("bob", SECRET);
    let (told, _) = recover(failing("APPLY", &path, 404));
    assert!(
        told.starts_with(
            "waiting [delivery] apply v1/Secret feature-store-yaml in namespace bob: "
        ),
        "{told}"
    );
}

#[test]
fn who_makes_an_object_of_our_name_meanwhile_is_not_overwritten() {
    let path = pod_default("bob", POD_DEFAULT);
    let (told, there) = recover(failing("APPLY", &path, 409));
    assert!(
        told.starts_with("waiting [delivery] apply kubeflow.org/v1alpha1/PodDefault feast-integrator-access-feast in namespace bob: "),
        "{told}"
    );
    assert_eq!(there.len(), 5);
}

#[test]
fn what_cannot_be_taken_back_is_told_until_it_can() {
    let mut world = World::delivered();
    let path = secret("alice", SECRET);
    world.kubernetes.cluster().failures =
        vec![Failure { method: "DELETE".to_owned(), path, status: 403 }];
    let status = world.choose("exclude-namespaces", "alice, bob");
    assert_eq!(
        status,
        "blocked [delivery] delete v1/Secret feature-store-yaml in namespace alice: forbidden; run: juju trust feast-integrator --scope=cluster"
    );
    assert_eq!(world.there(), [format!("alice/secrets/{SECRET}")]);
    world.kubernetes.cluster().failures.clear();
    world.settle(Event::hook("update-status"));
    assert!(world.there().is_empty());
}

#[test]
fn an_object_that_the_cluster_finds_invalid_is_told_without_what_is_in_it() {
    let (told, _) = recover(failing("APPLY", &secret("bob", SECRET), 422));
    assert!(told.starts_with("blocked [delivery] apply v1/Secret feature-store-yaml in namespace bob: the cluster finds it invalid"), "{told}");
}

#[test]
fn an_object_of_somebody_else_is_left_alone_and_named_with_its_owner() {
    for (path, option) in [
        (secret("bob", SECRET), "secret-name"),
        (pod_default("bob", POD_DEFAULT), "pod-default-name"),
    ] {
        let mut cluster = Cluster::of_users(&USERS);
        let (_, name) = path.rsplit_once('/').unwrap();
        let theirs = json!({
            "metadata": {"name": name, "namespace": "bob", "managedFields": [{"manager": "kubectl-create"}]},
            "data": {"feature_store.yaml": "dGhlaXJz"},
        });
        cluster.objects.insert(path.clone(), theirs.clone());
        let mut world = World::of(without_dispatcher(), cluster);
        let status = world.settle(Event::hook("config-changed"));
        let kind = if path.contains("/secrets/") { "Secret" } else { "PodDefault" };
        let told = format!(
            "blocked [delivery] {kind} {name} in namespace bob belongs to kubectl-create: delete it, or set {option}"
        );
        assert_eq!(status, told);
        assert_eq!(world.settle(Event::hook("update-status")), told);
        assert_eq!(world.object(&path), theirs);
        for served in both(&["alice", "carol"]) {
            assert!(world.there().contains(&served));
        }
        world.choose(option, "another");
        assert_eq!(world.deployed.status(), "active");
        // What is theirs survives the end of ours, too.
        world.settle(Event::hook("remove"));
        let left = format!("bob/{}", path.split_once("/bob/").unwrap().1);
        assert_eq!(world.there(), [left]);
        assert_eq!(world.object(&path), theirs);
    }
}
