//! `is-leader`, `status-set`, `status-get`, `application-version-set`, `resource-get` and `credential-get`.

use serde_json::{Map, Value, json};

use super::args::{Flags, Parsed};
use super::content;
use super::output::{Format, Refusal};
use crate::Status;
use crate::world::World;

pub(super) const STATUS_SET: Flags =
    Flags { switches: &["application"], values: &[], format: None };
pub(super) const STATUS_GET: Flags =
    Flags { switches: &["application", "include-data"], values: &[], format: Some(Format::Smart) };

const SETTABLE: &[&str] = &["maintenance", "blocked", "waiting", "active"];
const NOT_THE_LEADER: &str = "this unit is not the leader";

pub(super) fn is_leader(world: &mut World, parsed: &Parsed) -> Result<Vec<u8>, Refusal> {
    parsed.at_most(0)?;
    content::print(parsed, &json!(world.leader()))
}

pub(super) fn status_set(world: &mut World, parsed: &Parsed) -> Result<Vec<u8>, Refusal> {
    let Some(name) = parsed.positional(0) else {
        return Err(Refusal::usage("invalid args, require <status> [message]"));
    };
    if !SETTABLE.contains(&name) {
        return Err(Refusal::usage(format!(
            "invalid status {name:?}, expected one of [{}]",
            SETTABLE.join(" ")
        )));
    }
    parsed.at_most(2)?;
    let status = Status::new(name, parsed.positional(1).unwrap_or_default());
    if parsed.is_set("application") {
        if !world.leader() {
            return Err(Refusal::failed(NOT_THE_LEADER));
        }
        world.at_once(|state| state.app_status = status.clone());
    } else {
        world.at_once(|state| state.unit_status = status.clone());
    }
    Ok(Vec::new())
}

pub(super) fn status_get(world: &mut World, parsed: &Parsed) -> Result<Vec<u8>, Refusal> {
    parsed.at_most(0)?;
    let data = parsed.is_set("include-data");
    let shown = |status: &Status| -> Value {
        if data {
            json!({ "status": status.name, "message": status.message, "status-data": {} })
        } else {
            json!({ "status": status.name })
        }
    };
    if !parsed.is_set("application") {
        let status = world.status_seen.get_or_insert_with(|| world.draft.unit_status.clone());
        return if parsed.format == Some(Format::Smart) && !data {
            content::print(parsed, &json!(status.name))
        } else {
            content::print(parsed, &shown(status))
        };
    }
    let state = &world.draft;
    if !world.leader() {
        return Err(Refusal::failed(format!("finding application status: {NOT_THE_LEADER}")));
    }
    let mut application = shown(&state.app_status);
    let unknown = Status::default();
    let peers = state.relations.iter().filter(|relation| world.charm.is_peer(&relation.endpoint));
    let peers = peers.flat_map(|relation| relation.remote_units_data.keys());
    let units: Map<String, Value> = peers
        .map(|unit| (unit.clone(), shown(&unknown)))
        .chain([(state.unit.clone(), shown(&state.unit_status))])
        .collect();
    application["units"] = Value::Object(units);
    content::print(parsed, &json!({ "application-status": application }))
}

pub(super) fn version_set(world: &mut World, parsed: &Parsed) -> Result<Vec<u8>, Refusal> {
    let Some(version) = parsed.positional(0).map(str::to_owned) else {
        return Err(Refusal::usage("no version specified"));
    };
    parsed.at_most(1)?;
    world.at_once(|state| state.workload_version.clone_from(&version));
    Ok(Vec::new())
}

pub(super) fn resource(world: &mut World, parsed: &Parsed) -> Result<Vec<u8>, Refusal> {
    let Some(name) = parsed.positional(0) else {
        return Err(Refusal::usage("missing required resource name"));
    };
    parsed.at_most(1)?;
    let declared = world.charm.resources.iter().any(|resource| resource == name);
    let path = world.draft.resources.get(name).filter(|_| declared);
    let path = path.ok_or_else(|| {
        Refusal::failed(format!("could not download resource: resource#{name} not found"))
    })?;
    Ok(path.display().to_string().into_bytes())
}

pub(super) fn credential(world: &mut World, parsed: &Parsed) -> Result<Vec<u8>, Refusal> {
    parsed.at_most(0)?;
    if !world.draft.trusted {
        return Err(Refusal::failed("cannot access cloud credentials: permission denied"));
    }
    content::print(
        parsed,
        &json!({
            "type": "kubernetes",
            "name": "k8s",
            "region": "default",
            "endpoint": "https://10.152.183.1:443",
            "credential": { "auth-type": "oauth2", "attrs": { "Token": "token" } },
            "is-controller-cloud": true,
        }),
    )
}
