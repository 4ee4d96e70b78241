//! Situations like those that were recorded: each is one of them, or a world in order, with up to three things changed.

use std::collections::BTreeMap;

use juju_sim::{Bag, Event, Relation, State};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use serde_json::{Map, Value};
use tests::kubernetes::{Cluster, Failure};
use tests::recorded::Situation;
use tests::{event, kubernetes, pebble, recorded, world};

use crate::case::{Case, INTEGRATOR, UI};

/// A change of a situation; the numbers say where.
type Damage = fn(&mut Case, [Index; 2]);

/// Keys that the other side may add: unknown ones, and those of other versions and other protocols.
const KEYS: [(&str, &str); 18] = [
    ("extra", "x"),
    ("registry_schema", "public"),
    ("version", "14.20"),
    ("status", r#"[{"code": 1000, "message": "m", "resolution": "r"}]"#),
    ("resource", "registry"),
    ("salt", "0123456789abcdef"),
    ("requests", "[]"),
    ("entity-name", "x"),
    ("read-only-endpoints", "replicas:5432"),
    ("subordinated", "true"),
    ("tls", "True"),
    ("tls-ca", "none"),
    ("data", "{}"),
    ("tls_enabled", "True"),
    ("external_host", "host/path"),
    ("labels", "{}"),
    ("mesh_type", "\"istio\""),
    ("kubernetes_manifests", "[]"),
];

/// What may stand in the place of any value.
const VALUES: [&str; 28] = [
    " ",
    "x",
    "0",
    "-1",
    " 5432 ",
    "5_432",
    "65536",
    "12345678",
    "true",
    "yes",
    "null",
    "~",
    "{",
    "[]",
    "{}",
    "- v1",
    "- v2\n- v1\n",
    "[v1",
    "::1",
    "[fd00::1]:5432",
    "a.b:1, c:2",
    "p@ss/w:rd #%41?x=y&z",
    "a$HOME${HOME}{{7*7}}{% raw %}{# x #}",
    "line\n- line: [\t",
    "\u{7}\u{1b}",
    "\u{feff}\u{ffff}\u{202e}\u{1f600}",
    "--help",
    "secret:9m4e2mr0ui3e8a215n4g",
];

/// Keys that may be left over in a databag of our own application.
const LEFT_OVER: [(&str, &str); 10] = [
    ("database", "other"),
    ("extra-user-roles", "createdb"),
    ("stale", "x"),
    ("data", "{}"),
    ("kubernetes_manifests", r#"[{"kind": "Secret", "metadata": {"name": "other"}}]"#),
    ("config", "{}"),
    ("dashboard_links", "[]"),
    ("requested-secrets", r#"["username", "entity-name"]"#),
    ("provided-secrets", r#"["mtls-chain"]"#),
    ("registry_password", "old"),
];

/// Twice what is more likely than the rest.
const DAMAGES: [(&str, Damage); 29] = [
    ("other leader", |case, _| case.state.leader = !case.state.leader),
    ("other hook", |case, at| case.event = pick(at[0], &hooks(case))),
    ("other hook", |case, at| case.event = pick(at[0], &hooks(case))),
    ("key added", |case, at| add(case, at, &KEYS, |relation| &mut relation.remote_app_data)),
    ("key added", |case, at| add(case, at, &KEYS, |relation| &mut relation.remote_app_data)),
    ("key left over", |case, at| {
        add(case, at, &LEFT_OVER, |relation| &mut relation.local_app_data);
    }),
    ("key missing", |case, at| value(case, at, |value, _| value.clear())),
    ("key missing", |case, at| value(case, at, |value, _| value.clear())),
    ("odd value", |case, at| value(case, at, |value, at| *value = pick(at, &VALUES).to_owned())),
    ("odd value", |case, at| value(case, at, |value, at| *value = pick(at, &VALUES).to_owned())),
    ("silence", |case, at| relation(case, at[0], |relation| relation.remote_app_data.clear())),
    ("nothing said", |case, at| relation(case, at[0], |relation| relation.local_app_data.clear())),
    ("nothing said to anybody", |case, _| {
        case.state.relations.iter_mut().for_each(|one| one.local_app_data.clear());
    }),
    ("renamed", |case, at| relation(case, at[0], |relation| rename(relation, "renamed"))),
    ("no units", |case, at| relation(case, at[0], |relation| relation.remote_units_data.clear())),
    ("more units", |case, at| relation(case, at[0], more_units)),
    ("twin", twin),
    ("other ingress too", other_ingress),
    ("other ingress too", other_ingress),
    ("other protocol", other_protocol),
    ("relation missing", |case, at| {
        if let Some(id) = id(case, at[0]) {
            case.state.relations.retain(|relation| relation.id != id);
        }
    }),
    ("secret denied", |case, at| {
        secret(case, at[0], |case, number| case.state.secrets[number].readable = false);
    }),
    ("secret missing", |case, at| {
        secret(case, at[0], |case, number| drop(case.state.secrets.remove(number)));
    }),
    ("secret rotated", |case, at| secret(case, at[0], rotate)),
    ("other unit", |case, at| {
        let names = ["a", "feast-ui-2", "x-0", "an-application-with-a-rather-long-name"];
        case.state.unit = format!("{}/{}", pick(at[0], &names), at[1].index(3));
    }),
    ("other model", |case, at| {
        case.state.model.name = pick(at[0], &["a", "123", "yes", "prod-ml"]).to_owned();
    }),
    ("other container", container),
    ("labelled", |case, _| labelled(case)),
    ("request refused", refused),
];

/// `number` situations, always the same.
pub(crate) fn situations(number: usize) -> Vec<Case> {
    let recorded = recorded::all();
    let mut bases: Vec<Case> = recorded.iter().map(Case::of).collect();
    bases.extend(recorded.iter().map(left));
    bases.extend(in_order());
    let damages = vec((select(&DAMAGES[..]), any::<[Index; 2]>()), 1..=3);
    let strategy = (select(bases), damages);
    let mut runner = TestRunner::deterministic();
    let generate = |_| {
        let tree = strategy.new_tree(&mut runner).expect("a situation");
        let (mut case, damages) = tree.current();
        for ((name, damage), at) in damages {
            damage(&mut case, at);
            case.name = format!("{}, {name}", case.name);
        }
        complete(case)
    };
    (0..number).map(generate).collect()
}

/// A unit as a Python charm left it behind.
fn left(situation: &Situation) -> Case {
    let (state, container) = situation.left();
    let event = Event::hook("upgrade-charm");
    let cluster = situation.cluster_left();
    Case { state, container, cluster, event, ..Case::of(situation) }
}

/// Worlds in which nothing is missing, before anything was published.
fn in_order() -> Vec<Case> {
    let case = |charm: &str, state: State| Case {
        name: "all in order".to_owned(),
        charm: charm.to_owned(),
        state: State { unit: format!("{charm}/0"), ..state },
        container: (charm == UI).then(pebble::Container::default),
        cluster: None,
        event: Event::hook("config-changed"),
    };
    let integrators = [world::by_secrets(), world::in_plain(), world::by_secrets().on_juju_4()];
    let integrators = integrators.into_iter().map(|state| case(INTEGRATOR, state));
    let uis = [world::configured(), world::configured().on_juju_4()];
    let meshed = case(UI, world::meshed());
    let meshed = Case { cluster: Some(Cluster::running(&meshed.state)), ..meshed };
    integrators.chain(uis.into_iter().map(|state| case(UI, state))).chain([meshed]).collect()
}

/// A hook about something that a later change has taken away becomes another one.
fn complete(mut case: Case) -> Case {
    if !hooks(&case).contains(&case.event) && !matches!(case.event, Event::Hook(_)) {
        case.event = Event::hook("config-changed");
    }
    case
}

fn hooks(case: &Case) -> Vec<Event> {
    let containers = if case.charm == UI { vec![UI.to_owned()] } else { Vec::new() };
    event::every_in(&case.state, &containers)
}

fn pick<T: Clone>(at: Index, list: &[T]) -> T {
    list[at.index(list.len())].clone()
}

fn id(case: &Case, at: Index) -> Option<u32> {
    let relations = &case.state.relations;
    (!relations.is_empty()).then(|| relations[at.index(relations.len())].id)
}

fn relation(case: &mut Case, at: Index, damage: impl FnOnce(&mut Relation)) {
    let id = id(case, at);
    if let Some(relation) = id.and_then(|id| case.state.relation_mut(id)) {
        damage(relation);
    }
}

fn add(case: &mut Case, at: [Index; 2], keys: &[(&str, &str)], bag: fn(&mut Relation) -> &mut Bag) {
    let (key, value) = pick(at[1], keys);
    relation(case, at[0], |relation| {
        bag(relation).insert(key.to_owned(), value.to_owned());
    });
}

/// Changes a value that the other side has set; clearing it takes the key away.
fn value(case: &mut Case, at: [Index; 2], damage: fn(&mut String, Index)) {
    relation(case, at[0], |relation| {
        let bag = &mut relation.remote_app_data;
        let number = at[1].index(bag.len().max(1));
        if let Some(value) = bag.values_mut().nth(number) {
            damage(value, at[1]);
        }
        bag.retain(|_, value| !value.is_empty());
    });
}

fn rename(relation: &mut Relation, name: &str) {
    let units = std::mem::take(&mut relation.remote_units_data).into_iter();
    let number = |unit: &str| unit.split('/').nth(1).unwrap_or("0").to_owned();
    relation.remote_units_data =
        units.map(|(unit, bag)| (format!("{name}/{}", number(&unit)), bag)).collect();
    name.clone_into(&mut relation.remote_app);
}

fn more_units(relation: &mut Relation) {
    for number in 0..3 {
        let unit = format!("{}/{number}", relation.remote_app);
        relation.remote_units_data.entry(unit).or_default();
    }
}

/// A second relation on the same endpoint, to another application that says the same.
fn twin(case: &mut Case, at: [Index; 2]) {
    let next = case.state.relations.iter().map(|relation| relation.id + 1).max();
    let mut twin = None;
    relation(case, at[0], |relation| twin = Some(relation.clone()));
    if let (Some(mut twin), Some(id)) = (twin, next) {
        twin.id = id;
        twin.local_app_data.clear();
        rename(&mut twin, "twin");
        case.state.relations.push(twin);
    }
}

/// The kind of ingress that is not there yet.
fn other_ingress(case: &mut Case, at: [Index; 2]) {
    if case.charm != UI {
        return;
    }
    let there = |endpoint| case.live(endpoint).count() > 0;
    let next = case.state.relations.iter().map(|relation| relation.id + 1).max().unwrap_or(1);
    let versions =
        [("_supported_versions", pick(at[0], &["- v1\n- v2\n", "- v2\n- v1\n", "- 1\n"]))];
    let gateway = [
        ("external_host", "10.64.140.43"),
        ("tls_enabled", pick(at[1], &["True", "False", "true"])),
    ];
    let relation = match (there("ingress"), there("istio-ingress-route")) {
        (true, _) => {
            Relation::to(next, "istio-ingress-route", "istio-ingress-k8s").saying(&gateway)
        }
        (false, true) => Relation::to(next, "ingress", "istio-pilot").saying(&versions),
        (false, false) => return,
    };
    case.state.relations.push(relation);
}

/// Gateways that speak another protocol of the same name.
fn other_protocol(case: &mut Case, _: [Index; 2]) {
    let relations = case.state.relations.iter_mut();
    for relation in relations.filter(|relation| relation.endpoint == "ingress") {
        let url = r#"{"url": "http://host/model-application"}"#;
        relation.remote_app_data = Bag::from([("ingress".to_owned(), url.to_owned())]);
        rename(relation, "traefik-k8s");
    }
}

fn secret(case: &mut Case, at: Index, damage: fn(&mut Case, usize)) {
    let number = case.state.secrets.len();
    if number > 0 {
        damage(case, at.index(number));
    }
}

/// A new password, of which a unit is told that has read the one before.
fn rotate(case: &mut Case, number: usize) {
    let secret = &mut case.state.secrets[number];
    let mut content = secret.newest().cloned().unwrap_or_default();
    content.insert("password".to_owned(), "rotated p@ss".to_owned());
    let content: Vec<(&str, &str)> = content.iter().map(|(k, v)| (&**k, &**v)).collect();
    secret.tracked = Some(secret.newest_revision());
    secret.revise(&content);
    case.event = Event::SecretChanged(secret.id.clone());
}

fn container(case: &mut Case, at: [Index; 2]) {
    let Some(container) = &mut case.container else { return };
    match at[0].index(5) {
        0 => case.container = None,
        1 => *container = pebble::Container::default(),
        2 => container.services = BTreeMap::new(),
        3 => container.files.values_mut().for_each(|(_, mode)| "0644".clone_into(mode)),
        _ => container.files.values_mut().for_each(|(content, _)| content.push('#')),
    }
}

/// Puts the labels that the record names where they belong.
pub(crate) fn labelled(case: &mut Case) {
    let (name, namespace) = (case.state.application().to_owned(), &case.state.model.name);
    let Some(cluster) = &mut case.cluster else { return };
    let record = cluster.objects.get(&kubernetes::record(&name, namespace));
    let text = record.and_then(|record| record["data"]["labels"].as_str()).unwrap_or_default();
    let labels: Map<String, Value> = serde_json::from_str(text).unwrap_or_default();
    for (path, place) in [
        (kubernetes::pods(&name, namespace), "/spec/template/metadata/labels"),
        (kubernetes::service(&name, namespace), "/metadata/labels"),
    ] {
        let object = cluster.objects.get_mut(&path).and_then(|object| object.pointer_mut(place));
        if let Some(there) = object.and_then(Value::as_object_mut) {
            there.extend(labels.clone());
        }
    }
}

/// The cluster does not do one of the things that it may be asked for.
fn refused(case: &mut Case, at: [Index; 2]) {
    let (name, namespace) = (case.state.application().to_owned(), &case.state.model.name);
    let paths = [kubernetes::pods, kubernetes::service, kubernetes::record];
    let path = pick(at[0], &paths)(&name, namespace);
    let method = pick(at[1], &["GET", "PATCH", "DELETE"]).to_owned();
    if let Some(cluster) = &mut case.cluster {
        let status = pick(at[1], &[403, 404, 409, 500, 503]);
        cluster.failures.push(Failure { method, path, status });
    }
}
