//! `kubernetes_manifest`: what is made in every namespace of users, through the resource dispatcher.

use juju_sim::Relation;
use serde_json::{Value, json};

use super::is_without_a_database;
use crate::always::always;
use crate::case::{Hook, INTEGRATOR};

const KEY: &str = "kubernetes_manifests";
const ENDPOINTS: [&str; 2] = ["secrets", "pod-defaults"];

/// Each relation to a dispatcher before and after.
fn dispatchers(hook: &Hook) -> impl Iterator<Item = (&Relation, &Relation)> {
    ENDPOINTS.into_iter().flat_map(|endpoint| hook.live(endpoint))
}

/// The same where something was published just now.
fn published(hook: &Hook) -> impl Iterator<Item = &Relation> {
    let changed =
        |(before, after): &(&Relation, &Relation)| before.local_app_data != after.local_app_data;
    dispatchers(hook).filter(changed).map(|(_, after)| after)
}

/// The objects that a dispatcher is handed; none if there is nothing to be read.
fn objects(relation: &Relation) -> Vec<Value> {
    super::json(&relation.local_app_data, KEY).as_array().cloned().unwrap_or_default()
}

#[test]
fn manifests_are_an_array_of_named_objects_without_a_namespace() {
    let python = always(INTEGRATOR, |hook, found| {
        for relation in published(hook) {
            let keys: Vec<&String> = relation.local_app_data.keys().collect();
            found.same(&keys, &vec![&KEY.to_owned()], "the list of keys");
            found.must(super::json(&relation.local_app_data, KEY).is_array(), "no array");
            for object in objects(relation) {
                let name = object["metadata"]["name"].as_str().unwrap_or_default();
                found.must(!name.is_empty(), "an object without a name");
                found.must(
                    object["metadata"]["namespace"].is_null(),
                    format!("{name} has a namespace"),
                );
            }
        }
    });
    assert_eq!(python, 0);
}

#[test]
fn manifests_are_handed_over_in_plain() {
    let python = always(INTEGRATOR, |hook, found| {
        for relation in published(hook) {
            found.must(!relation.local_app_data.contains_key("is_secret"), "is_secret is there");
            let text = relation.local_app_data.get(KEY).cloned().unwrap_or_default();
            found.must(text.starts_with('['), format!("{KEY} is no array"));
        }
    });
    assert_eq!(python, 0);
}

#[test]
fn notebooks_find_what_they_know_by_name() {
    let python = always(INTEGRATOR, |hook, found| {
        for relation in published(hook) {
            for object in objects(relation) {
                if relation.endpoint == "secrets" {
                    found.same(
                        &object["metadata"]["name"],
                        &json!("feature-store-yaml"),
                        "the Secret's name",
                    );
                    found.must(
                        object["stringData"]["feature_store.yaml"].is_string(),
                        "no feature_store.yaml",
                    );
                    continue;
                }
                let name = format!("{}-access-feast", hook.after.application());
                found.same(&object["metadata"]["name"], &json!(name), "the PodDefault's name");
                let spec = &object["spec"];
                found.same(
                    &spec["selector"]["matchLabels"],
                    &json!({"access-feast": "true"}),
                    "the label",
                );
                let variable = json!([{"name": "FEAST_FS_YAML_FILE_PATH", "value": "/feast/feature_store.yaml"}]);
                found.same(&spec["env"], &variable, "the environment");
                let mount = json!([{"mountPath": "/feast", "name": "feature-store-yaml"}]);
                found.same(&spec["volumeMounts"], &mount, "the mount");
                let volume = json!([{"name": "feature-store-yaml", "secret": {"secretName": "feature-store-yaml"}}]);
                found.same(&spec["volumes"], &volume, "the volume");
            }
        }
    });
    assert_eq!(python, 0);
}

#[test]
fn a_lost_database_takes_the_secret_and_the_pod_default_back_in_one_hook() {
    let python = always(INTEGRATOR, |hook, found| {
        if hook.speaks() && is_without_a_database(hook) {
            for (_, after) in dispatchers(hook) {
                let text = after.local_app_data.get(KEY).map(String::as_str);
                let names: Vec<&String> = after.local_app_data.keys().collect();
                let nothing = matches!(text, None | Some("[]")) && names.len() < 2;
                found.must(nothing, format!("{} still has {names:?}", after.endpoint));
            }
        }
    });
    assert_eq!(python, 1);
}

#[test]
fn a_pod_default_is_handed_over_only_together_with_the_secret_that_it_mounts() {
    let python = always(INTEGRATOR, |hook, found| {
        let mounted = published(hook)
            .any(|relation| relation.endpoint == "pod-defaults" && !objects(relation).is_empty());
        if mounted {
            let secret = hook.live("secrets").any(|(_, after)| !objects(after).is_empty());
            found.must(secret, "there is no Secret to mount");
        }
    });
    assert_eq!(python, 1);
}
