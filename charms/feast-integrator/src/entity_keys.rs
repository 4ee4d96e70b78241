//! Which encoding of entity keys this deployment has.
//!
//! Rows that were written with one are not found with the other, so it is chosen once: a new deployment begins with the
//! newer, and one that was there before keeps what it has, by whichever charm it was chosen.

use charm::{Cluster, Databag, Observation, Relation};
use cluster::k8s_openapi::ByteString;
use feast::EntityKeys;
use interfaces::kubernetes_manifest::Manifests;

use crate::deliver::manifests_label;
use crate::inputs::{DATABASES, FEAST_CONFIGURATION, POD_DEFAULTS, SECRETS};
use crate::notebooks::{FILE, secret_kind};
use crate::options::Choices;

/// Where the choice is kept from the first request for a database on. Neither databases nor the dispatcher read it.
const KEY: &str = "entity-key-serialization-version";

/// What the operator has chosen, or else what was delivered or begun before, or else the newer.
pub(crate) fn chosen(seen: &Observation, choices: &Choices) -> EntityKeys {
    choices.entity_keys.unwrap_or_else(|| before(seen))
}

/// What was delivered, or else begun with, before.
pub(crate) fn before(seen: &Observation) -> EntityKeys {
    let delivered =
        seen.relations(SECRETS).iter().find_map(|relation| delivered_on(relation, seen));
    let placed = || delivered_into(seen.cluster.cluster()?);
    delivered.or_else(placed).unwrap_or_else(|| begun(seen))
}

/// Notes the choice in a databag. What says nothing means the older.
pub(crate) fn note(bag: &mut Databag, keys: EntityKeys) {
    let word = match keys {
        EntityKeys::Version2 => "",
        EntityKeys::Version3 => "3",
    };
    bag.insert(KEY, word);
}

/// What the requests for databases note. Who has none, and was told nothing by anybody, is new.
fn begun(seen: &Observation) -> EntityKeys {
    let relations = |endpoint: &'static str| seen.relations(endpoint).iter();
    let databases = || DATABASES.iter().flat_map(|(endpoint, _)| relations(endpoint));
    let is_noted = databases().any(|relation| relation.local.get(KEY) == Some("3"));
    let told = [POD_DEFAULTS, FEAST_CONFIGURATION].into_iter().flat_map(relations);
    let is_old = databases()
        .any(|relation| !relation.local.is_empty() || !relation.remote.is_empty())
        || told.into_iter().any(|relation| !relation.local.is_empty());
    if is_noted || !is_old { EntityKeys::Version3 } else { EntityKeys::Version2 }
}

fn delivered_on(relation: &Relation, seen: &Observation) -> Option<EntityKeys> {
    let published = relation.local.get("kubernetes_manifests")?;
    let owned = seen.owned_secrets.get(&manifests_label(relation.id));
    let texts = owned.iter().flat_map(|owned| owned.content.values().map(charm::Secret::reveal));
    let version = relation
        .local
        .get(KEY)
        .map(ToOwned::to_owned)
        .or_else(|| texts.chain([published]).find_map(version_in));
    Some(self::version(version.as_deref()))
}

/// By ourselves: one file is as good as another, as all were written together.
fn delivered_into(cluster: &Cluster) -> Option<EntityKeys> {
    let file = cluster.objects.iter().find_map(|(id, content)| {
        let secret = (id.kind == secret_kind()).then_some(content)?;
        let data = secret.reveal().get("data")?.get(FILE)?.clone();
        let ByteString(bytes) = serde_json::from_value(data).ok()?;
        String::from_utf8(bytes).ok()
    });
    Some(version(version_of(&file?).as_deref()))
}

fn version(text: Option<&str>) -> EntityKeys {
    match text {
        Some("3") => EntityKeys::Version3,
        // What says nothing is from before there was a choice.
        _ => EntityKeys::Version2,
    }
}

/// The version in the file in these manifests.
fn version_in(manifests: &str) -> Option<String> {
    let manifests = Manifests::from_text(manifests).ok()?;
    let file = manifests
        .objects()
        .iter()
        .find_map(|object| object.get("stringData")?.get(FILE)?.as_str())?;
    version_of(file)
}

fn version_of(file: &str) -> Option<String> {
    let version =
        file.lines().find_map(|line| line.strip_prefix("entity_key_serialization_version:"))?;
    Some(version.trim().to_owned())
}
