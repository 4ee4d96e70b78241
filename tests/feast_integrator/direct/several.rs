//! Several integrators in one cluster.

use juju_sim::{Event, State};
use serde_json::json;
use tests::kubernetes::{Cluster, pod_default};
use tests::world::integrator::{POD_DEFAULTS, SECRETS};
use tests::world::{Deployed, by_secrets};

use super::{POD_DEFAULT, SECRET, World, both, without_dispatcher};

/// A unit of another application, or of one of the same name in another model.
fn state(application: &str, model: &str) -> State {
    let mut state = State { unit: format!("{application}/0"), ..without_dispatcher() };
    state.model.name = model.to_owned();
    state
}

/// Runs a hook of another application in the cluster of `world`. Its status.
fn settle(world: &World, deployed: &mut Deployed, event: Event) -> String {
    world.kubernetes.reach(deployed);
    deployed.settle(event);
    deployed.status()
}

fn named(namespaces: &[&str], secret: &str, pod_default: &str) -> Vec<String> {
    let in_one = |namespace: &&str| {
        [format!("{namespace}/poddefaults/{pod_default}"), format!("{namespace}/secrets/{secret}")]
    };
    namespaces.iter().flat_map(in_one).collect()
}

fn sorted(parts: &[Vec<String>]) -> Vec<String> {
    let mut all = parts.concat();
    all.sort();
    all
}

#[test]
fn the_second_integrator_takes_names_of_its_own_and_keeps_them() {
    let mut world = World::delivered();
    let first = both(&["alice", "bob"]);
    let mut second = Deployed::integrator(state("feast-b", "dev"));
    assert_eq!(settle(&world, &mut second, Event::hook("config-changed")), "active");
    let own = named(&["alice", "bob"], "feature-store-yaml-feast-b", "feast-b-access-feast");
    assert_eq!(world.there(), sorted(&[first.clone(), own.clone()]));
    let labels = world.object(&pod_default("alice", "feast-b-access-feast"));
    assert_eq!(labels["spec"]["selector"]["matchLabels"], json!({"access-feast-feast-b": "true"}));

    // Neither changes anything of its own or of the other's.
    world.kubernetes.asked();
    assert_eq!(settle(&world, &mut second, Event::hook("update-status")), "active");
    assert_eq!(world.settle(Event::hook("update-status")), "active");
    let asked = world.kubernetes.asked();
    assert!(
        asked.lines().all(|line| line.starts_with("GET ")) && asked.lines().count() == 6,
        "{asked}"
    );

    // The first goes, and the second keeps its names, also in a new namespace.
    world.settle(Event::hook("remove"));
    assert_eq!(world.there(), own);
    let labels = json!({"app.kubernetes.io/part-of": "kubeflow-profile"});
    world.kubernetes.cluster().add_namespace("carol", &labels);
    settle(&world, &mut second, Event::hook("update-status"));
    let own =
        named(&["alice", "bob", "carol"], "feature-store-yaml-feast-b", "feast-b-access-feast");
    assert_eq!(world.there(), own);

    // The first comes back, and finds its names free.
    assert_eq!(world.settle(Event::hook("config-changed")), "active");
    assert_eq!(world.there(), sorted(&[both(&["alice", "bob", "carol"]), own]));
}

#[test]
fn an_application_of_the_same_name_in_another_model_takes_names_with_the_model() {
    let world = World::delivered();
    let mut second = Deployed::integrator(state("feast-integrator", "other"));
    let mut third = Deployed::integrator(state("feast-integrator", "third"));
    for one in [&mut second, &mut third] {
        assert_eq!(settle(&world, one, Event::hook("config-changed")), "active");
    }
    let own = |model: &str| {
        let secret = format!("feature-store-yaml-feast-integrator-{model}");
        named(&["alice", "bob"], &secret, &format!("feast-integrator-{model}-access-feast"))
    };
    assert_eq!(world.there(), sorted(&[both(&["alice", "bob"]), own("other"), own("third")]));
    // Each takes back its own.
    settle(&world, &mut second, Event::hook("remove"));
    assert_eq!(world.there(), sorted(&[both(&["alice", "bob"]), own("third")]));
}

#[test]
fn a_name_that_was_chosen_and_is_taken_is_blocked_with_its_owner() {
    for (option, value, what) in [
        ("secret-name", "shop", "Secret shop"),
        ("pod-default-name", "shop", "PodDefault shop"),
        ("pod-label", "shop=true", "PodDefault feast-integrator-access-feast"),
    ] {
        let mut world = World::delivered();
        assert_eq!(world.choose(option, value), "active");
        let before = world.there();
        let mut second = Deployed::integrator(state("feast-b", "dev"));
        second.unit.state.config.insert(option.to_owned(), json!(value));
        let status = settle(&world, &mut second, Event::hook("config-changed"));
        assert_eq!(
            status,
            format!(
                "blocked [delivery] {what} in 2 namespaces: alice, bob belongs to feast-integrator of model dev: set {option} of one of the two"
            )
        );
        assert_eq!(world.settle(Event::hook("update-status")), "active");
        let theirs: Vec<String> =
            world.there().into_iter().filter(|path| before.contains(path)).collect();
        assert_eq!(theirs, before);
    }
}

#[test]
fn a_dispatcher_that_would_overwrite_another_integrators_objects_is_told_of() {
    let world = World::delivered();
    let mut state = State { unit: "feast-b/0".to_owned(), ..by_secrets() };
    state.config.insert("pod-default-name".to_owned(), json!(POD_DEFAULT));
    let mut second = Deployed::integrator(state);
    let status = settle(&world, &mut second, Event::hook("config-changed"));
    assert!(status.starts_with(&format!("blocked [delivery] PodDefault {POD_DEFAULT} in namespace alice belongs to feast-integrator of model dev: set secret-name, pod-default-name and pod-label of feast-b")), "{status}");
}

#[test]
fn what_a_dispatcher_has_put_there_is_waited_for_once_it_is_told_to_take_it_back() {
    let mut cluster = Cluster::of_users(&["alice"]);
    let path = tests::kubernetes::secret("alice", SECRET);
    let managed = json!([{"manager": "metacontroller"}]);
    let theirs =
        json!({"metadata": {"name": SECRET, "namespace": "alice", "managedFields": managed}});
    cluster.objects.insert(path.clone(), theirs);
    let mut world = World::of(by_secrets(), cluster);
    assert_eq!(world.settle(Event::hook("config-changed")), "active");
    assert_eq!(
        world.choose("delivery", "direct"),
        "waiting [delivery] Waiting for the resource dispatcher to take back Secret feature-store-yaml in namespace alice"
    );
    for id in [SECRETS, POD_DEFAULTS] {
        assert_eq!(world.deployed.told(id)["kubernetes_manifests"], "[]");
    }
    world.kubernetes.cluster().objects.remove(&path);
    assert_eq!(world.settle(Event::hook("update-status")), "active");
    assert_eq!(world.there(), both(&["alice"]));
}
