//! What is in the cluster, and what should be.

use charm::{Labels, Membership, Mesh, Record};
use juju_sim::State;
use serde_json::{Value, json};
use tests::kubernetes::{Cluster, pods, record, service};
use tests::recorded::Situation;

use crate::fields::{Fields, put};

/// A field for everything in the cluster. An object is named by its kind and its name.
pub(crate) fn fields(cluster: &Cluster) -> Fields {
    let mut fields = Fields::new();
    for object in cluster.objects.values() {
        let mut object = object.clone();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let name = format!("{} {}", text(&object["kind"]), text(&object["metadata"]["name"]));
        if let Some(labels) = object.pointer_mut("/data/labels") {
            *labels = serde_json::from_str(&text(labels)).unwrap_or_else(|_| labels.clone());
        }
        put(&mut fields, &name, object);
    }
    fields
}

/// The cluster as the charm of a unit in this state would see it.
pub(crate) fn mesh(cluster: &Cluster, state: &State) -> Mesh {
    let (name, namespace) = (state.application(), &state.model.name);
    let at = |path: String, place: &str| {
        let object = cluster.objects.get(&path)?;
        Some(object.pointer(place).and_then(labels).unwrap_or_default())
    };
    let record = cluster.objects.get(&record(name, namespace)).map(|record| {
        let labels = record
            .pointer("/data/labels")
            .and_then(|text| labels(&serde_json::from_str(text.as_str()?).ok()?));
        labels.map_or(Record::Unreadable, Record::Labels)
    });
    Mesh {
        record: record.unwrap_or_default(),
        pods: at(pods(name, namespace), "/spec/template/metadata/labels"),
        service: at(service(name, namespace), "/metadata/labels"),
    }
}

fn labels(found: &Value) -> Option<Labels> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    Some(found.as_object()?.iter().map(|(key, value)| (key.clone(), text(value))).collect())
}

/// Whether a field is one of those.
pub(crate) fn is_in_the_cluster(name: &str) -> bool {
    ["StatefulSet ", "Service ", "ConfigMap "].iter().any(|kind| name.starts_with(kind))
}

/// Whether this is the hook in which the last relation to a beacon ends.
pub(crate) fn leaves(situation: &Situation) -> bool {
    let input = &situation.input;
    let mut beacons = input.relations.iter().filter(|one| one.endpoint == "service-mesh");
    input.event.name == "service-mesh-relation-broken"
        && beacons.all(|one| Some(one.id) == input.event.breaking())
}

/// What the cluster should come to, by whichever unit and hook; as it is where the beacon makes no sense.
pub(crate) fn wanted(situation: &Situation) -> Option<Cluster> {
    let input = &situation.input;
    let mut cluster = input.cluster()?;
    let Some(membership) = membership(situation) else { return Some(cluster) };
    let (state, namespace) = (input.state(), &input.model.name);
    let name = state.application();
    let places = [
        (pods(name, namespace), "/spec/template/metadata/labels"),
        (service(name, namespace), "/metadata/labels"),
    ];
    let ours = mesh(&cluster, &state).record;
    for (path, place) in places {
        let found = cluster.objects.get_mut(&path).and_then(|object| object.pointer_mut(place));
        let Some(found) = found.and_then(Value::as_object_mut) else { continue };
        found.retain(|key, _| !ours.labels().contains_key(key));
        found.extend(membership.labels().iter().map(|(key, value)| (key.clone(), json!(value))));
    }
    let path = record(name, namespace);
    match membership {
        Membership::Out => drop(cluster.objects.remove(&path)),
        Membership::In(labels) => {
            let name = format!("juju-service-mesh-{name}-labels");
            let fresh = json!({
                "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": namespace},
            });
            let record = cluster.objects.entry(path).or_insert(fresh);
            record["data"]["labels"] = json!(json!(labels).to_string());
        }
    }
    Some(cluster)
}

/// What the beacon says, unless that makes no sense.
fn membership(situation: &Situation) -> Option<Membership> {
    let input = &situation.input;
    let beacons = input.relations.iter().filter(|one| one.endpoint == "service-mesh");
    let live: Vec<_> = beacons.filter(|one| Some(one.id) != input.event.breaking()).collect();
    let bag = match live[..] {
        [] => return Some(Membership::Out),
        [beacon] => &beacon.remote_app_data,
        _ => return None,
    };
    let kind = bag.get("mesh_type").map(|text| serde_json::from_str::<String>(text));
    match (bag.get("labels"), kind) {
        (_, Some(Err(_))) | (None, Some(_)) => None,
        (None, None) => Some(Membership::In(Labels::new())),
        (Some(text), _) => {
            let labels: Labels = serde_json::from_str(text).ok()?;
            let jujus = |key: &String| {
                ["app.kubernetes.io/", "juju.is/"].iter().any(|own| key.contains(own))
            };
            (!labels.keys().any(jujus)).then_some(Membership::In(labels))
        }
    }
}
