//! What neighbours find in our databags after a hook, whatever was there before.

use std::collections::{BTreeMap, BTreeSet};

use charm::Databag;
use interfaces::cross_model_mesh::Identity;
use interfaces::feast_configuration::Stores;
use interfaces::ingress::Asked;
use interfaces::kubeflow_dashboard_links::Links;
use interfaces::kubernetes_manifest::Manifests;
use interfaces::postgresql_client::Request;
use interfaces::service_mesh::Policies;
use interfaces::{Error, istio_ingress_route};
use juju_sim::{Bag, Relation, State};
use serde_json::Value;

/// What is wrong with a databag; nothing where it is in order.
type Verdict = Result<(), String>;

/// The fields that a provider of a database must send in secrets alone, once it was asked to.
const SECRET: [&str; 6] = ["username", "password", "tls", "tls-ca", "uris", "read-only-uris"];

/// What is wrong with what neighbours find after a hook; nothing in a world in order. `leads` says whether the unit led
/// in that hook.
pub(crate) fn wronged(charm: &str, before: &State, after: &State, leads: bool) -> Vec<String> {
    let mut wrong = Vec::new();
    if before.relations.len() != after.relations.len() {
        wrong.push("a relation came or went".to_owned());
    }
    if charm == "feast-ui" && !after.opened_ports.iter().eq(["8888/tcp"]) {
        // Gateways send what they are asked for to this port of the Service.
        wrong.push(format!("the open ports are {:?}", after.opened_ports));
    }
    for (old, new) in before.relations.iter().zip(&after.relations) {
        let name = format!("{}:{}", old.endpoint, old.id);
        let ours = new.local_app_data.clone();
        let mut expected = Relation { local_app_data: ours, ..old.clone() };
        // A Python UI does not look at the databags of units.
        if let Some(announced) = new.local_unit_data.get("secret-configuration") {
            expected.local_unit_data.insert("secret-configuration".to_owned(), announced.clone());
        }
        if *new != expected {
            wrong.push(format!("{name}: more than our application's databag has changed"));
        }
        let verdict = if leads {
            of_leader(charm, after, old, new)
        } else if new.local_app_data == old.local_app_data {
            Ok(())
        } else {
            Err("the databag is the leader's to write".to_owned())
        };
        wrong.extend(verdict.err().map(|why| format!("{name}: {why}")));
    }
    wrong
}

fn of_leader(charm: &str, state: &State, old: &Relation, new: &Relation) -> Verdict {
    let there = |endpoint: &str| state.relations.iter().any(|other| other.endpoint == endpoint);
    let databases = ["offline-store", "online-store", "registry"].into_iter().all(there);
    let application = state.application();
    let (old, new, endpoint) = (&old.local_app_data, &new.local_app_data, &*new.endpoint);
    match (charm, endpoint) {
        (_, "offline-store" | "online-store" | "registry") => request(old, new),
        (_, "secrets") => manifests(old, new, "feature-store-yaml", databases),
        (_, "pod-defaults") => {
            let name = format!("{application}-access-feast");
            manifests(old, new, &name, databases && there("secrets"))
        }
        ("feast-integrator", "feast-configuration") => configuration(old, new, databases),
        (_, "dashboard-links") => links(new),
        (_, "ingress") => sidecar(old, new, there("istio-ingress-route")),
        (_, "istio-ingress-route") => ambient(old, new, there("ingress")),
        (_, "service-mesh") => {
            no_others(new, &["policies"])?;
            said(Policies::read(&databag(new))).map(drop)
        }
        (_, "require-cmr-mesh") => {
            no_others(new, &["cmr_data"])?;
            let Identity { application: name, model } = said(Identity::read(&databag(new)))?;
            let same = name == application && model == state.model.name;
            if same { Ok(()) } else { Err(format!("we are not {name} in {model}")) }
        }
        // Those who only listen there.
        _ => no_others(new, &[]),
    }
}

/// A provider ignores another database or fails on it, and sends in plain what is not in the list any more.
fn request(old: &Bag, new: &Bag) -> Verdict {
    let Request { database, secret_fields } = said(Request::read(&databag(new)))?;
    let listed = |bag: &Bag| -> BTreeSet<String> {
        let list = bag.get("requested-secrets").map(|text| serde_json::from_str(text));
        list.and_then(Result::ok).unwrap_or_default()
    };
    let needed = listed(old).into_iter().chain(SECRET.map(str::to_owned));
    for field in needed {
        if !secret_fields.contains(&field) {
            return Err(format!("{field} is not asked for in a secret"));
        }
    }
    if old.get("database").is_some_and(|earlier| *earlier != database) {
        return Err(format!("another database is asked for: {database}"));
    }
    let provided = new.get("provided-secrets").map(|text| serde_json::from_str(text));
    provided.transpose().map(drop::<Option<Vec<String>>>).map_err(|error| error.to_string())?;
    for (key, value) in old {
        let may_change = ["database", "requested-secrets"].contains(&key.as_str());
        if !may_change && new.get(key) != Some(value) {
            return Err(format!("{key} has changed"));
        }
    }
    let known = ["database", "requested-secrets", "provided-secrets"];
    let added = |key: &&String| !old.contains_key(*key) && !known.contains(&key.as_str());
    new.keys().find(added).map_or(Ok(()), |key| Err(format!("{key} was added")))
}

