//! `secret-grant`, `secret-revoke` and `secret-remove`.

use super::args::{Flags, Parsed};
use super::output::Refusal;
use super::relations;
use super::secret_read::uri;
use crate::Owner;
use crate::world::World;

pub(super) const GRANT: Flags =
    Flags { switches: &[], values: &["r", "relation", "unit"], format: None };
pub(super) const REVOKE: Flags =
    Flags { switches: &[], values: &["r", "relation", "app", "application", "unit"], format: None };
pub(super) const REMOVE: Flags = Flags { switches: &[], values: &["revision"], format: None };

pub(super) fn grant(world: &mut World, parsed: &Parsed) -> Result<Vec<u8>, Refusal> {
    let id = given(parsed)?;
    let relation = relations::chosen(world, parsed)?;
    parsed.at_most(1)?;
    let application = relations::relation(world, relation)?.remote_app.clone();
    let unit = parsed.text("unit").filter(|unit| !unit.is_empty()).map(str::to_owned);
    if let Some(unit) = &unit {
        let Some((name, _)) = unit.split_once('/') else {
            return Err(Refusal::usage(format!("unit {unit:?} not valid")));
        };
        if name != application {
            return Err(Refusal::usage(format!(
                "cannot specify unit {unit:?} in relation to application {application:?}"
            )));
        }
    }
    let leader = world.leader();
    let known = world.kept.secret(&id);
    let Some(secret) = world.draft.secret_mut(&id).filter(|secret| secret.managed(leader)) else {
        return Err(Refusal::failed(format!("secret {id:?} not found")));
    };
    // The agent looks at what the controller knows, not at what this hook has granted.
    match known.and_then(|known| known.grants.get(&relation)) {
        Some(granted) if granted.is_none() || *granted == unit => return Ok(Vec::new()),
        Some(_) if unit.is_none() => {
            return Err(Refusal::failed(
                "any unit level grants need to be revoked before granting access to the corresponding application",
            ));
        }
        _ => secret.grants.insert(relation, unit),
    };
    world.needs_leadership |= secret.owner == Owner::Application;
    Ok(Vec::new())
}

pub(super) fn revoke(world: &mut World, parsed: &Parsed) -> Result<Vec<u8>, Refusal> {
    let id = given(parsed)?;
    let application = parsed.text("app").or(parsed.text("application")).map(str::to_owned);
    let unit = parsed.text("unit").map(str::to_owned);
    if application.is_some() && unit.is_some() {
        return Err(Refusal::usage("specify only one of application or unit"));
    }
    let asked = parsed.text("r").or(parsed.text("relation")).is_some();
    let relation = if asked || world.context.relation.is_some() {
        Some(relations::chosen(world, parsed)?)
    } else {
        None
    };
    // A relation hook brings its relation along, so there `--app` never works.
    if relation.is_some() && application.is_some() {
        return Err(Refusal::usage("do not specify both relation and app"));
    }
    if relation.is_none() && application.is_none() && unit.is_none() {
        return Err(Refusal::usage("missing relation or application or unit"));
    }
    parsed.at_most(1)?;
    let named = application.or_else(|| Some(unit.as_deref()?.split('/').next()?.to_owned()));
    let meant: Vec<u32> = world
        .draft
        .relations
        .iter()
        .filter(|candidate| {
            relation.map_or(Some(&candidate.remote_app) == named.as_ref(), |id| id == candidate.id)
        })
        .map(|relation| relation.id)
        .collect();
    let leader = world.leader();
    let Some(secret) = world.draft.secret_mut(&id).filter(|secret| secret.managed(leader)) else {
        return Err(Refusal::failed(format!("secret {id:?} not found")));
    };
    secret.grants.retain(|id, _| !meant.contains(id));
    world.needs_leadership |= secret.owner == Owner::Application;
    Ok(Vec::new())
}

pub(super) fn remove(world: &mut World, parsed: &Parsed) -> Result<Vec<u8>, Refusal> {
    let id = given(parsed)?;
    parsed.at_most(1)?;
    let revision = parsed.text("revision").map(|text| {
        text.parse::<u32>().map_err(|_| {
            Refusal::usage(format!(
                "invalid value {text:?} for option --revision: strconv.ParseInt: parsing {text:?}: invalid syntax"
            ))
        })
    });
    let revision = revision.transpose()?.filter(|revision| *revision > 0);
    let (leader, unit) = (world.leader(), world.draft.unit.clone());
    if !world.draft.secret(&id).is_some_and(|secret| secret.managed(leader)) {
        // Whether it exists is for the controller to know.
        if world.draft.secret(&id).is_some() {
            world.refuse_at_flush("removing secrets", &unit);
        }
        return Ok(Vec::new());
    }
    world.needs_leadership |=
        world.draft.secret(&id).is_some_and(|secret| secret.owner == Owner::Application);
    match (revision, world.draft.secret_mut(&id)) {
        (Some(revision), Some(secret)) if secret.revisions.len() > 1 => {
            secret.revisions.remove(&revision);
        }
        _ => world.draft.secrets.retain(|secret| !secret.is(&id)),
    }
    Ok(Vec::new())
}

fn given(parsed: &Parsed) -> Result<String, Refusal> {
    uri(parsed.positional(0).ok_or_else(|| Refusal::usage("missing secret URI"))?)
}
