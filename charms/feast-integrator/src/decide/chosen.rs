//! What an operator's choices change, in worlds that are in order.

use charm::{
    ConfigValue, Databag, Observation, Relation, RelationId, SecretAnswer, Status, properties,
};

use super::tests::{everything, relation, settled};
use super::*;
use crate::inputs::{FEAST_CONFIGURATION, POD_DEFAULTS, REGISTRY, SECRETS};

fn choose(seen: &mut Observation, option: &str, value: &str) {
    let value = match value {
        "true" | "false" => ConfigValue::Boolean(value == "true"),
        _ => {
            value.parse().map_or_else(|_| ConfigValue::Text(value.to_owned()), ConfigValue::Integer)
        }
    };
    seen.config.insert(option.to_owned(), value);
}

/// The world after a hook.
fn after(seen: &Observation) -> Observation {
    seen.after(&properties::hook(decide, seen))
}

fn settled_with(option: &str, value: &str) -> Observation {
    let mut seen = settled();
    choose(&mut seen, option, value);
    after(&seen)
}

fn manifests(seen: &Observation) -> String {
    let bag = &seen.relations(SECRETS)[0].local;
    bag.get("kubernetes_manifests").unwrap_or_default().to_owned()
}

/// Puts `tls` and the authority `ca` into what the database of an endpoint says.
fn offer_tls(seen: &mut Observation, endpoint: &str, ca: &str) {
    relation(seen, endpoint).remote.insert("tls", "True");
    relation(seen, endpoint).remote.insert("tls-ca", ca);
}

const CA: &str = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----";

#[test]
fn a_mistake_in_an_option_leaves_everything_delivered_and_says_which() {
    let mut seen = settled();
    choose(&mut seen, "project", "a-b");
    seen.relations.remove(REGISTRY);
    let changes = decide(&seen).changes(&seen);
    assert_eq!(changes.len(), 1, "{changes:?}");
    assert!(decide(&seen).status.message().starts_with("[config] project is not "));
}

#[test]
fn the_encoding_of_entity_keys_stays_what_was_delivered() {
    let version = |seen: &Observation| {
        let text = manifests(&after(seen));
        ["2", "3"].into_iter().find(|n| text.contains(&format!("serialization_version: {n}\\n")))
    };
    assert_eq!(version(&everything()), Some("2"), "as the Python charms have it");
    let mut new = everything();
    let answers =
        DATABASES.map(|(endpoint, _)| std::mem::take(&mut relation(&mut new, endpoint).remote));
    let mut new = after(&new);
    for ((endpoint, _), answer) in DATABASES.iter().zip(answers) {
        relation(&mut new, endpoint).remote = answer;
    }
    assert_eq!(version(&new), Some("3"), "in a new deployment");
    let mut elsewhere = after(&new);
    for (endpoint, id) in [(SECRETS, 98), (POD_DEFAULTS, 99)] {
        *relation(&mut elsewhere, endpoint) =
            Relation { id: RelationId(id), ..Relation::default() };
    }
    assert_eq!(version(&elsewhere), Some("3"), "with another dispatcher");
    choose(&mut elsewhere, "entity-key-serialization-version", "2");
    let mut elsewhere = after(&elsewhere);
    elsewhere.config.clear();
    elsewhere.relations.remove(SECRETS);
    elsewhere.relations.insert(SECRETS.to_owned(), vec![Relation::default()]);
    assert_eq!(version(&elsewhere), Some("2"), "because it was chosen once");
    let mut seen = settled_with("entity-key-serialization-version", "3");
    assert_eq!(version(&seen), Some("3"), "by choice");
    seen.config.clear();
    assert_eq!(version(&seen), Some("3"), "because it was delivered");

    let registry = seen.relations.remove(REGISTRY).unwrap();
    let mut found = after(&seen);
    found.relations.insert(REGISTRY.to_owned(), registry);
    assert_eq!(version(&found), Some("3"), "after a withdrawal");
    choose(&mut found, "manifests-as-secret", "true");
    let mut found = after(&found);
    choose(&mut found, "manifests-as-secret", "false");
    assert_eq!(version(&found), Some("3"), "after a delivery by a Juju secret");
}

