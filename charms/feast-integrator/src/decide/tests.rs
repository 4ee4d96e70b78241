//! What exactly happens, for worlds that are in order but for one thing.

use charm::{
    ConfigValue, Databag, Endpoint, Observation, OwnedSecret, Relation, RelationId, Secret,
    SecretAnswer, SecretContent, properties,
};
use proptest::prelude::*;
use proptest::sample::subsequence;
use proptest::test_runner::TestCaseError;

use super::*;
use crate::inputs::{
    ENDPOINTS, FEAST_CONFIGURATION, OFFLINE_STORE, ONLINE_STORE, POD_DEFAULTS, REGISTRY, SECRETS,
};

const PASSWORD: &str = "p@ss w/$HOME{{7*7}}:%41\"'\\";

/// A world in which nothing is wrong, before anything was published.
pub(crate) fn everything() -> Observation {
    let mut seen = Observation {
        application: "feast-integrator".to_owned(),
        unit: "feast-integrator/0".to_owned(),
        model: "kubeflow".to_owned(),
        leader: true,
        ..Observation::default()
    };
    for (id, Endpoint { name, .. }) in (1..).zip(ENDPOINTS) {
        let mut relation = Relation {
            id: RelationId(id),
            application: format!("remote-{name}"),
            ..Relation::default()
        };
        if let Some((_, database)) = DATABASES.iter().find(|(endpoint, _)| *endpoint == name) {
            let uri = format!("secret:{name}");
            relation.remote = Databag::from([
                ("database", (*database).to_owned()),
                ("endpoints", format!("{name}-primary.kubeflow.svc.cluster.local:5432")),
                ("secret-user", uri.clone()),
            ]);
            let content = SecretContent::from([
                ("username".to_owned(), Secret::new(format!("relation_id_{id}"))),
                ("password".to_owned(), Secret::new(PASSWORD)),
            ]);
            seen.secrets.insert(uri, SecretAnswer::Content(content));
        }
        seen.relations.insert(name.to_owned(), vec![relation]);
    }
    seen
}

/// The same once all was published.
pub(crate) fn settled() -> Observation {
    let seen = everything();
    seen.after(&decide(&seen).changes(&seen))
}

fn lines(seen: &Observation) -> String {
    decide(seen).changes(seen).iter().map(|change| format!("{change}\n")).collect()
}

pub(crate) fn relation<'a>(seen: &'a mut Observation, endpoint: &str) -> &'a mut Relation {
    &mut seen.relations.get_mut(endpoint).unwrap()[0]
}

#[test]
fn related_to_everything_it_publishes_everything() {
    insta::assert_snapshot!(lines(&everything()));
}

#[test]
fn a_second_hook_says_nothing_but_the_status() {
    assert_eq!(lines(&settled()), "status-set active\n");
}

#[test]
fn the_manifests_are_those_that_notebooks_know() {
    let seen = settled();
    insta::assert_snapshot!(
        "secret",
        seen.relations(SECRETS)[0].local.get("kubernetes_manifests").unwrap()
    );
    insta::assert_snapshot!(
        "pod_default",
        seen.relations(POD_DEFAULTS)[0].local.get("kubernetes_manifests").unwrap()
    );
}

#[test]
fn manifests_that_another_charm_wrote_in_other_words_are_not_written_again() {
    let mut seen = settled();
    for endpoint in [SECRETS, POD_DEFAULTS] {
        let bag = &mut relation(&mut seen, endpoint).local;
        let other = bag.get("kubernetes_manifests").unwrap().replace("\": ", "\":");
        bag.insert("kubernetes_manifests", other);
    }
    assert_ne!(seen, settled());
    assert_eq!(lines(&seen), "status-set active\n");
}

#[test]
fn a_unit_that_does_not_lead_waits() {
    let seen = Observation { leader: false, ..everything() };
    assert_eq!(lines(&seen), "status-set waiting [leadership-gate] Waiting for leadership\n");
}

#[test]
fn a_database_that_is_gone_takes_everything_with_it() {
    let mut seen = settled();
    seen.relations.remove(REGISTRY);
    insta::assert_snapshot!(lines(&seen));
    let after = seen.after(&decide(&seen).changes(&seen));
    assert_eq!(after.relations(SECRETS)[0].local, Databag::from([("kubernetes_manifests", "[]")]));
    assert!(after.relations(FEAST_CONFIGURATION)[0].local.is_empty());
}

