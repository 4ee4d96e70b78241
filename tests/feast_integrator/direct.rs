//! feast-integrator that puts objects into users' namespaces itself.

mod failures;
mod requests;
mod several;

use juju_sim::{Event, State};
use serde_json::{Value, json};
use tests::event;
use tests::kubernetes::{Cluster, Kubernetes, namespace, pod_default, secret};
use tests::world::integrator::{OFFLINE_STORE, POD_DEFAULTS, REGISTRY, SECRETS};
use tests::world::{DATABASES, Deployed, by_secrets, password};

pub(crate) const SECRET: &str = "feature-store-yaml";
pub(crate) const POD_DEFAULT: &str = "feast-integrator-access-feast";

/// A unit of an application that is trusted, in a cluster.
pub(crate) struct World {
    pub(crate) deployed: Deployed,
    pub(crate) kubernetes: Kubernetes,
}

impl World {
    pub(crate) fn of(state: State, cluster: Cluster) -> Self {
        let mut deployed = Deployed::integrator(state);
        let kubernetes = Kubernetes::serve(cluster, &mut deployed);
        Self { deployed, kubernetes }
    }

    /// One that has delivered into the namespaces of alice and bob.
    pub(crate) fn delivered() -> Self {
        let mut world = Self::of(without_dispatcher(), Cluster::of_users(&["alice", "bob"]));
        assert_eq!(world.settle(Event::hook("config-changed")), "active");
        world.kubernetes.asked();
        world
    }

    /// The status after a hook.
    pub(crate) fn settle(&mut self, event: Event) -> String {
        self.deployed.settle(event);
        self.deployed.status()
    }

    pub(crate) fn choose(&mut self, option: &str, value: &str) -> String {
        self.deployed.unit.state.config.insert(option.to_owned(), json!(value));
        self.settle(Event::hook("config-changed"))
    }

    /// The paths of all Secrets and PodDefaults, without what they all have in common.
    pub(crate) fn there(&self) -> Vec<String> {
        let cluster = self.kubernetes.cluster();
        let short = |path: &&str| {
            let (_, rest) = path.split_once("/namespaces/").unwrap();
            rest.to_owned()
        };
        let mut there: Vec<String> = cluster.delivered().iter().map(short).collect();
        there.sort();
        there
    }

    pub(crate) fn object(&self, path: &str) -> Value {
        self.kubernetes.cluster().objects.get(path).cloned().unwrap_or_default()
    }
}

/// Everything but a dispatcher is related.
pub(crate) fn without_dispatcher() -> State {
    let mut state = by_secrets();
    state.relations.retain(|relation| ![SECRETS, POD_DEFAULTS].contains(&relation.id));
    state
}

/// What is in these namespaces where all is well.
pub(crate) fn both(namespaces: &[&str]) -> Vec<String> {
    let in_one = |namespace: &&str| {
        [format!("{namespace}/poddefaults/{POD_DEFAULT}"), format!("{namespace}/secrets/{SECRET}")]
    };
    namespaces.iter().flat_map(in_one).collect()
}

/// The file in a Secret.
pub(crate) fn file_in(secret: &Value) -> String {
    let text = secret["data"]["feature_store.yaml"].clone();
    let bytes: Vec<u8> = base64(text.as_str().unwrap());
    String::from_utf8(bytes).unwrap()
}

fn base64(text: &str) -> Vec<u8> {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.decode(text).unwrap()
}

#[test]
fn without_a_dispatcher_a_trusted_application_delivers_by_itself() {
    let world = World::delivered();
    assert_eq!(world.there(), both(&["alice", "bob"]));
    let delivered = world.object(&secret("alice", SECRET));
    assert!(file_in(&delivered).contains("project: \"feast_project\""), "{}", file_in(&delivered));
    assert!(delivered.get("stringData").is_none());
    let labels = json!({
        "app.kubernetes.io/managed-by": "feast-integrator",
        "app.kubernetes.io/instance": "feast-integrator",
        "app.kubernetes.io/part-of": "dev",
    });
    assert_eq!(delivered["metadata"]["labels"], labels);
    assert_eq!(delivered["metadata"]["managedFields"][0]["manager"], "feast-integrator");
    let mounting = world.object(&pod_default("alice", POD_DEFAULT));
    assert_eq!(mounting["metadata"]["labels"], labels);
    assert_eq!(mounting["spec"]["volumes"][0]["secret"]["secretName"], SECRET);
    assert_eq!(mounting["spec"]["selector"]["matchLabels"], json!({"access-feast": "true"}));
}

#[test]
fn when_a_database_goes_everything_is_taken_back() {
    let mut world = World::delivered();
    let status = world.settle(Event::RelationBroken(REGISTRY));
    assert!(status.starts_with("blocked [registry] Please add the missing relation"), "{status}");
    assert_eq!(world.there(), Vec::<String>::new());
}

