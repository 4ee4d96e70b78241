//! What each option takes, and what the operator is told where it does not fit.

use std::collections::BTreeMap;

use charm::{ConfigValue, SecretContent};
use serde_yaml::Value;

use super::*;

const CONFIG: &str = include_str!("../../../../metadata/feast-integrator/config.yaml");

fn with(values: &[(&str, ConfigValue)]) -> Observation {
    let config = values.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
    Observation {
        application: "feast-integrator".to_owned(),
        config: config.collect(),
        ..Observation::default()
    }
}

fn text(text: &str) -> ConfigValue {
    ConfigValue::Text(text.to_owned())
}

/// What the operator is told of one option.
fn told(name: &str, value: ConfigValue) -> String {
    let troubles = choices(&with(&[(name, value)])).unwrap_err();
    assert_eq!(troubles.len(), 1, "{troubles:?}");
    troubles[0].message().to_owned()
}

/// The defaults as `juju config` shows them.
fn defaults() -> BTreeMap<String, ConfigValue> {
    let config: Value = serde_yaml::from_str(CONFIG).unwrap();
    let options = config["options"].as_mapping().unwrap();
    options
        .iter()
        .map(|(name, option)| {
            let value = match &option["default"] {
                Value::String(text) => ConfigValue::Text(text.clone()),
                Value::Bool(flag) => ConfigValue::Boolean(*flag),
                Value::Number(number) => ConfigValue::Integer(number.as_i64().unwrap()),
                other => panic!("{name:?} has the default {other:?}"),
            };
            (name.as_str().unwrap().to_owned(), value)
        })
        .collect()
}

#[test]
fn the_defaults_are_those_of_the_code() {
    let seen = Observation { config: defaults(), ..Observation::default() };
    assert_eq!(choices(&seen), Ok(Choices::default()));
    assert_eq!(choices(&Observation::default()), Ok(Choices::default()));
}

#[test]
fn every_option_in_the_code_is_declared_with_its_type() {
    let wrong_type = |value: &ConfigValue| match value {
        ConfigValue::Boolean(_) => text("x"),
        _ => ConfigValue::Boolean(true),
    };
    for (name, value) in defaults() {
        assert!(told(&name, wrong_type(&value)).starts_with(&format!("[config] {name} is ")));
    }
}

#[test]
fn every_option_has_its_effect() {
    let seen = with(&[
        ("project", text("shop")),
        ("registry-cache-ttl", ConfigValue::Integer(0)),
        ("entity-key-serialization-version", ConfigValue::Integer(3)),
        ("secret-name", text("shop-yaml")),
        ("pod-default-name", text("shop.access")),
        ("pod-default-description", text("Shop")),
        ("pod-label", text("example.com/shop=yes")),
        ("mount-path", text("/etc/shop/")),
        ("tls", text("required")),
        ("sslmode", text("verify-ca")),
        ("pool-size", ConfigValue::Integer(25)),
        ("connect-timeout", ConfigValue::Integer(3)),
        ("extra-configuration", text("flags: {a: true}")),
        ("keep-last-configuration", ConfigValue::Boolean(true)),
        ("manifests-as-secret", ConfigValue::Boolean(true)),
        ("configuration-as-secret", ConfigValue::Boolean(true)),
        ("hook-commands", text("processes")),
        ("delivery", text("direct")),
        ("namespaces", text("bob, alice")),
        ("namespace-selector", text("team=shop, !old,beta!=yes")),
        ("exclude-namespaces", text("carol")),
        ("dispatcher-pins-namespaces", ConfigValue::Boolean(true)),
    ]);
    assert_eq!(seen.config.len(), defaults().len());
    let chosen = Choices {
        project: "shop".to_owned(),
        registry_cache_ttl: 0,
        entity_keys: Some(EntityKeys::Version3),
        secret_name: "shop-yaml".to_owned(),
        pod_default_name: Some("shop.access".to_owned()),
        pod_default_description: "Shop".to_owned(),
        pod_label: ("example.com/shop".to_owned(), "yes".to_owned()),
        mount_path: "/etc/shop".to_owned(),
        tls_required: true,
        sslmode: Some(SslMode::VerifyCa),
        pool_size: NonZeroU16::new(25),
        connect_timeout: NonZeroU16::new(3),
        extra: Extra::read("flags: {a: true}").unwrap(),
        keep_last_configuration: true,
        manifests_as_secret: true,
        configuration_as_secret: true,
        delivery: Delivery::Direct,
        namespaces: ["alice".to_owned(), "bob".to_owned()].into(),
        namespace_selector: "team=shop,!old,beta!=yes".to_owned(),
        excluded_namespaces: ["carol".to_owned()].into(),
        dispatcher_pins: true,
    };
    assert_eq!(choices(&seen), Ok(chosen));
}

