//! Which encoding of entity keys earlier deliveries chose.

use charm::{Databag, Observation, Relation};
use feast::EntityKeys;
use interfaces::kubernetes_manifest::Manifests;

use crate::deliver::manifests_label;
use crate::inputs::SECRETS;
use crate::notebooks::FILE;

/// Where the choice is kept while the databag does not hold the file. The dispatcher reads other keys only.
const KEY: &str = "entity-key-serialization-version";

/// What was delivered before, or what the Python charms would deliver.
///
/// Rows that were written with one are not found with the other, so what a databag tells of an earlier delivery counts,
/// by whichever charm it was made.
pub(crate) fn delivered(seen: &Observation) -> EntityKeys {
    seen.relations(SECRETS)
        .iter()
        .find_map(|relation| delivered_on(relation, seen))
        .unwrap_or_default()
}

/// Notes the choice in a databag that does not hold the file. What says nothing means the older.
pub(crate) fn note(bag: &mut Databag, keys: EntityKeys) {
    match keys {
        EntityKeys::Version2 => {}
        EntityKeys::Version3 => bag.insert(KEY, "3"),
    }
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
    Some(match version.as_deref() {
        Some("3") => EntityKeys::Version3,
        // What says nothing is from before there was a choice.
        _ => EntityKeys::Version2,
    })
}

/// The version in the file in these manifests.
fn version_in(manifests: &str) -> Option<String> {
    let manifests = Manifests::from_text(manifests).ok()?;
    let file = manifests
        .objects()
        .iter()
        .find_map(|object| object.get("stringData")?.get(FILE)?.as_str())?;
    let version =
        file.lines().find_map(|line| line.strip_prefix("entity_key_serialization_version:"))?;
    Some(version.trim().to_owned())
}
