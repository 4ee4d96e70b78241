//! `secret-get`, `secret-info-get` and `secret-ids`.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value, json};

use super::args::{Flags, Parsed};
use super::content;
use super::output::{Format, Refusal};
use crate::secret::identifier;
use crate::world::World;
use crate::{Owner, Role, Secret};

pub(super) const GET: Flags =
    Flags { switches: &["peek", "refresh"], values: &["label"], format: Some(Format::Yaml) };
pub(super) const INFO: Flags =
    Flags { switches: &[], values: &["label"], format: Some(Format::Yaml) };

/// The identifier in a URI.
pub(super) fn uri(text: &str) -> Result<String, Refusal> {
    identifier(text)
        .map(str::to_owned)
        .ok_or_else(|| Refusal::usage(format!("secret URI {text:?} not valid")))
}

pub(super) fn get(world: &mut World, parsed: &Parsed) -> Result<Vec<u8>, Refusal> {
    let given = parsed.positional(0).map(uri).transpose()?;
    let label = parsed.text("label").filter(|label| !label.is_empty());
    if given.is_none() && label.is_none() {
        return Err(Refusal::usage("require either a secret URI or label"));
    }
    let (peek, refresh) = (parsed.is_set("peek"), parsed.is_set("refresh"));
    if peek && refresh {
        return Err(Refusal::usage("specify one of --peek or --refresh but not both"));
    }
    parsed.at_most(2)?;
    let id = match (given, label) {
        (Some(id), label) => {
            readable(world, &id)?;
            if let Some(label) = label {
                set_label(world, &id, label)?;
            }
            id
        }
        (None, label) => labelled(world, label.unwrap_or_default())?,
    };
    let secret = readable(world, &id)?;
    let newest = secret.newest_revision();
    let revision = if peek || refresh { newest } else { secret.tracked.unwrap_or(newest) };
    let bag = secret.revisions.get(&revision).cloned().unwrap_or_default();
    if refresh || secret.tracked.is_none() {
        world.at_once(|state| {
            if let Some(secret) = state.secret_mut(&id) {
                secret.tracked = Some(revision);
            }
        });
    }
    match parsed.positional(1) {
        None => content::print(parsed, &json!(bag)),
        Some(key) => match (bag.get(key.trim_end_matches("#base64")), key.ends_with("#base64")) {
            (Some(value), true) => content::print(parsed, &json!(BASE64_STANDARD.encode(value))),
            (Some(value), false) => content::print(parsed, &json!(value)),
            (None, _) => Err(Refusal::failed(format!("secret key value {key:?} not found"))),
        },
    }
}

pub(super) fn info(world: &mut World, parsed: &Parsed) -> Result<Vec<u8>, Refusal> {
    let given = parsed.positional(0).map(uri).transpose()?;
    let label = parsed.text("label").filter(|label| !label.is_empty());
    let wanted = match (&given, label) {
        (None, None) => return Err(Refusal::usage("require either a secret URI or label")),
        (Some(_), Some(_)) => {
            return Err(Refusal::usage("specify either a secret URI or label but not both"));
        }
        (Some(id), None) => id.as_str(),
        (None, Some(label)) => label,
    };
    parsed.at_most(1)?;
    let secret = managed(world).find(|secret| match given {
        Some(_) => secret.is(wanted),
        None => secret.label == wanted,
    });
    let Some(secret) = secret else {
        return Err(Refusal::failed(format!("secret {wanted:?} not found")));
    };
    // A revision of this hook is none yet.
    let known = world.kept.secret(&secret.id);
    let revision = known.map_or(1, Secret::newest_revision);
    let mut shown = json!({
        "revision": revision,
        "label": secret.label,
        "owner": if secret.owner == Owner::Unit { "unit" } else { "application" },
    });
    if !secret.description.is_empty() {
        shown["description"] = json!(secret.description);
    }
    match (secret.rotation.as_str(), known) {
        ("", None) => {}
        ("", Some(_)) => shown["rotation"] = json!("never"),
        (rotation, _) => shown["rotation"] = json!(rotation),
    }
    // Neither are its grants and revocations: the agent forgets to show them.
    let access = known.map(|known| access(world, known)).unwrap_or_default();
    if !access.is_empty() {
        shown["access"] = json!(access);
    }
    let all: Map<String, Value> = [(secret.bare_id().to_owned(), shown)].into_iter().collect();
    content::print(parsed, &Value::Object(all))
}

