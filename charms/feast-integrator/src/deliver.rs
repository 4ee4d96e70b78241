//! Handing the configuration out, and taking it back.

use std::collections::BTreeSet;

use charm::{Databag, Observation, Plan, Publication, Relation, RelationId, SecretPlan, Status};
use feast::Error;
use interfaces::feast_configuration::{self, ANNOUNCEMENT, Rendered};
use interfaces::kubernetes_manifest::Manifests;

use crate::destination::{self, Destination, destination};
use crate::inputs::{self, Databases, FEAST_CONFIGURATION, POD_DEFAULTS, SECRETS};
use crate::notebooks::{self, FILE};
use crate::options::Choices;
use crate::{entity_keys, names, namespaces, stores};

/// The owner's label of the Juju secret for the UI.
const CONFIGURATION: &str = "feast-configuration";

/// The owner's label of the Juju secret that holds the manifests of a relation, as the Python library has it.
pub(crate) fn manifests_label(id: RelationId) -> String {
    format!("manifest.{SECRETS}.{id}")
}

/// Hands the configuration to everybody who is there to take it.
pub(crate) fn deliver(
    plan: &mut Plan,
    seen: &Observation,
    databases: &Databases,
    choices: &Choices,
) -> Status {
    let keys = entity_keys::chosen(seen, choices);
    let certificates = stores::certificates(databases, choices);
    let mut troubles = Vec::new();
    let path = notebooks::certificates_path(choices);
    match stores::feature_store(databases, choices, keys, &path) {
        Ok(file) => {
            let product = Product { file, certificates: certificates.clone(), keys };
            troubles.extend(match destination(seen, choices) {
                Destination::Dispatcher => dispatch(plan, seen, &product, choices),
                Destination::Namespaces => place(plan, seen, &product, choices),
                Destination::Nowhere(trouble) => {
                    retract(plan, seen, keys);
                    vec![trouble]
                }
            });
        }
        Err(error) => troubles.push(unwritable(SECRETS, &error)),
    }
    let ui = stores::feature_store(databases, choices, keys, feast_configuration::CERTIFICATES);
    match (stores::configuration(databases).databag(), ui) {
        (Ok(bag), Ok(feature_store)) => {
            let rendered =
                Rendered { feature_store, certificates, connect_timeout: choices.connect_timeout };
            let more = stores::is_more_than_plain(databases, choices);
            hand_configuration(plan, seen, &bag, &rendered, more, choices);
        }
        (Err(error), _) => {
            troubles.push(Status::Blocked(format!("[{FEAST_CONFIGURATION}] {error}")));
        }
        // The notebooks' file has the same trouble, and has told.
        (Ok(_), Err(_)) => {}
    }
    Status::worst(troubles)
}

/// What users get.
struct Product {
    file: charm::Secret,
    certificates: Option<String>,
    keys: feast::EntityKeys,
}

/// Has the dispatcher put it into namespaces. What we have put there ourselves goes.
fn dispatch(
    plan: &mut Plan,
    seen: &Observation,
    product: &Product,
    choices: &Choices,
) -> Vec<Status> {
    let Product { file, certificates, keys } = product;
    let names = names::first(seen, choices);
    let mut troubles = Vec::new();
    if let Some(cluster) = seen.cluster.cluster() {
        plan.objects = Some(namespaces::nothing());
        troubles.extend(namespaces::taken(seen, cluster, &names));
    }
    let pinned = |manifests: Manifests| match choices.listed().collect::<Vec<_>>().as_slice() {
        [] => manifests,
        namespaces => manifests.pinned(namespaces),
    };
    let secret = pinned(notebooks::secret(&names, file, certificates.as_deref()));
    for relation in seen.relations(SECRETS) {
        hand_manifests(plan, seen, relation, &secret, choices, *keys);
    }
    if seen.relations(SECRETS).is_empty() {
        // A pod that asked for the file could not start without the Secret.
        retract_manifests(plan, seen.relations(POD_DEFAULTS));
        troubles.push(inputs::missing(SECRETS));
    } else {
        let pod_default = pinned(notebooks::pod_default(&names, choices));
        for relation in seen.relations(POD_DEFAULTS) {
            let bag = pod_default.databag_after(&relation.local);
            plan.databags.insert(relation.id, Publication::Exactly(bag));
        }
        if seen.relations(POD_DEFAULTS).is_empty() {
            troubles.push(inputs::missing(POD_DEFAULTS));
        }
    }
    troubles
}

/// Puts it into namespaces. What a dispatcher was told is taken back.
fn place(plan: &mut Plan, seen: &Observation, product: &Product, choices: &Choices) -> Vec<Status> {
    let Product { file, certificates, keys } = product;
    retract(plan, seen, *keys);
    let Some(cluster) = seen.cluster.cluster() else { return Vec::new() };
    let names = names::in_cluster(seen, choices, cluster);
    let secret = notebooks::secret_content(&names, file, certificates.as_deref());
    let pod_default = notebooks::pod_default_content(&names, choices);
    let contents = (&secret, &pod_default);
    let (objects, troubles) = namespaces::objects(seen, cluster, choices, &names, contents);
    plan.objects = Some(objects);
    troubles
}