/// A dispatcher fails on an object without a name, and gives each user's namespace an object of each name.
fn manifests(old: &Bag, new: &Bag, name: &str, complete: bool) -> Verdict {
    no_others(new, &["kubernetes_manifests"])?;
    let Some(text) = new.get("kubernetes_manifests") else {
        let before = old.get("kubernetes_manifests").map_or("[]", String::as_str);
        return if before == "[]" { Ok(()) } else { Err("nothing is left".to_owned()) };
    };
    let raw: Vec<Value> = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let names: Vec<&str> =
        raw.iter().filter_map(|object| object.pointer("/metadata/name")?.as_str()).collect();
    if raw.iter().any(|object| object.pointer("/metadata/namespace").is_some()) {
        return Err("an object has a namespace".to_owned());
    }
    let read = said(Manifests::read(&databag(new), &BTreeMap::new()))?;
    if read.objects() != raw || !(names.is_empty() || names == [name]) {
        return Err(format!("the objects are called {names:?}"));
    }
    let there_before =
        old.get("kubernetes_manifests").is_some_and(|text| text.contains("metadata"));
    if there_before && complete && names.is_empty() {
        return Err("the objects are taken away".to_owned());
    }
    Ok(())
}

/// A UI fails every hook on anything between none and all of the fifteen keys.
fn configuration(old: &Bag, new: &Bag, complete: bool) -> Verdict {
    let keys: BTreeSet<String> = ["registry", "offline_store", "online_store"]
        .iter()
        .flat_map(|store| {
            ["user", "password", "host", "port", "database"].map(|key| format!("{store}_{key}"))
        })
        .collect();
    let whole = |bag: &Bag| bag.keys().eq(&keys);
    if !new.is_empty() && !whole(new) {
        return Err(format!("there are {} keys: {:?}", new.len(), new.keys()));
    }
    if complete && whole(old) && new.is_empty() {
        return Err("the configuration is taken away".to_owned());
    }
    // What a Python charm has published and nobody can use makes no more sense than before.
    let nothing_new = new.is_empty() || new == old;
    if nothing_new { Ok(()) } else { said(Stores::read(&databag(new))).map(drop) }
}

/// The dashboard fails on a key that it does not know.
fn links(new: &Bag) -> Verdict {
    no_others(new, &["dashboard_links"])?;
    let Links(links) = said(Links::read(&databag(new)))?;
    let ours = |link: &interfaces::kubeflow_dashboard_links::Link| {
        (link.text.as_str(), link.link.as_str()) == ("Feast", "/feast/")
    };
    if links.len() == 1 && links.iter().all(ours) { Ok(()) } else { Err(format!("{links:?}")) }
}

/// istio-pilot routes nobody while one application has not said its versions, and fails on data that violates the
/// schema.
fn sidecar(old: &Bag, new: &Bag, conflict: bool) -> Verdict {
    no_others(new, &["_supported_versions", "data"])?;
    let asked = |bag: &Bag| Asked::read(&databag(bag));
    let now = asked(new).map_err(|error| error.to_string())?;
    if now == Asked::NoVersions {
        return Err("there are no versions".to_owned());
    }
    if let Some(text) = new.get("data") {
        let data: Value = serde_yaml::from_str(text).map_err(|error| error.to_string())?;
        let texts = ["service", "namespace", "prefix", "rewrite"];
        if !data["port"].is_u64() || texts.iter().any(|key| !data[key].is_string()) {
            return Err(format!("the data is {data}"));
        }
    }
    match asked(old) {
        Ok(route @ Asked::Route(_)) if route != now => Err(format!("the route is now {now:?}")),
        Ok(Asked::NoVersions | Asked::NoRoute) if conflict && now != Asked::NoRoute => {
            Err("a route is asked for in a conflict".to_owned())
        }
        _ => Ok(()),
    }
}

/// istio-ingress-k8s leaves a document out that it cannot read.
fn ambient(old: &Bag, new: &Bag, conflict: bool) -> Verdict {
    no_others(new, &["config"])?;
    let read = |bag: &Bag| istio_ingress_route::Route::read(&databag(bag));
    let now = read(new).map_err(|error| error.to_string())?;
    match (conflict, read(old), now) {
        (true, _, None) | (false, Err(_) | Ok(None), Some(_)) => Ok(()),
        (true, _, Some(_)) => Err("a route is asked for in a conflict".to_owned()),
        (false, _, None) => Err("no route is asked for".to_owned()),
        (false, Ok(Some(route)), Some(now)) => {
            // The Python charm asks for port 80 of a gateway with a certificate until the next hook.
            let same = istio_ingress_route::Route { tls: now.tls, ..route } == now;
            if same { Ok(()) } else { Err(format!("the route is now {now:?}")) }
        }
    }
}

fn no_others(bag: &Bag, known: &[&str]) -> Verdict {
    match bag.keys().find(|key| !known.contains(&key.as_str())) {
        None => Ok(()),
        Some(key) => Err(format!("{key} is nothing that anybody reads")),
    }
}

/// What the other side reads, which must be something.
fn said<T>(read: Result<Option<T>, Error>) -> Result<T, String> {
    read.map_err(|error| error.to_string())?.ok_or_else(|| "nothing is said".to_owned())
}

fn databag(bag: &Bag) -> Databag {
    bag.clone().into_iter().collect()
}
