//! `config-get`.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::args::{Flags, Parsed};
use super::content;
use super::output::{Format, Refusal};
use crate::world::World;

pub(super) const FLAGS: Flags =
    Flags { switches: &["a", "all"], values: &[], format: Some(Format::Smart) };

pub(super) fn get(world: &mut World, parsed: &Parsed) -> Result<Vec<u8>, Refusal> {
    let all = parsed.is_set("a") || parsed.is_set("all");
    let key = parsed.positional(0);
    if let (true, Some(key)) = (all, key) {
        return Err(Refusal::usage(format!("cannot use argument --all together with key {key:?}")));
    }
    parsed.at_most(1)?;
    let options: BTreeMap<&String, Value> = world
        .charm
        .options
        .iter()
        .map(|(name, option)| {
            let set = world.draft.config.get(name);
            (name, set.or(option.default.as_ref()).cloned().unwrap_or(Value::Null))
        })
        .filter(|(_, value)| all || key.is_some() || !value.is_null())
        .collect();
    match key {
        Some(key) => content::print(parsed, &json!(options.get(&key.to_owned()))),
        None => content::print(parsed, &json!(options)),
    }
}