#[test]
fn a_database_that_was_never_there_publishes_and_withdraws_nothing() {
    let mut seen = everything();
    seen.relations.remove(ONLINE_STORE);
    insta::assert_snapshot!(lines(&seen));
}

#[test]
fn a_database_that_has_not_answered_is_waited_for() {
    let damages: [Damage; 4] = [
        |seen| relation(seen, REGISTRY).remote = Databag::new(),
        |seen| relation(seen, REGISTRY).remote.insert("endpoints", ""),
        |seen| answer(seen, REGISTRY, SecretAnswer::Denied),
        |seen| answer(seen, REGISTRY, SecretAnswer::NotFound),
    ];
    for damage in damages {
        let mut seen = settled();
        damage(&mut seen);
        assert_eq!(
            lines(&seen),
            "status-set waiting [registry] Waiting for registry relation data\n"
        );
    }
}

#[test]
fn data_that_makes_no_sense_blocks_and_withdraws_nothing() {
    for (key, value, field) in [
        ("endpoints", "pg:notaport", "endpoints has no host"),
        ("secret-user", "garbage", "secret-user is not the URI of a secret"),
        ("database", "a\0b", "database has a NUL"),
    ] {
        let mut seen = settled();
        relation(&mut seen, OFFLINE_STORE).remote.insert(key, value);
        if key == "secret-user" {
            seen.secrets.insert(value.to_owned(), SecretAnswer::NotAUri);
        }
        let lines = lines(&seen);
        let start = format!(
            "status-set blocked [offline-store] Invalid relation data from remote-offline-store: {field}"
        );
        assert!(lines.starts_with(&start), "{lines}");
    }
}