#[test]
fn with_tls_the_certificates_come_with_the_file() {
    let mut seen = settled();
    offer_tls(&mut seen, REGISTRY, CA);
    let seen = after(&seen);
    let text = manifests(&seen);
    assert!(
        text.contains(
            r#""ca.crt": "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n""#
        ),
        "{text}"
    );
    assert!(text.contains("sslmode=verify-full&sslrootcert=%2Ffeast%2Fca%2Ecrt"), "{text}");
    assert_eq!(text.matches("sslmode: prefer").count(), 2, "{text}");

    let content = &seen.owned_secrets["feast-configuration"].content;
    assert!(content["feature-store"].reveal().contains("sslrootcert=%2Fhome%2Fubuntu%2Fca%2Ecrt"));
    assert!(content["certificates"].reveal().starts_with("-----BEGIN"));
}

#[test]
fn a_database_without_tls_is_blocked_where_tls_is_required() {
    let seen = settled_with("tls", "required");
    let text = "[offline-store] The database does not offer TLS, which tls=required asks for: enable it there, or set tls=auto";
    assert_eq!(decide(&seen).status, Status::Blocked(text.to_owned()));
    assert_eq!(manifests(&seen), "[]");
    assert!(seen.relations(FEAST_CONFIGURATION)[0].local.is_empty());

    let mut seen = settled();
    for endpoint in DATABASES.map(|(endpoint, _)| endpoint) {
        offer_tls(&mut seen, endpoint, CA);
    }
    choose(&mut seen, "tls", "required");
    assert_eq!(decide(&seen).status, Status::active());
}

#[test]
fn an_sslmode_that_needs_an_authority_is_blocked_without_one() {
    let seen = settled_with("sslmode", "verify-ca");
    let status = decide(&seen).status;
    assert!(status.message().contains("offers no certificate authority, which sslmode asks for"));
}

#[test]
fn the_last_configuration_is_kept_where_the_operator_says_so_and_since_when() {
    let mut seen = settled();
    choose(&mut seen, "keep-last-configuration", "true");
    let before = (manifests(&seen), seen.relations(FEAST_CONFIGURATION)[0].local.clone());
    seen.relations.remove(REGISTRY);
    seen.now = 1_795_680_000;
    let mut seen = after(&seen);
    seen.now += 300;
    let seen = after(&seen);
    let after = (manifests(&seen), seen.relations(FEAST_CONFIGURATION)[0].local.clone());
    assert_eq!(before, after);
    insta::assert_snapshot!(
        decide(&seen).status.to_string(),
        @"blocked [registry] Please add the missing relation: registry (the last configuration is kept since 2026-11-26T08:00:00Z)"
    );
}

#[test]
fn the_note_that_a_configuration_is_kept_goes_with_its_reason() {
    let mut seen = settled();
    choose(&mut seen, "keep-last-configuration", "true");
    let registry = seen.relations.remove(REGISTRY).unwrap();
    let mut seen = after(&seen);
    assert!(seen.relations(SECRETS)[0].local.get("kept-since").is_some());
    seen.relations.insert(REGISTRY.to_owned(), registry);
    assert!(after(&seen).relations(SECRETS)[0].local.get("kept-since").is_none());
}

#[test]
fn manifests_go_through_a_juju_secret_and_back() {
    let plain = manifests(&settled());
    let mut seen = settled_with("manifests-as-secret", "true");
    let bag = &seen.relations(SECRETS)[0].local;
    assert_eq!(bag.get("is_secret"), Some("true"));
    let owned = &seen.owned_secrets["manifest.secrets.4"];
    assert_eq!(bag.get("kubernetes_manifests"), Some(owned.uri.as_str()));
    assert_eq!(owned.content["manifests"].reveal(), plain);
    assert_eq!(owned.granted.len(), 1);
    assert_eq!(decide(&seen).changes(&seen).len(), 1, "a second hook changes nothing");

    choose(&mut seen, "manifests-as-secret", "false");
    let lines: Vec<String> = decide(&seen).changes(&seen).iter().map(ToString::to_string).collect();
    assert!(lines[0].starts_with("relation-set -r 4 --app "), "{lines:?}");
    assert_eq!(lines[1], "secret-remove secret:manifest.secrets.4");
    assert_eq!(manifests(&after(&seen)), plain);
}

