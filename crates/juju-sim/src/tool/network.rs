//! `network-get`, `unit-get`, `goal-state` and storage.

use serde_json::{Map, Value, json};

use super::args::{Flags, Parsed};
use super::content;
use super::output::{Format, Refusal};
use crate::world::World;

pub(super) const FLAGS: Flags = Flags {
    switches: &["bind-address", "ingress-address", "egress-subnets"],
    values: &["r", "relation"],
    format: Some(Format::Smart),
};
pub(super) const STORAGE: Flags =
    Flags { switches: &[], values: &["s"], format: Some(Format::Smart) };

/// Juju does not say since when in a way that a test could rely on.
const SINCE: &str = "2006-01-02 15:04:05Z";

pub(super) fn get(world: &mut World, parsed: &Parsed) -> Result<Vec<u8>, Refusal> {
    let Some(binding) = parsed.positional(0) else {
        return Err(Refusal::usage("no arguments specified"));
    };
    parsed.at_most(1)?;
    if binding.is_empty() {
        return Err(Refusal::usage("no binding name specified"));
    }
    let charm = &world.charm;
    let known =
        charm.endpoints.contains_key(binding) || charm.bindings.iter().any(|name| name == binding);
    if !known {
        return Err(Refusal::failed(format!("no network config found for binding {binding:?}")));
    }
    let state = &world.draft;
    let (pod, service) = (known_address(&state.address), known_address(&state.service_address));
    let subnets = service.map(|service| json!([format!("{service}/32")]));
    let single: Vec<(&str, Option<Value>)> = [
        ("bind-address", pod.map(|pod| json!(pod))),
        ("egress-subnets", subnets.clone()),
        ("ingress-address", service.map(|service| json!(service))),
    ]
    .into_iter()
    .filter(|(name, _)| parsed.is_set(name))
    .collect();
    match single.as_slice() {
        [] => {
            let devices = pod.map(|pod| {
                json!([{
                    "mac-address": "",
                    "interface-name": "",
                    "addresses": [{ "hostname": "", "value": pod, "cidr": "" }],
                }])
            });
            let all = [
                ("bind-addresses", devices),
                ("egress-subnets", subnets),
                ("ingress-addresses", service.map(|service| json!([service]))),
            ];
            content::print(parsed, &object(&all))
        }
        [(_, value)] => content::print(parsed, &json!(value.clone().unwrap_or(json!("")))),
        several => content::print(parsed, &object(several)),
    }
}

/// What is not known yet is left out.
fn object(fields: &[(&str, Option<Value>)]) -> Value {
    let known =
        fields.iter().filter_map(|(name, value)| Some(((*name).to_owned(), value.clone()?)));
    Value::Object(known.collect())
}

fn known_address(address: &str) -> Option<&str> {
    Some(address).filter(|address| !address.is_empty())
}

pub(super) fn unit_get(world: &mut World, parsed: &Parsed) -> Result<Vec<u8>, Refusal> {
    parsed.at_most(1)?;
    match parsed.positional(0) {
        Some(name @ ("private-address" | "public-address")) => {
            let public = name == "public-address";
            let state = &world.draft;
            let address = if public { &state.service_address } else { &state.address };
            let address = known_address(address).ok_or_else(|| {
                let kind = if public { "public" } else { "private" };
                Refusal::failed(format!("{kind} address not found"))
            })?;
            content::print(parsed, &json!(address))
        }
        Some(other) => Err(Refusal::usage(format!("unknown setting {other:?}"))),
        None => Err(Refusal::usage("no setting specified")),
    }
}

pub(super) fn goal_state(world: &mut World, parsed: &Parsed) -> Result<Vec<u8>, Refusal> {
    parsed.at_most(0)?;
    let state = &world.draft;
    let mut units =
        json!({ state.unit.clone(): { "status": state.unit_status.name, "since": SINCE } });
    for (unit, status) in &state.goals {
        units[unit] = json!({ "status": status, "since": SINCE });
    }
    let mut relations: Map<String, Value> = Map::new();
    for relation in &state.relations {
        if world.charm.is_peer(&relation.endpoint) {
            for unit in relation.remote_units_data.keys() {
                units[unit] = json!({ "status": "active", "since": SINCE });
            }
            continue;
        }
        let goal = relations.entry(relation.endpoint.clone()).or_insert_with(|| json!({}));
        goal[&relation.remote_app] = json!({ "status": "joined", "since": SINCE });
        for unit in relation.remote_units_data.keys() {
            goal[unit] = json!({ "status": "active", "since": SINCE });
        }
    }
    content::print(parsed, &json!({ "units": units, "relations": relations }))
}

pub(super) fn storage_list(world: &mut World, parsed: &Parsed) -> Result<Vec<u8>, Refusal> {
    parsed.at_most(1)?;
    let ids: Vec<&String> = world
        .context
        .storage
        .iter()
        .filter(|id| {
            let name = id.split('/').next();
            parsed.positional(0).is_none_or(|wanted| name == Some(wanted))
        })
        .collect();
    content::print(parsed, &json!(ids))
}

pub(super) fn storage_get(world: &mut World, parsed: &Parsed) -> Result<Vec<u8>, Refusal> {
    let attached = world.context.storage.as_deref();
    if let Some(id) = parsed.text("s").filter(|id| attached != Some(id)) {
        let state = &world.draft;
        let what = if state.is_juju_4() {
            format!("storage instance {id:?}")
        } else {
            format!("storage attachment {id}:{}", state.unit)
        };
        return Err(Refusal::usage(format!(
            "invalid value {id:?} for option -s: {what} not found"
        )));
    }
    let id = attached.ok_or_else(|| Refusal::usage("no storage instance specified"))?;
    parsed.at_most(1)?;
    let all = json!({ "kind": "filesystem", "location": format!("/var/lib/juju/storage/{id}") });
    match parsed.positional(0) {
        None => content::print(parsed, &all),
        Some(key) => match all.get(key) {
            Some(value) => content::print(parsed, value),
            None => Err(Refusal::failed(format!("invalid storage attribute {key:?}"))),
        },
    }
}
