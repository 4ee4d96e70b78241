//! A whole outcome as fields that can be compared one by one.

use std::collections::{BTreeMap, BTreeSet};

use charm::{File, checksum};
use juju_sim::{Bag, Outcome, Owner, Relation, State, Status};
use serde_json::{Map, Value, json};
use tests::pebble::Container;
use tests::recorded::{Output, RecordedContainer, Situation, ports};

use crate::labels;

/// Fields by name. The parts of a name are separated by `/`; a databag is named by its endpoint and its number.
pub(crate) type Fields = BTreeMap<String, Value>;

/// What the Python charm left behind. Juju drops the changes of a hook that failed; the cluster does not.
pub(crate) fn recorded(situation: &Situation) -> Fields {
    let mut fields = Fields::new();
    if let Some(output) = &situation.output {
        let Output {
            unit_status,
            app_status,
            opened_ports,
            relations,
            secrets,
            containers,
            workload_version,
            kubernetes_requests: _,
        } = output;
        fields.insert("hook".to_owned(), json!("ok"));
        common(&mut fields, unit_status, app_status, &ports(opened_ports), workload_version);
        databags(&mut fields, relations);
        for secret in secrets {
            secret_fields(
                &mut fields,
                &secret.id,
                secret.label.as_deref(),
                &secret.tracked_content,
            );
        }
        for container in containers {
            recorded_container(&mut fields, container);
        }
    } else {
        fields = before(situation);
        fields.retain(|name, _| !labels::is_in_the_cluster(name));
        fields.insert("hook".to_owned(), json!("failed"));
    }
    fields.extend(situation.cluster_left().iter().flat_map(labels::fields));
    fields
}

/// What was there before the hook.
pub(crate) fn before(situation: &Situation) -> Fields {
    let mut fields = Fields::new();
    let input = &situation.input;
    let unknown = Status::default();
    common(&mut fields, &unknown, &unknown, &ports(&input.opened_ports), "");
    databags(&mut fields, &input.relations);
    for secret in &input.secrets {
        secret_fields(&mut fields, &secret.id, secret.label.as_deref(), &secret.tracked_content);
    }
    for recorded in &input.containers {
        let plan = input.container().unwrap_or_default().plan();
        recorded_container(&mut fields, &RecordedContainer { plan, ..recorded.clone() });
    }
    fields.extend(input.cluster().iter().flat_map(labels::fields));
    fields
}

/// What the charm of this repository left behind.
pub(crate) fn ours(outcome: &Outcome, state: &State, container: Option<&Container>) -> Fields {
    let mut fields = Fields::new();
    let hook = if outcome.success() { "ok" } else { "failed" };
    fields.insert("hook".to_owned(), json!(hook));
    let (unit, app) = (&state.unit_status, &state.app_status);
    common(&mut fields, unit, app, &state.opened_ports, &state.workload_version);
    databags(&mut fields, &state.relations);
    for secret in state.secrets.iter().filter(|secret| secret.owner == Owner::Application) {
        let name = format!("own secret:{}", secret.label);
        let text =
            fields.values_mut().filter(|value| **value == json!(format!("secret:{}", secret.id)));
        text.for_each(|value| *value = json!(name));
        for (key, value) in secret.newest().into_iter().flatten() {
            let value = if key == "feature-store" { feature_store(value) } else { json!(value) };
            put(&mut fields, &format!("{name}/{key}"), value);
        }
    }
    for secret in state.secrets.iter().filter(|secret| secret.owner != Owner::Application) {
        // One that was never read has the revision that would be read.
        let revision = secret.tracked.or_else(|| secret.revisions.keys().next_back().copied());
        let content = revision.and_then(|revision| secret.revisions.get(&revision));
        let content = content.cloned().unwrap_or_default();
        secret_fields(&mut fields, &secret.id, secret.consumer_label.as_deref(), &content);
    }
    if let Some(container) = container {
        let Container { layers, services, failures: _, files } = container;
        for (label, _) in layers {
            fields.insert(format!("layer/{label}"), json!(true));
        }
        plan_fields(&mut fields, &container.plan());
        name_checksum(&mut fields, container);
        for (name, state) in services {
            fields.insert(format!("service/{name}"), json!(state));
        }
        for (path, (content, mode)) in files {
            file_fields(&mut fields, path, content, mode);
        }
    }
    fields
}

fn common(
    fields: &mut Fields,
    unit: &Status,
    app: &Status,
    ports: &BTreeSet<String>,
    version: &str,
) {
    fields.insert("unit status".to_owned(), json!(line(unit)));
    fields.insert("application status".to_owned(), json!(line(app)));
    fields.insert("ports".to_owned(), json!(ports));
    fields.insert("workload version".to_owned(), json!(version));
}

/// As `juju status` shows it.
fn line(status: &Status) -> String {
    format!("{} {}", status.name, status.message).trim_end().to_owned()
}

fn databags(fields: &mut Fields, relations: &[Relation]) {
    for relation in relations {
        let bags = [("app", &relation.local_app_data), ("unit", &relation.local_unit_data)];
        for (side, bag) in bags {
            for (key, text) in bag {
                let name = format!("{}:{}/{side}/{key}", relation.endpoint, relation.id);
                put(fields, &name, databag_value(key, text));
            }
        }
    }
}

