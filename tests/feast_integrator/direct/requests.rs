//! How many requests each kind of hook costs the cluster.

use juju_sim::{Event, State};
use serde_json::Value;
use tests::event;
use tests::kubernetes::{Cluster, Failure};
use tests::world::{Deployed, by_secrets};

use super::{World, without_dispatcher};

#[test]
fn a_hook_without_changes_lists_three_times_and_writes_nothing() {
    let mut world = World::delivered();
    world.settle(Event::hook("update-status"));
    insta::assert_snapshot!(world.kubernetes.asked(), @r"
    GET /api/v1/secrets labelSelector=app.kubernetes.io/instance=feast-integrator,app.kubernetes.io/managed-by=feast-integrator,app.kubernetes.io/part-of=dev
    GET /apis/kubeflow.org/v1alpha1/poddefaults labelSelector=app.kubernetes.io/managed-by=feast-integrator
    GET /api/v1/namespaces labelSelector=app.kubernetes.io/part-of=kubeflow-profile
    ");
}

#[test]
fn a_first_delivery_looks_once_for_each_name_and_writes_each_object_once() {
    let mut world = World::of(without_dispatcher(), Cluster::of_users(&["alice"]));
    world.settle(Event::hook("config-changed"));
    insta::assert_snapshot!(world.kubernetes.asked(), @r"
    GET /api/v1/secrets labelSelector=app.kubernetes.io/instance=feast-integrator,app.kubernetes.io/managed-by=feast-integrator,app.kubernetes.io/part-of=dev
    GET /apis/kubeflow.org/v1alpha1/poddefaults labelSelector=app.kubernetes.io/managed-by=feast-integrator
    GET /api/v1/namespaces labelSelector=app.kubernetes.io/part-of=kubeflow-profile
    GET /apis/kubeflow.org/v1alpha1/poddefaults fieldSelector=metadata.name=feast-integrator-access-feast
    GET /api/v1/secrets fieldSelector=metadata.name=feature-store-yaml
    APPLY /api/v1/namespaces/alice/secrets/feature-store-yaml
    APPLY /apis/kubeflow.org/v1alpha1/namespaces/alice/poddefaults/feast-integrator-access-feast
    ");
}

#[test]
fn a_thousand_namespaces_are_listed_in_pages_and_written_once() {
    let users: Vec<String> = (0..1000).map(|user| format!("user-{user:03}")).collect();
    let users: Vec<&str> = users.iter().map(String::as_str).collect();
    let mut world = World::of(without_dispatcher(), Cluster::of_users(&users));
    assert_eq!(world.settle(Event::hook("config-changed")), "active");
    let asked = world.kubernetes.asked();
    let count = |verb: &str| asked.lines().filter(|line| line.starts_with(verb)).count();
    assert_eq!((count("GET"), count("APPLY")), (6, 2000));
    // Two pages of each list.
    world.settle(Event::hook("update-status"));
    let asked = world.kubernetes.asked();
    assert_eq!(asked.lines().filter(|line| line.starts_with("GET ")).count(), 6, "{asked}");
    assert_eq!(asked.lines().count(), 6);
}

#[test]
fn who_has_a_dispatcher_asks_in_few_hooks_and_twice_and_untrusted_once() {
    for (trusted, requests) in [(true, 2), (false, 1)] {
        let mut cluster = Cluster::of_users(&["alice"]);
        if !trusted {
            let (method, path) = ("GET".to_owned(), "/api/v1/secrets".to_owned());
            cluster.failures = vec![Failure { method, path, status: 403 }];
        }
        let mut world = World::of(by_secrets(), cluster);
        assert_eq!(world.settle(Event::hook("config-changed")), "active");
        let state = world.deployed.unit.state.clone();
        world.kubernetes.asked();
        for event in event::every_kind(&world.deployed.unit) {
            world.deployed.unit.state = state.clone();
            let searches = match &event {
                Event::Hook(name) => !["install", "start", "stop"].contains(&name.as_str()),
                Event::RelationBroken(id) | Event::RelationBrokenAfterRestart(id) => *id != 6,
                _ => false,
            };
            let shown = format!("{event:?}");
            world.settle(event);
            let asked = world.kubernetes.asked();
            let expected = if searches { requests } else { 0 };
            // Without the PodDefaults' relation the Secrets' one is still a dispatcher.
            assert_eq!(asked.lines().count(), expected, "{shown}: {asked}");
            assert!(!asked.contains("APPLY") && !asked.contains("DELETE"), "{shown}: {asked}");
        }
    }
}

#[test]
fn who_does_not_lead_asks_nothing_of_the_cluster() {
    let state = State { leader: false, ..without_dispatcher() };
    let mut world = World::of(state, Cluster::of_users(&["alice"]));
    for event in event::every_kind(&world.deployed.unit) {
        world.settle(event);
    }
    assert_eq!(world.kubernetes.asked(), "");
    assert!(world.there().is_empty());
}

#[test]
fn a_mistake_in_an_option_or_a_database_that_is_late_asks_nothing_of_the_cluster() {
    let mut world = World::delivered();
    world.choose("project", "a-b");
    assert_eq!(world.kubernetes.asked(), "");
    world.choose("project", "ab");
    world.kubernetes.asked();
    world.deployed.relation_mut(1).remote_app_data.clear();
    world.settle(Event::RelationChanged(1));
    assert_eq!(world.kubernetes.asked(), "");
}

#[test]
fn direct_delivery_costs_no_hook_command_but_at_an_end() {
    let mut deployed = Deployed::integrator(by_secrets());
    deployed.settle(Event::hook("config-changed"));
    let mut world = World::delivered();
    let commands = |deployed: &mut Deployed, event: Event| deployed.settle(event).commands.len();
    let update = |deployed| commands(deployed, Event::hook("update-status"));
    // Two relations fewer, whose databags are not read.
    assert_eq!(update(&mut world.deployed), update(&mut deployed) - 2);
    let outcome = world.deployed.settle(Event::hook("remove"));
    insta::assert_snapshot!(outcome.transcript(), @r#"
    is-leader --format=json
    goal-state --format=json
    juju-log --log-level INFO -- "cluster: delete PodDefault feast-integrator-access-feast in 2 namespaces: alice, bob\ncluster: delete Secret feature-store-yaml in 2 namespaces: alice, bob"
    "#);
}

#[test]
fn a_plan_names_the_namespaces_and_changes_nothing() {
    let users: Vec<String> = (0..12).map(|user| format!("user-{user:02}")).collect();
    let users: Vec<&str> = users.iter().map(String::as_str).collect();
    let mut world = World::of(without_dispatcher(), Cluster::of_users(&users));
    let told = |world: &mut World| {
        let outcome = world.deployed.settle(Event::action("plan"));
        outcome.action.unwrap().results
    };
    let before = told(&mut world);
    assert_eq!(before["changes"], "25");
    let table = before["table"].as_str().unwrap();
    insta::assert_snapshot!(table, @r"
    DESTINATION                                                                                                 CHANGE
    feast-configuration:6 to feast-ui                                                                           set offline_store_database, offline_store_host, offline_store_password, offline_store_port, offline_store_user, online_store_database, online_store_host, online_store_password, online_store_port, online_store_user, registry_database, registry_host, registry_password, registry_port, registry_user
    12 namespaces: user-00, user-01, user-02, user-03, user-04, user-05, user-06, user-07, user-08, user-09, …  create Secret feature-store-yaml
    12 namespaces: user-00, user-01, user-02, user-03, user-04, user-05, user-06, user-07, user-08, user-09, …  create PodDefault feast-integrator-access-feast
    ");
    assert!(world.there().is_empty());
    world.settle(Event::hook("config-changed"));
    assert_eq!(told(&mut world)["changes"], "0");
    assert_eq!(told(&mut world)["status"], Value::from("active"));
}
