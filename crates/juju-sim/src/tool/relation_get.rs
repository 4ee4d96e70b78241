//! `relation-get`.

use serde_json::json;

use super::args::{Flags, Parsed};
use super::output::{Format, Refusal};
use super::{content, relations};
use crate::Bag;
use crate::world::World;

pub(super) const FLAGS: Flags =
    Flags { switches: &["app"], values: &["r", "relation"], format: Some(Format::Smart) };

pub(super) fn get(world: &mut World, parsed: &Parsed) -> Result<Vec<u8>, Refusal> {
    let id = relations::chosen(world, parsed)?;
    let (target, application) = target(world, parsed)?;
    parsed.at_most(2)?;
    let bag = if application {
        application_bag(world, id, &target)?
    } else {
        unit_bag(world, id, &target)?
    };
    match parsed.positional(0) {
        None | Some("" | "-") => content::print(parsed, &json!(bag)),
        Some(key) => content::print(parsed, &json!(bag.get(key))),
    }
}

/// Whose databag is meant, and whether it is an application's.
fn target(world: &World, parsed: &Parsed) -> Result<(String, bool), Refusal> {
    let application = parsed.is_set("app");
    let context = &world.context;
    let Some(given) = parsed.positional(1) else {
        let unit = context.remote_unit.clone().filter(|_| !application);
        return match (unit, context.remote_app.clone()) {
            (Some(unit), _) => Ok((unit, false)),
            (None, Some(name)) => Ok((name, true)),
            (None, None) => Err(Refusal::usage("no unit or application specified")),
        };
    };
    let is_unit = given
        .rsplit_once('/')
        .is_some_and(|(name, number)| is_application(name) && number.parse::<u32>().is_ok());
    match (application, is_unit) {
        (true, true) => Ok((given.split('/').next().unwrap_or(given).to_owned(), true)),
        (true, false) => Ok((given.to_owned(), true)),
        (false, true) => Ok((given.to_owned(), false)),
        (false, false) if is_application(given) => {
            Err(Refusal::usage(format!("expected unit name, got application name {given:?}")))
        }
        (false, false) => Err(Refusal::usage(format!("invalid unit name {given:?}"))),
    }
}

fn application_bag<'a>(world: &'a World, id: u32, name: &str) -> Result<&'a Bag, Refusal> {
    let relation = relations::relation(world, id)?;
    let state = &world.draft;
    if name == state.application() {
        // Juju 4 lets followers read it. Nobody should rely on that, but it is so.
        let allowed =
            world.leader() || world.charm.is_peer(&relation.endpoint) || state.is_juju_4();
        return allowed
            .then_some(&relation.local_app_data)
            .ok_or_else(|| Refusal::failed("permission denied"));
    }
    if name == relation.remote_app {
        return Ok(&relation.remote_app_data);
    }
    Err(Refusal::failed(if state.is_juju_4() {
        format!("getting application {name:?} not found")
    } else {
        "permission denied".to_owned()
    }))
}

fn unit_bag<'a>(world: &'a World, id: u32, unit: &str) -> Result<&'a Bag, Refusal> {
    let relation = relations::relation(world, id)?;
    let state = &world.draft;
    if unit == state.unit {
        return Ok(&relation.local_unit_data);
    }
    if let Some(bag) = relation.remote_units_data.get(unit) {
        return Ok(bag);
    }
    let related = unit.rsplit_once('/').is_some_and(|(name, _)| name == relation.remote_app);
    Err(Refusal::failed(match (state.is_juju_4(), related) {
        (true, _) => "relation unit not found".to_owned(),
        (false, false) => "permission denied".to_owned(),
        (false, true) => format!(
            "cannot read settings for unit {unit:?} in relation \"{}:{} {}:{}\": unit {unit:?}: settings not found",
            state.application(),
            relation.endpoint,
            relation.remote_app,
            relation.endpoint
        ),
    }))
}

fn is_application(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.chars().all(|character| {
            character.is_ascii_lowercase() || character.is_ascii_digit() || character == '-'
        })
}