#[test]
fn two_databases_on_one_endpoint_are_named() {
    let mut seen = settled();
    let second =
        Relation { id: RelationId(99), application: "other".to_owned(), ..Relation::default() };
    seen.relations.get_mut(REGISTRY).unwrap().push(second);
    insta::assert_snapshot!(lines(&seen), @r"
    relation-set -r 99 --app database=<8 bytes> provided-secrets=<13 bytes> requested-secrets=<67 bytes>
    status-set blocked [registry] Too many relations: keep one of remote-registry, other and remove the others
    ");
}

#[test]
fn stores_that_share_a_database_are_named_and_served() {
    let mut seen = settled();
    let shared = relation(&mut seen, REGISTRY).remote.clone();
    relation(&mut seen, ONLINE_STORE).remote = shared;
    insta::assert_snapshot!(decide(&seen).status.to_string(), @"active online-store, registry share the database registry");
    let after = seen.after(&decide(&seen).changes(&seen));
    let bag = &after.relations(FEAST_CONFIGURATION)[0].local;
    assert_eq!(bag.get("online_store_database"), bag.get("registry_database"));
}

#[test]
fn without_a_dispatcher_of_secrets_no_pod_is_told_to_mount_one() {
    let mut seen = settled();
    seen.relations.remove(SECRETS);
    insta::assert_snapshot!(lines(&seen), @r"
    relation-set -r 5 --app kubernetes_manifests=<2 bytes>
    status-set blocked [secrets] Please add the missing relation: secrets
    ");
}

#[test]
fn without_a_dispatcher_of_pod_defaults_the_secret_is_still_delivered() {
    let mut seen = everything();
    seen.relations.remove(POD_DEFAULTS);
    let lines = lines(&seen);
    assert!(lines.contains("relation-set -r 4 --app kubernetes_manifests="), "{lines}");
    assert!(
        lines.ends_with(
            "status-set blocked [pod-defaults] Please add the missing relation: pod-defaults\n"
        ),
        "{lines}"
    );
}

#[test]
fn without_a_ui_all_is_well() {
    let mut seen = settled();
    seen.relations.remove(FEAST_CONFIGURATION);
    assert_eq!(lines(&seen), "status-set active\n");
}

#[test]
fn a_stale_key_in_the_configuration_is_removed() {
    let mut seen = settled();
    relation(&mut seen, FEAST_CONFIGURATION).local.insert("sixteenth", "x");
    assert_eq!(lines(&seen), "relation-set -r 6 --app sixteenth=\nstatus-set active\n");
}

#[test]
fn what_an_earlier_charm_published_in_part_is_withdrawn_while_a_database_is_late() {
    let mut seen = settled();
    relation(&mut seen, REGISTRY).remote = Databag::new();
    relation(&mut seen, FEAST_CONFIGURATION).local.insert("registry_password", "");
    let after = seen.after(&decide(&seen).changes(&seen));
    assert!(after.relations(FEAST_CONFIGURATION)[0].local.is_empty());
}

#[test]
fn a_rotated_password_reaches_everybody_in_the_same_hook() {
    let mut seen = settled();
    if let Some(SecretAnswer::Content(content)) = seen.secrets.get_mut("secret:registry") {
        content.insert("password".to_owned(), Secret::new("rotated"));
    }
    let changes = decide(&seen).changes(&seen);
    let after = seen.after(&changes);
    assert!(
        after.relations(SECRETS)[0].local.get("kubernetes_manifests").unwrap().contains("rotated")
    );
    assert_eq!(
        after.relations(FEAST_CONFIGURATION)[0].local.get("registry_password"),
        Some("rotated")
    );
    assert_eq!(changes.len(), 3, "{changes:?}");
}

#[test]
fn endpoints_in_the_metadata_are_those_of_the_charm() {
    let metadata = include_str!("../../../../metadata/feast-integrator/metadata.yaml");
    let metadata: serde_yaml::Value = serde_yaml::from_str(metadata).unwrap();
    let mut declared: Vec<&str> = ["provides", "requires"]
        .iter()
        .filter_map(|role| metadata.get(role)?.as_mapping())
        .flat_map(|endpoints| endpoints.keys().filter_map(|name| name.as_str()))
        .collect();
    let mut ours = ENDPOINTS.map(|endpoint| endpoint.name);
    declared.sort_unstable();
    ours.sort_unstable();
    assert_eq!(declared, ours);
}

/// One thing that is wrong with a world.
type Damage = fn(&mut Observation);

const DAMAGES: [Damage; 23] = [
    |seen| seen.leader = false,
    |seen| lose(seen, REGISTRY),
    |seen| lose(seen, OFFLINE_STORE),
    |seen| lose(seen, SECRETS),
    |seen| lose(seen, POD_DEFAULTS),
    |seen| lose(seen, FEAST_CONFIGURATION),
    |seen| answer(seen, REGISTRY, SecretAnswer::Denied),
    |seen| answer(seen, ONLINE_STORE, SecretAnswer::NotAUri),
    |seen| each(seen, |relation| relation.remote = Databag::new()),
    |seen| each(seen, |relation| relation.local = Databag::new()),
    |seen| each(seen, |relation| relation.local.insert("stale", "x")),
    |seen| each(seen, |relation| relation.local.insert("registry_password", "")),
    |seen| each(seen, |relation| relation.remote.insert("endpoints", "[::1]:1,b")),
    |seen| each(seen, |relation| relation.remote.insert("endpoints", ":")),
    |seen| each(seen, |relation| relation.remote.insert("tls", "True")),
    |seen| each(seen, |relation| relation.remote.insert("database", "a\nb")),
    |seen| {
        let more =
            Relation { id: RelationId(77), application: "x".to_owned(), ..Relation::default() };
        seen.relations.entry(REGISTRY.to_owned()).or_default().push(more);
    },
    |seen| switch_on(seen, "keep-last-configuration"),
    |seen| switch_on(seen, "manifests-as-secret"),
    |seen| switch_on(seen, "configuration-as-secret"),
    |seen| {
        seen.config.insert("tls".to_owned(), ConfigValue::Text("required".to_owned()));
    },
    |seen| {
        seen.config.insert("project".to_owned(), ConfigValue::Text("a-b".to_owned()));
    },
    |seen| {
        let owned = OwnedSecret { uri: "secret:stale".to_owned(), ..OwnedSecret::default() };
        seen.owned_secrets.insert("manifest.secrets.99".to_owned(), owned);
    },
];

fn switch_on(seen: &mut Observation, option: &str) {
    seen.config.insert(option.to_owned(), ConfigValue::Boolean(true));
}

fn lose(seen: &mut Observation, endpoint: &str) {
    seen.relations.remove(endpoint);
}

fn answer(seen: &mut Observation, endpoint: &str, answer: SecretAnswer) {
    seen.secrets.insert(format!("secret:{endpoint}"), answer);
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
pub(crate) fn holds(property: Result<(), String>) -> Result<(), TestCaseError> {
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

    #[test]
    fn the_configuration_is_published_whole_or_not_at_all(seen in any_observation()) {
        let after = seen.after(&decide(&seen).changes(&seen));
        for relation in after.relations(FEAST_CONFIGURATION).iter().filter(|_| seen.leader) {
            let keys = relation.local.iter().count();
            prop_assert!(keys == 0 || keys == 15, "{keys}");
        }
    }
}