/// Takes back what was made of a database that is no longer related. What keeps us from that, if anything does.
pub(crate) fn withdraw(plan: &mut Plan, seen: &Observation, choices: &Choices) -> Option<Status> {
    retract(plan, seen, entity_keys::before(seen));
    plan.objects = Some(namespaces::nothing());
    // All fifteen keys in one hook: a Python UI fails every hook on anything between all and none.
    publish(plan, seen.relations(FEAST_CONFIGURATION), &Databag::new());
    for relation in seen.relations(FEAST_CONFIGURATION) {
        announce(plan, relation, None);
    }
    destination::obstacle(seen, choices)
}

/// What the plan does not name of the Juju secrets that this charm makes is void.
pub(crate) fn remove_void_secrets(plan: &mut Plan, seen: &Observation) {
    let ours = |label: &str| label == CONFIGURATION || label.starts_with("manifest.");
    for label in seen.owned_secrets.keys().filter(|label| ours(label)) {
        plan.secrets.entry(label.clone()).or_insert(None);
    }
}

fn hand_manifests(
    plan: &mut Plan,
    seen: &Observation,
    relation: &Relation,
    manifests: &Manifests,
    choices: &Choices,
    keys: feast::EntityKeys,
) {
    if !choices.manifests_as_secret {
        let bag = manifests.databag_after(&relation.local);
        plan.databags.insert(relation.id, Publication::Exactly(bag));
        return;
    }
    let label = manifests_label(relation.id);
    if let Some(owned) = seen.owned_secrets.get(&label) {
        let mut bag = Manifests::secret_databag(&owned.uri);
        entity_keys::note(&mut bag, keys);
        plan.databags.insert(relation.id, Publication::Exactly(bag));
    }
    let grants = BTreeSet::from([relation.id]);
    let content = manifests.secret_content();
    plan.secrets.insert(label, Some(SecretPlan { content, grants }));
}

fn hand_configuration(
    plan: &mut Plan,
    seen: &Observation,
    bag: &Databag,
    rendered: &Rendered,
    more: bool,
    choices: &Choices,
) {
    let relations = seen.relations(FEAST_CONFIGURATION);
    let secret = !relations.is_empty() && (more || choices.configuration_as_secret);
    let uri = seen.owned_secrets.get(CONFIGURATION).map(|owned| owned.uri.as_str());
    // Nothing is taken out of the databag before the secret is announced.
    let in_plain = !choices.configuration_as_secret || uri.is_none();
    let empty = Databag::new();
    publish(plan, relations, if in_plain { bag } else { &empty });
    for relation in relations {
        announce(plan, relation, uri.filter(|_| secret));
    }
    if secret {
        let grants = relations.iter().map(|relation| relation.id).collect();
        let content = rendered.content();
        plan.secrets.insert(CONFIGURATION.to_owned(), Some(SecretPlan { content, grants }));
    }
}

/// Announces the secret, or nothing more. Juju's own keys in the same databag stay.
fn announce(plan: &mut Plan, relation: &Relation, uri: Option<&str>) {
    let mut bag = relation.local_unit.clone();
    bag.insert(ANNOUNCEMENT, uri.unwrap_or_default());
    plan.unit_databags.insert(relation.id, Publication::Exactly(bag));
}

fn publish(plan: &mut Plan, relations: &[Relation], bag: &Databag) {
    for relation in relations {
        plan.databags.insert(relation.id, Publication::Exactly(bag.clone()));
    }
}

/// Has a dispatcher take back what it was told to put into namespaces.
fn retract(plan: &mut Plan, seen: &Observation, keys: feast::EntityKeys) {
    for relation in seen.relations(SECRETS).iter().filter(|relation| !relation.local.is_empty()) {
        let mut none = Manifests::default().databag();
        entity_keys::note(&mut none, keys);
        plan.databags.insert(relation.id, Publication::Exactly(none));
    }
    retract_manifests(plan, seen.relations(POD_DEFAULTS));
}

/// An absent key and an empty list mean the same to the dispatcher, so that one is not turned into the other.
fn retract_manifests(plan: &mut Plan, relations: &[Relation]) {
    let none = Manifests::default().databag();
    for relation in relations.iter().filter(|relation| !relation.local.is_empty()) {
        plan.databags.insert(relation.id, Publication::Exactly(none.clone()));
    }
}

fn unwritable(endpoint: &str, error: &Error) -> Status {
    Status::Blocked(format!("[{endpoint}] Cannot write {FILE}: {error}"))
}
