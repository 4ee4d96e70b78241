//! Direct delivery in worlds of all kinds, as far as it is a decision.

use charm::{
    Cluster, ConfigValue, ObjectContent, ObjectId, Observation, Other, Owner, RelationEvent,
    RelationId, Sight, properties,
};
use proptest::prelude::*;
use proptest::sample::subsequence;
use serde_json::{Value, json};

use super::tests::{everything, holds};
use super::*;
use crate::inputs::{POD_DEFAULTS, REGISTRY, SECRETS};
use crate::notebooks::{pod_default_kind, secret_kind};

fn cluster(seen: &mut Observation) -> &mut Cluster {
    let Sight::Seen(cluster) = &mut seen.cluster else { panic!("a cluster") };
    cluster
}

fn content(value: Value) -> ObjectContent {
    let Value::Object(map) = value else { panic!("an object") };
    ObjectContent::of(map)
}

fn secret(namespace: &str, name: &str) -> ObjectId {
    ObjectId { kind: secret_kind(), name: name.to_owned(), namespace: namespace.to_owned() }
}

fn pod_default(namespace: &str, name: &str) -> ObjectId {
    ObjectId { kind: pod_default_kind(), name: name.to_owned(), namespace: namespace.to_owned() }
}

/// No dispatcher, three namespaces, and nothing in them.
fn trusted() -> Observation {
    let mut seen = everything();
    seen.relations.retain(|endpoint, _| endpoint != SECRETS && endpoint != POD_DEFAULTS);
    let namespaces = ["alice", "bob", "carol"].map(|name| (name.to_owned(), false)).into();
    seen.cluster = Sight::Seen(Cluster { namespaces, ..Cluster::default() });
    seen
}

fn delivered() -> Observation {
    let seen = trusted();
    seen.after(&properties::hook(decide, &seen))
}

fn lines(seen: &Observation) -> Vec<String> {
    decide(seen).changes(seen).iter().map(ToString::to_string).collect()
}

#[test]
fn secrets_come_before_what_mounts_them_and_go_after_it() {
    let made = lines(&trusted());
    let of = |what: &str| -> Vec<usize> {
        let found = made.iter().enumerate().filter(|(_, line)| line.contains(what));
        found.map(|(index, _)| index).collect()
    };
    let (secrets, pod_defaults) = (of("create Secret"), of("create PodDefault"));
    assert_eq!((secrets.len(), pod_defaults.len()), (3, 3));
    assert!(secrets.iter().max() < pod_defaults.iter().min(), "{made:?}");
    // The UI is told after that, and the operator in the end.
    assert!(made.last().unwrap().starts_with("status-set active"), "{made:?}");
    assert!(pod_defaults.iter().max() < of("relation-set -r 6").iter().min(), "{made:?}");

    let mut seen = delivered();
    seen.relations.remove(REGISTRY);
    let taken = lines(&seen);
    let deleted: Vec<&str> =
        taken.iter().filter_map(|line| line.strip_prefix("cluster: delete ")).collect();
    assert_eq!(deleted.len(), 6);
    assert!(deleted[..3].iter().all(|line| line.starts_with("PodDefault")), "{deleted:?}");
}

#[test]
fn a_second_hook_says_nothing_but_the_status() {
    assert_eq!(lines(&delivered()), ["status-set active"]);
}

#[test]
fn where_there_is_no_cluster_to_be_seen_nothing_changes_in_it() {
    for sight in [Sight::Unlooked, Sight::Untrusted, Sight::Failed(Status::Waiting("x".to_owned()))]
    {
        let seen = Observation { cluster: sight, ..trusted() };
        assert!(
            decide(&seen)
                .changes(&seen)
                .iter()
                .all(|change| !matches!(change, charm::Change::Object(_)))
        );
        assert_ne!(decide(&seen).status, Status::active());
    }
}

/// One thing that is so or otherwise.
type Turn = fn(&mut Observation);