#[test]
fn the_configuration_goes_through_a_juju_secret_and_back() {
    let mut seen = settled_with("configuration-as-secret", "true");
    let relation = &seen.relations(FEAST_CONFIGURATION)[0];
    assert!(relation.local.is_empty());
    let owned = &seen.owned_secrets["feast-configuration"];
    assert_eq!(relation.local_unit, Databag::from([("secret-configuration", owned.uri.as_str())]));
    assert_eq!(owned.granted.len(), 1);
    assert_eq!(decide(&seen).changes(&seen).len(), 1, "a second hook changes nothing");

    choose(&mut seen, "configuration-as-secret", "false");
    let seen = after(&seen);
    let relation = &seen.relations(FEAST_CONFIGURATION)[0];
    assert_eq!(relation.local.iter().count(), 15);
    assert!(relation.local_unit.is_empty() && seen.owned_secrets.is_empty());
}

#[test]
fn the_databag_keeps_the_fifteen_keys_until_the_secret_can_be_announced() {
    let mut seen = settled();
    choose(&mut seen, "configuration-as-secret", "true");
    let halfway = seen.after(&decide(&seen).changes(&seen));
    assert_eq!(halfway.relations(FEAST_CONFIGURATION)[0].local.iter().count(), 15);
}

#[test]
fn what_the_fifteen_keys_cannot_say_goes_beside_them() {
    let seen = settled_with("project", "shop");
    let relation = &seen.relations(FEAST_CONFIGURATION)[0];
    assert_eq!(relation.local.iter().count(), 15);
    assert!(relation.local_unit.get("secret-configuration").is_some());
    let file = seen.owned_secrets["feast-configuration"].content["feature-store"].reveal();
    assert!(file.starts_with("project: \"shop\"\n"));
}

#[test]
fn what_juju_wrote_into_the_units_databag_stays() {
    let mut seen = settled();
    relation(&mut seen, FEAST_CONFIGURATION).local_unit.insert("ingress-address", "10.1.2.3");
    choose(&mut seen, "configuration-as-secret", "true");
    let seen = after(&seen);
    let told = &seen.relations(FEAST_CONFIGURATION)[0].local_unit;
    assert_eq!(told.get("ingress-address"), Some("10.1.2.3"));
}

#[test]
fn names_labels_and_paths_are_the_operators() {
    let mut seen = settled();
    for (option, value) in [
        ("secret-name", "shop-yaml"),
        ("pod-default-name", "shop"),
        ("pod-default-description", "Shop"),
        ("pod-label", "shop=yes"),
        ("mount-path", "/etc/shop"),
        ("connect-timeout", "3"),
    ] {
        choose(&mut seen, option, value);
    }
    let seen = after(&seen);
    insta::assert_snapshot!(
        seen.relations(POD_DEFAULTS)[0].local.get("kubernetes_manifests").unwrap(),
        @r#"[{"apiVersion": "kubeflow.org/v1alpha1", "kind": "PodDefault", "metadata": {"name": "shop"}, "spec": {"desc": "Shop", "env": [{"name": "FEAST_FS_YAML_FILE_PATH", "value": "/etc/shop/feature_store.yaml"}, {"name": "PGCONNECT_TIMEOUT", "value": "3"}], "selector": {"matchLabels": {"shop": "yes"}}, "volumeMounts": [{"mountPath": "/etc/shop", "name": "shop-yaml"}], "volumes": [{"name": "shop-yaml", "secret": {"secretName": "shop-yaml"}}]}}]"#
    );
    assert!(manifests(&seen).contains(r#""name": "shop-yaml""#));
}

#[test]
fn an_extra_configuration_that_cannot_be_read_keeps_what_was_delivered() {
    let mut seen = settled();
    choose(&mut seen, "extra-configuration", "secret:9m4e2mr0ui3e8a215n4g");
    seen.secrets.insert("secret:9m4e2mr0ui3e8a215n4g".to_owned(), SecretAnswer::Denied);
    assert_eq!(decide(&seen).changes(&seen).len(), 1);
}
