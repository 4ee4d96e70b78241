//! What the Python charms read of what they find after a downgrade, and what they can do with it.

use std::collections::{BTreeMap, BTreeSet};

use juju_sim::{Bag, Relation, State};
use serde_json::Value;
use tests::kubernetes::{self, Cluster};
use tests::pebble::Container;

const DATABASES: [&str; 3] = ["offline-store", "online-store", "registry"];

/// What a Python charm would choke on in what ours leaves behind; nothing in a world in order.
pub(crate) fn choked(
    charm: &str,
    state: &State,
    container: Option<&Container>,
    cluster: Option<&Cluster>,
) -> Vec<String> {
    let mut found = Vec::new();
    for relation in &state.relations {
        let name = format!("{}:{}", relation.endpoint, relation.id);
        let on = |endpoint: &str| relation.endpoint == endpoint;
        let mut troubles = Vec::new();
        if DATABASES.into_iter().any(on) {
            troubles.extend([notes(relation), secret_fields(relation)]);
        }
        if on("feast-configuration") && charm == "feast-integrator" {
            troubles.push(configuration(&relation.local_app_data));
        }
        if on("ingress") {
            troubles.push(own_route(relation));
        }
        let troubles = troubles.into_iter().filter_map(Result::err);
        found.extend(troubles.map(|trouble| format!("{name}: {trouble}")));
    }
    found.extend(labels(state).err());
    found.extend(container.and_then(|container| services(container).err()));
    found.extend(cluster.and_then(|cluster| record(state, cluster).err()));
    found
}

/// The database library parses `data`, `requested-secrets` and `provided-secrets` of its own unit's databag in every
/// hook of the relation; what is no JSON fails the hook, and so does `data` that is not a dictionary.
fn notes(relation: &Relation) -> Result<(), String> {
    for (key, is_right) in [
        ("data", Value::is_object as fn(&Value) -> bool),
        ("requested-secrets", Value::is_array),
        ("provided-secrets", Value::is_array),
    ] {
        let text = relation.local_unit_data.get(key);
        let value = text.map(|text| serde_json::from_str(text)).transpose();
        if !value.is_ok_and(|value: Option<Value>| value.as_ref().is_none_or(is_right)) {
            return Err(format!("{key} of the unit is not what the library makes of it"));
        }
    }
    Ok(())
}

/// The database library takes the credentials out of the provider's databag and no longer out of secrets as soon as our
/// application's databag has a key that is called like one of them.
fn secret_fields(relation: &Relation) -> Result<(), String> {
    let secret = ["username", "password", "tls", "tls-ca", "uris", "read-only-uris"];
    match relation.local_app_data.keys().find(|key| secret.contains(&key.as_str())) {
        None => Ok(()),
        Some(key) => Err(format!("{key} in our databag turns secrets off")),
    }
}

/// The UI makes a dataclass of the whole databag in its constructor: a missing or a sixteenth key is a `TypeError` that
/// fails every hook, and a port that Python's `int` does not read is a blocked status. The integrator adds its fifteen
/// keys to what it finds, and never takes another away.
fn configuration(bag: &Bag) -> Result<(), String> {
    let stores = ["registry", "offline_store", "online_store"];
    let keys: BTreeSet<String> = stores
        .iter()
        .flat_map(|store| {
            ["user", "password", "host", "port", "database"].map(|key| format!("{store}_{key}"))
        })
        .collect();
    if bag.is_empty() {
        return Ok(());
    }
    if !bag.keys().eq(&keys) {
        return Err(format!("TypeError for the keys {:?}", bag.keys()));
    }
    let ports = stores.iter().map(|store| &bag[&format!("{store}_port")]);
    let bad = ports.filter(|port| port.parse::<u16>().is_err()).collect::<Vec<_>>();
    if bad.is_empty() { Ok(()) } else { Err(format!("int() of {bad:?}")) }
}

/// The library of serialized-data-interface parses what it finds on its own side too: versions as a YAML list, `data` as
/// YAML by the schema of the version, in the databags of the application and of units. The Python charm is then blocked
/// with `Caught unknown error`.
fn own_route(relation: &Relation) -> Result<(), String> {
    if relation.local_unit_data.contains_key("data") {
        return Err("the unit has data".to_owned());
    }
    let yaml = |key: &str| -> Result<Value, String> {
        let text = relation.local_app_data.get(key).map_or("", String::as_str);
        serde_yaml::from_str(text).map_err(|error| format!("{key}: {error}"))
    };
    let (versions, data) = (yaml("_supported_versions")?, yaml("data")?);
    if !versions.is_null() && versions != serde_json::json!(["v1"]) {
        return Err(format!("versions {versions}"));
    }
    let is_right = data["port"].is_u64()
        && ["service", "prefix"].iter().all(|key| data[key].is_string())
        && data["rewrite"].as_str().is_some_and(|rewrite| rewrite == "/");
    if data.is_null() || is_right { Ok(()) } else { Err(format!("data {data}")) }
}

/// The database library looks for a secret by its label before it looks at the URI in the databag. A label of another
/// secret would give it that one's content for ever.
fn labels(state: &State) -> Result<(), String> {
    for relation in &state.relations {
        for (key, uri) in &relation.remote_app_data {
            let Some(group) = key.strip_prefix("secret-") else { continue };
            if !DATABASES.contains(&relation.endpoint.as_str()) {
                continue;
            }
            let label = format!("{}.{}.{group}.secret", relation.endpoint, relation.id);
            let labelled =
                |secret: &&juju_sim::Secret| secret.consumer_label.as_ref() == Some(&label);
            if let Some(secret) = state.secrets.iter().find(labelled)
                && !secret.is(uri)
            {
                return Err(format!("the label {label} is not that of {uri}"));
            }
        }
    }
    Ok(())
}

/// The Python charm adds its layer under the label `feast-ui`, and replans if the services of the plan are then not those
/// of its layer; a service of another name that stands still keeps it waiting.
fn services(container: &Container) -> Result<(), String> {
    let with_service =
        |(_, layer): &&(String, Value)| layer.pointer("/services/feast-ui").is_some();
    let last = container.layers.iter().rfind(with_service);
    if last.is_some_and(|(label, _)| label != "feast-ui") {
        return Err(format!("{last:?} is above the layer feast-ui"));
    }
    Ok(())
}

/// The mesh library reads from a `ConfigMap` which labels it has set, as a JSON object of texts, and takes those back that
/// it is no longer told to set. What is no JSON fails the hook.
fn record(state: &State, cluster: &Cluster) -> Result<(), String> {
    let path = kubernetes::record(state.application(), &state.model.name);
    let Some(record) = cluster.objects.get(&path) else { return Ok(()) };
    let labels = record["data"]["labels"].as_str().map(serde_json::from_str);
    match labels {
        Some(Ok(BTreeMap::<String, String> { .. })) => Ok(()),
        _ => Err(format!("the record of labels is {record}")),
    }
}