#[test]
fn every_kind_of_hook_ends_well_and_changes_nothing() {
    let mut world = World::delivered();
    let state = world.deployed.unit.state.clone();
    let objects = world.kubernetes.cluster().objects.clone();
    for event in event::every_kind(&world.deployed.unit) {
        world.deployed.unit.state = state.clone();
        world.kubernetes.cluster().objects = objects.clone();
        let goes = matches!(&event, Event::Hook(name) if name == "remove")
            || matches!(event, Event::RelationBroken(_) | Event::RelationBrokenAfterRestart(_));
        world.settle(event);
        if !goes {
            assert!(world.kubernetes.cluster().objects == objects);
        }
    }
}

#[test]
fn a_new_namespace_is_served_at_the_next_hook_and_one_that_leaves_the_selection_is_cleared() {
    let mut world = World::delivered();
    let user = json!({"app.kubernetes.io/part-of": "kubeflow-profile"});
    world.kubernetes.cluster().add_namespace("carol", &user);
    world.kubernetes.cluster().add_namespace("kube-system", &json!({}));
    assert_eq!(world.settle(Event::hook("update-status")), "active");
    assert_eq!(world.there(), both(&["alice", "bob", "carol"]));
    world.kubernetes.cluster().add_namespace("alice", &json!({}));
    assert_eq!(world.settle(Event::hook("update-status")), "active");
    assert_eq!(world.there(), both(&["bob", "carol"]));
}

#[test]
fn the_operator_says_which_namespaces_get_something() {
    let mut world = World::delivered();
    world.kubernetes.cluster().add_namespace("team", &json!({"team": "shop"}));
    assert_eq!(world.choose("exclude-namespaces", "bob"), "active");
    assert_eq!(world.there(), both(&["alice"]));
    assert_eq!(world.choose("namespace-selector", "team=shop"), "active");
    assert_eq!(world.there(), both(&["team"]));
    assert_eq!(world.choose("namespaces", "alice bob, team"), "active");
    assert_eq!(world.there(), both(&["alice", "team"]));
    assert_eq!(
        world.choose("namespaces", "alice,dave"),
        "blocked [delivery] There is no namespace dave: create it, or take it out of namespaces"
    );
    assert_eq!(world.there(), both(&["alice"]));
    for (option, value) in [("namespaces", "A"), ("namespace-selector", "a b"), ("delivery", "x")] {
        let before = world.deployed.unit.state.config.clone();
        let status = world.choose(option, value);
        assert!(status.starts_with(&format!("blocked [config] {option} is n")), "{status}");
        assert_eq!(world.there(), both(&["alice"]));
        world.deployed.unit.state.config = before;
    }
    assert_eq!(
        world.choose("exclude-namespaces", "alice,dave"),
        "active no namespace is selected by namespaces and namespace-selector yet"
    );
    assert!(world.there().is_empty());
}

#[test]
fn what_somebody_has_changed_or_deleted_is_put_right() {
    let mut world = World::delivered();
    let before = world.kubernetes.cluster().objects.clone();
    let damages: [fn(&mut Cluster); 5] = [
        |cluster| {
            cluster.objects.get_mut(&secret("alice", SECRET)).unwrap()["data"]["feature_store.yaml"] =
                json!("eA==");
        },
        |cluster| drop(cluster.objects.remove(&secret("alice", SECRET))),
        |cluster| drop(cluster.objects.remove(&pod_default("bob", POD_DEFAULT))),
        |cluster| {
            cluster.objects.get_mut(&pod_default("bob", POD_DEFAULT)).unwrap()["spec"]["env"] =
                json!([]);
        },
        |cluster| {
            cluster.objects.get_mut(&secret("bob", SECRET)).unwrap()["metadata"]["labels"] =
                json!({});
        },
    ];
    for damage in damages {
        damage(&mut world.kubernetes.cluster());
        assert_eq!(world.settle(Event::hook("update-status")), "active");
        assert!(world.kubernetes.cluster().objects == before);
    }
    // What others add is theirs.
    world.kubernetes.cluster().objects.get_mut(&secret("bob", SECRET)).unwrap()["metadata"]["annotations"] =
        json!({"note": "mine"});
    world.kubernetes.asked();
    world.settle(Event::hook("update-status"));
    assert!(!world.kubernetes.asked().contains("APPLY"));
}