/// A value of a databag by its meaning, where the interface says that it is JSON or YAML.
fn databag_value(key: &str, text: &str) -> Value {
    let json = [
        "kubernetes_manifests",
        "requested-secrets",
        "provided-secrets",
        "config",
        "dashboard_links",
        "policies",
        "cmr_data",
    ];
    if json.contains(&key) {
        let mut value = serde_json::from_str(text).unwrap_or_else(|_| json!(text));
        for manifest in value.as_array_mut().into_iter().flatten() {
            if let Some(file) = manifest.pointer_mut("/stringData/feature_store.yaml") {
                *file = file.as_str().map_or(Value::Null, feature_store);
            }
        }
        return value;
    }
    if ["data", "_supported_versions"].contains(&key) { document(text) } else { json!(text) }
}

/// A YAML document by its meaning; its text if it has none.
fn document(text: &str) -> Value {
    serde_yaml::from_str(text).unwrap_or_else(|_| json!(text))
}

/// The same of `feature_store.yaml`, with the URL in it taken apart.
fn feature_store(text: &str) -> Value {
    let mut file = document(text);
    let Some(path) = file.pointer_mut("/registry/path") else { return file };
    if let Some(parts) = path.as_str().and_then(url_parts) {
        *path = parts;
    }
    file
}

/// The parts of a URL where `SQLAlchemy` finds them.
fn url_parts(url: &str) -> Option<Value> {
    let decoded = |text: &str| {
        percent_encoding::percent_decode_str(text).decode_utf8().ok().map(|text| json!(text))
    };
    let (driver, rest) = url.split_once("://")?;
    let (user, rest) = rest.split_once(':').filter(|(user, _)| !user.contains('/'))?;
    let (password, rest) = rest.split_once('@')?;
    let (authority, rest) = rest.split_once('/')?;
    let (host, port) = authority.rsplit_once(':')?;
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    if bare.is_none() && (host.is_empty() || host.contains([':', '?', '@'])) {
        return None;
    }
    let (database, query) = rest.split_once('?').unwrap_or((rest, ""));
    let mut query: BTreeMap<String, String> =
        form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    // Where the name cannot be part of the path, it is a parameter, which has the last word.
    let database =
        query.remove("dbname").map_or_else(|| decoded(database), |name| Some(json!(name)))?;
    let mut parts = json!({
        "driver": driver, "user": decoded(user)?, "password": decoded(password)?, "database": database,
        "host": bare.unwrap_or(host), "port": port.parse::<u16>().ok()?,
    });
    for (key, value) in query {
        parts["query"][key] = json!(value);
    }
    Some(parts)
}

/// Puts a value into `fields`, one for each part of it that has no parts itself.
pub(crate) fn put(fields: &mut Fields, name: &str, value: Value) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            map.into_iter().for_each(|(key, value)| put(fields, &format!("{name}/{key}"), value));
        }
        Value::Array(list) if !list.is_empty() => {
            let parts = list.into_iter().enumerate();
            parts.for_each(|(index, value)| put(fields, &format!("{name}/{index}"), value));
        }
        value => drop(fields.insert(name.to_owned(), value)),
    }
}

fn secret_fields(fields: &mut Fields, id: &str, label: Option<&str>, content: &Bag) {
    fields.insert(format!("{id}/label"), json!(label));
    fields.insert(format!("{id}/content"), json!(content));
}

fn recorded_container(fields: &mut Fields, container: &RecordedContainer) {
    if !container.can_connect {
        return;
    }
    for label in container.layers.keys() {
        fields.insert(format!("layer/{label}"), json!(true));
    }
    plan_fields(fields, &container.plan);
    for (name, state) in &container.service_statuses {
        fields.insert(format!("service/{name}"), json!(state));
    }
    for file in &container.files {
        file_fields(fields, &file.path, &file.content, &file.mode);
    }
}

fn file_fields(fields: &mut Fields, path: &str, content: &str, mode: &str) {
    put(fields, &format!("content of {path}"), feature_store(content));
    fields.insert(format!("mode of {path}"), json!(mode));
}

/// Says whether the service's checksum is that of the file.
fn name_checksum(fields: &mut Fields, container: &Container) {
    const CHECKSUM: &str = "plan/services/feast-ui/environment/FEATURE_STORE_SHA256";
    let Some(named) = fields.get_mut(CHECKSUM) else { return };
    let file = |(path, (content, mode)): (&String, &(String, String))| {
        let mode = u32::from_str_radix(mode, 8).unwrap_or_default();
        (path.clone(), File { content: content.as_str().into(), mode })
    };
    let files: BTreeMap<String, File> = container.files.iter().map(file).collect();
    if *named == json!(checksum(&files)) {
        *named = json!("that of the file");
    }
}

fn plan_fields(fields: &mut Fields, plan: &Value) {
    for section in ["services", "checks", "log-targets"] {
        let entries = plan[section].as_object().into_iter().flatten();
        for (name, entry) in entries {
            let keys: Map<String, Value> = entry.as_object().cloned().unwrap_or_default();
            for (key, value) in keys {
                put(fields, &format!("plan/{section}/{name}/{key}"), value);
            }
        }
    }
}

/// The fields in which two outcomes differ: before and after.
pub(crate) fn differences(before: &Fields, after: &Fields) -> BTreeMap<String, (Value, Value)> {
    let value = |fields: &Fields, name: &str| fields.get(name).cloned().unwrap_or(Value::Null);
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let both =
        names.into_iter().map(|name| (name.clone(), (value(before, name), value(after, name))));
    both.filter(|(_, (before, after))| before != after).collect()
}