#[test]
fn a_value_that_does_not_fit_is_refused_by_the_name_of_its_option() {
    for (name, value, expected) in [
        (
            "project",
            text("a-b"),
            "is not ASCII letters, digits and underscores, the first no underscore",
        ),
        ("registry-cache-ttl", ConfigValue::Integer(-1), "is not an integer from 0 to 2147483647"),
        ("entity-key-serialization-version", ConfigValue::Integer(1), "is none of 0, 2, 3"),
        ("secret-name", text("a.b"), "is not a name that Kubernetes takes"),
        ("pod-default-name", text("A"), "is not a name that Kubernetes takes"),
        ("pod-label", text("a=b=c"), "is not a label that Kubernetes takes, as <key>=<value>"),
        ("mount-path", text("feast"), "is not an absolute path of a folder below /"),
        ("mount-path", text("/"), "is not an absolute path of a folder below /"),
        ("mount-path", text("/a/../b"), "is not an absolute path of a folder below /"),
        ("mount-path", text("/a:b"), "is not an absolute path of a folder below /"),
        ("tls", text("on"), "is none of auto, required"),
        ("sslmode", text("off"), "is none of disable, prefer, require, verify-ca, verify-full"),
        ("hook-commands", text("sockets"), "is none of auto, processes"),
        ("pool-size", ConfigValue::Integer(-1), "is not an integer from 0 to 10000"),
        ("connect-timeout", ConfigValue::Integer(3601), "is not an integer from 0 to 3600"),
        (
            "extra-configuration",
            text("registry: {path: hunter2}"),
            "does not fit: registry.path cannot be set here",
        ),
    ] {
        assert_eq!(told(name, value), format!("[config] {name} {expected}"));
    }
}

#[test]
fn all_that_is_wrong_is_told() {
    let seen = with(&[("project", text("a-b")), ("tls", text("on"))]);
    assert_eq!(choices(&seen).unwrap_err().len(), 2);
}

#[test]
fn further_keys_may_be_in_a_secret() {
    const URI: &str = "secret:9m4e2mr0ui3e8a215n4g";
    let with_answer = |answer| {
        let mut seen = with(&[(EXTRA_CONFIGURATION, text(URI))]);
        seen.secrets.insert(URI.to_owned(), answer);
        choices(&seen)
    };
    let content = |values: &[(&str, &str)]| {
        let values = values.iter().map(|(key, value)| ((*key).to_owned(), (*value).into()));
        SecretAnswer::Content(values.collect::<SecretContent>())
    };
    let found = with_answer(content(&[("yaml", "flags: {a: true}")])).unwrap();
    assert_eq!(found.extra, Extra::read("flags: {a: true}").unwrap());
    let told = |answer| with_answer(answer).unwrap_err()[0].message().to_owned();
    let two = told(content(&[("one", ""), ("two", "")]));
    assert!(two.ends_with("names a secret that does not have exactly one key"), "{two}");
    for answer in [SecretAnswer::Denied, SecretAnswer::NotFound, SecretAnswer::NotAUri] {
        let denied = told(answer);
        assert!(denied.ends_with("run: juju grant-secret <secret> feast-integrator"), "{denied}");
    }
}