#[test]
fn who_edits_a_secret_of_ours_does_not_keep_us_from_putting_it_right() {
    let mut world = World::delivered();
    {
        let mut cluster = world.kubernetes.cluster();
        let found = cluster.objects.get_mut(&secret("alice", SECRET)).unwrap();
        found["data"]["feature_store.yaml"] = json!("eA==");
        found["metadata"]["managedFields"] = json!([{"manager": "kubectl-edit"}]);
    }
    assert_eq!(world.settle(Event::hook("update-status")), "active");
    assert!(file_in(&world.object(&secret("alice", SECRET))).contains("feast_project"));
}

#[test]
fn a_rotated_password_reaches_every_namespace_in_the_same_hook() {
    let mut world = World::delivered();
    let (.., user, _) = DATABASES[2];
    let new = password("rotated");
    let content = [("username", "relation_id_3"), ("password", new.as_str())];
    world.deployed.unit.state.secret_mut(user).unwrap().revise(&content);
    world.settle(Event::SecretChanged(user.to_owned()));
    for user in ["alice", "bob"] {
        assert!(file_in(&world.object(&secret(user, SECRET))).contains("rotated%20canary"));
    }
}

#[test]
fn other_names_replace_what_was_delivered_under_the_old_ones() {
    let mut world = World::delivered();
    world.choose("secret-name", "shop");
    world.choose("pod-default-name", "shop-access");
    let expected: Vec<String> = ["alice", "bob"]
        .iter()
        .flat_map(|user| {
            [format!("{user}/poddefaults/shop-access"), format!("{user}/secrets/shop")]
        })
        .collect();
    assert_eq!(world.there(), expected);
    let mounting = world.object(&pod_default("bob", "shop-access"));
    assert_eq!(mounting["spec"]["volumes"][0]["secret"]["secretName"], "shop");
}

#[test]
fn delivery_changes_from_one_way_to_the_other_and_back() {
    let mut world = World::of(by_secrets(), Cluster::of_users(&["alice"]));
    assert_eq!(world.settle(Event::hook("config-changed")), "active");
    assert!(world.there().is_empty());
    let by_dispatcher = world.deployed.told(SECRETS).clone();

    assert_eq!(world.choose("delivery", "direct"), "active");
    assert_eq!(world.there(), both(&["alice"]));
    for id in [SECRETS, POD_DEFAULTS] {
        assert_eq!(world.deployed.told(id)["kubernetes_manifests"], "[]");
    }
    assert_eq!(world.choose("delivery", "auto"), "active");
    assert!(world.there().is_empty());
    assert_eq!(world.deployed.told(SECRETS), &by_dispatcher);

    // The dispatcher goes, and comes again.
    for id in [SECRETS, POD_DEFAULTS] {
        world.settle(Event::RelationBroken(id));
        world.deployed.forget(id);
    }
    assert_eq!(world.deployed.status(), "active");
    assert_eq!(world.there(), both(&["alice"]));
    world.deployed.unit.state.relations.extend(
        by_secrets().relations.into_iter().filter(|it| [SECRETS, POD_DEFAULTS].contains(&it.id)),
    );
    assert_eq!(world.settle(Event::RelationCreated(SECRETS)), "active");
    assert!(world.there().is_empty());
}

#[test]
fn the_encoding_of_entity_keys_stays_what_was_delivered() {
    let mut world = World::delivered();
    let version = |world: &World| {
        let file = file_in(&world.object(&secret("alice", SECRET)));
        let line =
            file.lines().find_map(|line| line.strip_prefix("entity_key_serialization_version: "));
        line.unwrap().to_owned()
    };
    assert_eq!(version(&world), "2");
    let option = "entity-key-serialization-version";
    world.deployed.unit.state.config.insert(option.to_owned(), json!(3));
    world.settle(Event::hook("config-changed"));
    assert_eq!(version(&world), "3");
    world.deployed.unit.state.config.clear();
    world.settle(Event::hook("config-changed"));
    assert_eq!(version(&world), "3");
}

#[test]
fn a_configuration_can_be_kept_without_its_database() {
    let mut world = World::delivered();
    world.deployed.unit.state.config.insert("keep-last-configuration".to_owned(), json!(true));
    world.settle(Event::hook("config-changed"));
    let status = world.settle(Event::RelationBroken(REGISTRY));
    assert!(status.contains("(the last configuration is kept since 20"), "{status}");
    world.deployed.unit.state.relations.retain(|relation| relation.id != REGISTRY);
    // Most hooks do not look at the cluster.
    for event in [Event::RelationChanged(OFFLINE_STORE), Event::hook("update-status")] {
        assert_eq!(world.settle(event), status);
    }
    assert_eq!(world.there(), both(&["alice", "bob"]));
    // The end of the application is another matter.
    world.settle(Event::hook("remove"));
    assert!(world.there().is_empty());
}

