//! `relation-ids`, `relation-list`, `relation-model-get` and `relation-set`.

use serde_json::json;

use super::args::{Flags, Parsed};
use super::output::{Format, Refusal};
use super::{content, values};
use crate::Relation;
use crate::world::World;

pub(super) const LIST: Flags =
    Flags { switches: &["app"], values: &["r", "relation"], format: Some(Format::Smart) };
pub(super) const MODEL: Flags =
    Flags { switches: &[], values: &["r", "relation"], format: Some(Format::Smart) };
pub(super) const SET: Flags =
    Flags { switches: &["app"], values: &["r", "relation", "file", "format"], format: None };

/// The relation that `-r` names, or else that of the hook. What precedes the number is not looked at.
pub(super) fn chosen(world: &World, parsed: &Parsed) -> Result<u32, Refusal> {
    let given = [("-r", "r"), ("--relation", "relation")]
        .into_iter()
        .find_map(|(shown, name)| Some((shown, parsed.text(name)?)));
    let Some((shown, text)) = given else {
        return world.context.relation.ok_or_else(|| Refusal::usage("no relation id specified"));
    };
    let wrong =
        |why: &str| Refusal::usage(format!("invalid value {text:?} for option {shown}: {why}"));
    let number = text.rsplit(':').next().unwrap_or(text);
    let id: u32 = number.parse().map_err(|_| wrong("invalid relation id"))?;
    world.draft.relation(id).map(|relation| relation.id).ok_or_else(|| wrong("relation not found"))
}

/// The relation called `id`, which [`chosen`] has seen.
pub(super) fn relation(world: &World, id: u32) -> Result<&Relation, Refusal> {
    world.draft.relation(id).ok_or_else(|| Refusal::failed("relation not found"))
}

pub(super) fn ids(world: &mut World, parsed: &Parsed) -> Result<Vec<u8>, Refusal> {
    let endpoint = parsed
        .positional(0)
        .or(world.context.endpoint.as_deref())
        .ok_or_else(|| Refusal::usage("no endpoint name specified"))?;
    parsed.at_most(1)?;
    let gone = world.context.breaking.filter(|_| !world.context.still_listed);
    let mut ids: Vec<String> = world
        .draft
        .relations
        .iter()
        .filter(|relation| relation.endpoint == endpoint && Some(relation.id) != gone)
        .map(|relation| format!("{endpoint}:{}", relation.id))
        .collect();
    ids.sort();
    content::print(parsed, &json!(ids))
}

pub(super) fn list(world: &mut World, parsed: &Parsed) -> Result<Vec<u8>, Refusal> {
    let id = chosen(world, parsed)?;
    parsed.at_most(0)?;
    let relation = relation(world, id)?;
    if parsed.is_set("app") {
        return content::print(parsed, &json!(relation.remote_app));
    }
    let breaking = world.context.breaking == Some(id);
    let left = world.context.departed.as_ref().filter(|_| world.context.relation == Some(id));
    let units: Vec<&String> =
        relation.remote_units_data.keys().filter(|unit| !breaking && Some(*unit) != left).collect();
    content::print(parsed, &json!(units))
}

pub(super) fn model(world: &mut World, parsed: &Parsed) -> Result<Vec<u8>, Refusal> {
    chosen(world, parsed)?;
    parsed.at_most(0)?;
    content::print(parsed, &json!({ "uuid": world.draft.model.uuid }))
}

pub(super) fn set(world: &mut World, parsed: &Parsed) -> Result<Vec<u8>, Refusal> {
    let id = chosen(world, parsed)?;
    let given = values::pairs(&parsed.positionals)?;
    let mut edits = values::file(parsed)?;
    edits.extend(given);
    let application = parsed.is_set("app");
    if application && !world.leader() {
        return Err(Refusal::failed("cannot write relation settings"));
    }
    world.needs_leadership |= application;
    let Some(relation) = world.draft.relation_mut(id) else {
        return Err(Refusal::failed("relation not found"));
    };
    let bag =
        if application { &mut relation.local_app_data } else { &mut relation.local_unit_data };
    for (key, value) in edits {
        if value.is_empty() {
            bag.remove(&key);
        } else {
            bag.insert(key, value);
        }
    }
    Ok(Vec::new())
}
