//! `state-get`, `state-set` and `state-delete`.

use serde_json::json;

use super::args::{Flags, Parsed};
use super::output::{Format, Refusal};
use super::{content, values};
use crate::world::World;

pub(super) const GET: Flags =
    Flags { switches: &["strict"], values: &[], format: Some(Format::Smart) };
pub(super) const SET: Flags = Flags { switches: &[], values: &["file"], format: None };

/// The longest key and value in bytes.
const LONGEST_KEY: usize = 256;
const LONGEST_VALUE: usize = 65536;

pub(super) fn get(world: &mut World, parsed: &Parsed) -> Result<Vec<u8>, Refusal> {
    parsed.at_most(1)?;
    let stored = &world.draft.stored;
    match parsed.positional(0) {
        None | Some("" | "-") if stored.is_empty() => content::print(parsed, &json!(null)),
        None | Some("" | "-") => content::print(parsed, &json!(stored)),
        Some(key) => match stored.get(key) {
            Some(value) => content::print(parsed, &json!(value)),
            None if parsed.is_set("strict") => Err(Refusal::failed(format!("{key:?} not found"))),
            None => content::print(parsed, &json!("")),
        },
    }
}

pub(super) fn set(world: &mut World, parsed: &Parsed) -> Result<Vec<u8>, Refusal> {
    let given = values::pairs(&parsed.positionals)?;
    let mut new = values::file(parsed)?;
    new.extend(given);
    for (key, value) in &new {
        if key.len() > LONGEST_KEY {
            return Err(Refusal::failed(format!(
                "max allowed key length ({LONGEST_KEY}) exceeded"
            )));
        }
        if value.len() > LONGEST_VALUE {
            return Err(Refusal::failed(format!(
                "max allowed value length ({LONGEST_VALUE}) exceeded"
            )));
        }
    }
    world.draft.stored.extend(new);
    Ok(Vec::new())
}

pub(super) fn delete(world: &mut World, parsed: &Parsed) -> Result<Vec<u8>, Refusal> {
    parsed.at_most(1)?;
    world.draft.stored.remove(parsed.positional(0).unwrap_or_default());
    Ok(Vec::new())
}