pub(super) fn ids(world: &mut World, parsed: &Parsed) -> Result<Vec<u8>, Refusal> {
    parsed.at_most(0)?;
    let ids: Vec<&str> = managed(world).map(Secret::bare_id).collect();
    content::print(parsed, &if ids.is_empty() { Value::Null } else { json!(ids) })
}

/// The secrets that our unit manages.
fn managed(world: &World) -> impl Iterator<Item = &Secret> {
    let leader = world.leader();
    world.draft.secrets.iter().filter(move |secret| secret.managed(leader))
}

fn access(world: &World, secret: &Secret) -> Vec<Value> {
    let grants = secret.grants.iter().filter_map(|(id, unit)| {
        let relation = world.draft.relation(*id)?;
        let target = match unit {
            Some(unit) => format!("unit-{}", unit.replace('/', "-")),
            None => format!("application-{}", relation.remote_app),
        };
        let endpoint = &relation.endpoint;
        let (ours, theirs) = (world.draft.application(), &relation.remote_app);
        let scope = match world.charm.role(endpoint) {
            Some(Role::Provides) => format!("relation-{theirs}.{endpoint}#{ours}.{endpoint}"),
            _ => format!("relation-{ours}.{endpoint}#{theirs}.{endpoint}"),
        };
        Some(json!({ "target": target, "scope": scope, "role": "view" }))
    });
    grants.collect()
}

fn readable<'a>(world: &'a World, id: &str) -> Result<&'a Secret, Refusal> {
    let state = &world.draft;
    let Some(secret) = state.secret(id) else {
        return Err(Refusal::failed(if state.is_juju_4() {
            "getting latest secret revision: secret not found".to_owned()
        } else {
            format!("secret \"secret:{id}\" not found")
        }));
    };
    // Units of the owner read it without a grant.
    if secret.owner == Owner::Other && !secret.readable {
        return Err(Refusal::failed(if state.is_juju_4() {
            format!("{:?} is not allowed to read this secret", state.unit)
        } else {
            "permission denied".to_owned()
        }));
    }
    Ok(secret)
}

/// Our own label for a secret takes effect at once. No two secrets can have the same.
fn set_label(world: &mut World, id: &str, label: &str) -> Result<(), Refusal> {
    let taken = world
        .draft
        .secrets
        .iter()
        .any(|other| !other.is(id) && other.consumer_label.as_deref() == Some(label));
    if taken {
        return Err(Refusal::failed(if world.draft.is_juju_4() {
            "getting latest secret revision: UNIQUE constraint failed: secret_unit_consumer.label, secret_unit_consumer.unit_uuid".to_owned()
        } else {
            format!(
                "getting latest secret revision: secret label {label:?} for consumer \"unit-{}\" already exists",
                world.draft.unit.replace('/', "-")
            )
        }));
    }
    world.at_once(|state| {
        if let Some(secret) = state.secret_mut(id) {
            secret.consumer_label = Some(label.to_owned());
        }
    });
    Ok(())
}

/// The owner's label goes before our own.
fn labelled(world: &World, label: &str) -> Result<String, Refusal> {
    let secrets = &world.draft.secrets;
    let owned = secrets.iter().find(|secret| secret.owner != Owner::Other && secret.label == label);
    let found = owned
        .or_else(|| secrets.iter().find(|secret| secret.consumer_label.as_deref() == Some(label)));
    found.map(|secret| secret.bare_id().to_owned()).ok_or_else(|| {
        Refusal::failed(if world.draft.is_juju_4() {
            format!("secret URI for consumer label {label:?} not found")
        } else {
            format!("consumer label {label:?} not found")
        })
    })
}