#[test]
fn with_the_last_unit_goes_all_that_is_ours_and_nothing_else() {
    let mut world = World::delivered();
    let theirs = json!({"metadata": {"name": "other", "namespace": "alice", "labels": {
        "app.kubernetes.io/managed-by": "somebody", "app.kubernetes.io/instance": "feast-integrator",
    }}});
    world.kubernetes.cluster().objects.insert(secret("alice", "other"), theirs);
    // A unit that goes while others stay takes nothing along, nor does one that does not lead.
    let state = world.deployed.unit.state.clone();
    let before = world.kubernetes.cluster().objects.clone();
    for (leader, fellow, goes) in
        [(true, "active", false), (false, "dying", false), (true, "dying", true)]
    {
        world.deployed.unit.state = State {
            leader,
            goals: [("feast-integrator/0", "dying"), ("feast-integrator/1", fellow)]
                .map(|(unit, goal)| (unit.to_owned(), goal.to_owned()))
                .into(),
            ..state.clone()
        };
        for id in world.deployed.unit.state.relations.iter().map(|it| it.id).collect::<Vec<_>>() {
            world.kubernetes.cluster().objects = before.clone();
            world.settle(Event::RelationBroken(id));
            let database = DATABASES.iter().any(|(database, ..)| *database == id);
            assert_eq!(
                world.there().len(),
                if goes && database { 1 } else { 5 },
                "{id} {leader} {fellow}"
            );
        }
        world.kubernetes.cluster().objects = before.clone();
        world.settle(Event::hook("remove"));
        assert_eq!(world.there().len(), if goes { 1 } else { 5 });
    }
    assert_eq!(world.there(), ["alice/secrets/other"]);
    assert!(world.kubernetes.cluster().objects.contains_key(&namespace("alice")));
}

#[test]
fn a_juju_that_does_not_tell_who_stays_keeps_nothing_from_being_taken_back() {
    for event in [Event::RelationBroken(REGISTRY), Event::hook("remove")] {
        let mut world = World::delivered();
        let refusal = ("goal-state".to_owned(), "application not found".to_owned());
        world.deployed.unit.state.refusals = [refusal].into();
        world.settle(event);
        assert!(world.there().is_empty());
    }
}

#[test]
fn an_end_that_the_cluster_does_not_hear_of_is_logged_and_no_failure() {
    let mut world = World::delivered();
    world.kubernetes.cluster().failures = vec![tests::kubernetes::Failure {
        method: "GET".to_owned(),
        path: "/api/v1/secrets".to_owned(),
        status: 0,
    }];
    world.settle(Event::hook("remove"));
    let logged = world.deployed.unit.state.log.last().unwrap();
    assert_eq!(logged.level, "WARNING");
    assert_eq!(
        logged.message,
        "some objects were not taken back: waiting [delivery] list v1/Secret: the cluster does not answer"
    );
}

#[test]
fn the_log_names_what_was_done_in_how_many_namespaces() {
    let world = World::delivered();
    let logged: Vec<&str> =
        world.deployed.unit.state.log.iter().flat_map(|line| line.message.lines()).collect();
    for line in [
        "cluster: create Secret feature-store-yaml in 2 namespaces: alice, bob",
        "cluster: create PodDefault feast-integrator-access-feast in 2 namespaces: alice, bob",
    ] {
        assert!(logged.contains(&line), "{logged:?}");
    }
}

#[test]
fn a_list_of_namespaces_is_told_to_a_dispatcher_that_keeps_to_it() {
    let mut world = World::of(by_secrets(), Cluster::of_users(&["alice"]));
    world.settle(Event::hook("config-changed"));
    let before = world.deployed.told(SECRETS).clone();
    let refused = "blocked [config] namespaces cannot be told to a dispatcher: set dispatcher-pins-namespaces=true if it keeps to namespaces in manifests, or reset it";
    assert_eq!(world.choose("namespaces", "alice,bob"), refused);
    assert_eq!(world.deployed.told(SECRETS), &before);
    let pins = "dispatcher-pins-namespaces".to_owned();
    world.deployed.unit.state.config.insert(pins, json!(true));
    assert_eq!(world.choose("exclude-namespaces", "bob"), "active");
    for id in [SECRETS, POD_DEFAULTS] {
        let told: Value =
            serde_json::from_str(&world.deployed.told(id)["kubernetes_manifests"]).unwrap();
        assert_eq!(told.as_array().unwrap().len(), 1);
        assert_eq!(told[0]["metadata"]["namespace"], "alice");
    }
    world.deployed.unit.state.config.remove("namespaces");
    let refused = "blocked [config] exclude-namespaces cannot be told to a dispatcher: list namespaces instead, or reset it";
    assert_eq!(world.settle(Event::hook("config-changed")), refused);
}