const TURNS: [Turn; 18] = [
    |seen| seen.leader = false,
    |seen| drop(seen.relations.remove(REGISTRY)),
    |seen| {
        seen.relations.insert(SECRETS.to_owned(), everything().relations[SECRETS].clone());
    },
    |seen| {
        seen.relations
            .insert(POD_DEFAULTS.to_owned(), everything().relations[POD_DEFAULTS].clone());
    },
    |seen| choose(seen, "delivery", "direct"),
    |seen| choose(seen, "delivery", "dispatcher"),
    |seen| choose(seen, "namespaces", "alice,dave"),
    |seen| choose(seen, "exclude-namespaces", "bob"),
    |seen| choose(seen, "secret-name", "shop"),
    |seen| choose(seen, "pod-label", "shop=yes"),
    |seen| choose(seen, "project", "a-b"),
    |seen| {
        cluster(seen).namespaces.insert("bob".to_owned(), true);
    },
    |seen| {
        cluster(seen).namespaces.remove("carol");
    },
    |seen| {
        cluster(seen).unknown.insert(pod_default_kind());
    },
    |seen| drop(cluster(seen).objects.insert(secret("alice", "old"), content(json!({"data": {}})))),
    |seen| drop(cluster(seen).objects.remove(&secret("alice", "feature-store-yaml"))),
    |seen| {
        let owner = Owner::Managers(vec!["kubectl".to_owned()]);
        let other = Other { owner, content: ObjectContent::default() };
        cluster(seen).objects.remove(&secret("bob", "feature-store-yaml"));
        cluster(seen).others.insert(secret("bob", "feature-store-yaml"), other);
    },
    |seen| {
        let owner = Owner::Application { name: "feast-b".to_owned(), model: "m".to_owned() };
        let spec = json!({"spec": {"selector": {"matchLabels": {"access-feast": "true"}}}});
        let other = Other { owner, content: content(spec) };
        cluster(seen).others.insert(pod_default("carol", "feast-b-access-feast"), other);
    },
];

fn choose(seen: &mut Observation, option: &str, value: &str) {
    seen.config.insert(option.to_owned(), ConfigValue::Text(value.to_owned()));
}

fn any_world() -> impl Strategy<Value = Observation> {
    (any::<bool>(), subsequence(TURNS.to_vec(), 0..=4)).prop_map(|(fresh, turns)| {
        let mut seen = if fresh { trusted() } else { delivered() };
        for turn in turns {
            turn(&mut seen);
        }
        seen
    })
}

proptest! {
    #[test]
    fn a_second_run_changes_nothing(seen in any_world()) {
        holds(properties::a_second_run_changes_nothing(decide, &seen))?;
    }

    #[test]
    fn what_is_planned_is_what_is_there(seen in any_world()) {
        holds(properties::what_is_planned_is_what_is_published(decide, &seen))?;
    }

    #[test]
    fn a_hook_that_dies_anywhere_is_finished_by_the_next(seen in any_world()) {
        holds(properties::a_hook_that_dies_anywhere_is_finished_by_the_next(decide, &seen))?;
    }

    #[test]
    fn nothing_printable_carries_a_password(seen in any_world()) {
        holds(properties::nothing_printable_carries_a_password(decide, &seen, &["p@ss", "p%40ss", "cEBzcw"]))?;
    }

    #[test]
    fn nothing_is_made_where_somebody_else_has_something(seen in any_world()) {
        let others = cluster(&mut seen.clone()).others.clone();
        for change in decide(&seen).changes(&seen) {
            if let charm::Change::Object(change) = change {
                prop_assert!(!others.contains_key(change.id()), "{change}");
            }
        }
    }
}

#[test]
fn since_when_a_configuration_is_kept_is_told_by_who_was_there() {
    let mut seen = delivered();
    seen.config.insert("keep-last-configuration".to_owned(), ConfigValue::Boolean(true));
    seen.status = Some(Status::active());
    seen.relations.remove(REGISTRY);
    let told = |seen: &Observation| decide(seen).status.message().to_owned();
    let kept =
        "[registry] Please add the missing relation: registry (the last configuration is kept";
    assert_eq!(told(&seen), format!("{kept})"));

    seen.dispatch.relation = Some(RelationEvent {
        id: RelationId(3),
        endpoint: REGISTRY.to_owned(),
        application: None,
        unit: None,
        breaking: true,
    });
    seen.now = 1_795_680_000;
    let since = format!("{kept} since 2026-11-26T08:00:00Z)");
    assert_eq!(told(&seen), since);

    let mut seen = seen.after(&properties::hook(decide, &seen));
    seen.dispatch.relation = None;
    seen.now += 300;
    assert_eq!(told(&seen), since);
    assert!(decide(&seen).objects.is_none());
    let cluster = std::mem::replace(&mut seen.cluster, Sight::Unlooked);
    assert_eq!(told(&seen), since);
    // Somebody has deleted all of it.
    seen.cluster =
        Sight::Seen(Cluster { objects: [].into(), ..cluster.cluster().unwrap().clone() });
    assert_eq!(told(&seen), "[registry] Please add the missing relation: registry");

    // A mistake in an option in between does not make one forget.
    seen.cluster = cluster;
    seen.config.insert("project".to_owned(), ConfigValue::Text("a-b".to_owned()));
    let mut seen = seen.after(&properties::hook(decide, &seen));
    let mistake = told(&seen);
    assert!(mistake.starts_with("[config] project "), "{mistake}");
    assert!(
        mistake.ends_with("(the last configuration is kept since 2026-11-26T08:00:00Z)"),
        "{mistake}"
    );
    seen.config.remove("project");
    assert_eq!(told(&seen), since);
}
