//! `secret-add` and `secret-set`.

use std::fs;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::args::{Flags, Parsed};
use super::output::Refusal;
use super::secret_read::uri;
use crate::world::World;
use crate::{Bag, Owner, Secret};

pub(super) const FLAGS: Flags = Flags {
    switches: &[],
    values: &["label", "description", "owner", "rotate", "expire", "file"],
    format: None,
};

const ROTATIONS: &[&str] =
    &["never", "hourly", "daily", "weekly", "monthly", "quarterly", "yearly"];
/// The most content, in bytes of its base64 text.
const MOST: usize = 1_000_000;
/// The number of three digits in [`DIGITS`] that identifiers start to count from, `n4g`, and the step between two of them:
/// the last digit counts with one bit only.
const FIRST: usize = 23 * 1024 + 4 * 32 + 16;
const STEP: usize = 16;
const DIGITS: &[u8; 32] = b"0123456789abcdefghijklmnopqrstuv";

pub(super) fn add(world: &mut World, parsed: &Parsed) -> Result<Vec<u8>, Refusal> {
    if parsed.positionals.is_empty() && parsed.text("file").is_none() {
        return Err(Refusal::usage("missing secret value or filename"));
    }
    let new = update(parsed, &parsed.positionals)?;
    if new.content.is_empty() {
        return Err(Refusal::failed("empty secret value not valid"));
    }
    let owner = if parsed.text("owner") == Some("unit") { Owner::Unit } else { Owner::Application };
    if owner == Owner::Application && !world.leader() {
        return Err(Refusal::failed("this unit is not the leader"));
    }
    let taken_here = world.draft.secrets.iter().any(|secret| {
        new.label.as_ref() == Some(&secret.label)
            && secret.owner == owner
            && world.kept.secret(&secret.id).is_none()
    });
    if let (true, Some(label)) = (taken_here, &new.label) {
        return Err(Refusal::failed(format!("secret with label {label:?} already exists")));
    }
    let id = unused(world);
    world.needs_leadership |= owner == Owner::Application;
    world.draft.secrets.push(Secret {
        id: id.clone(),
        owner,
        label: new.label.unwrap_or_default(),
        revisions: [(1, new.content)].into(),
        description: new.description.unwrap_or_default(),
        rotation: new.rotation.unwrap_or_default(),
        ..Secret::default()
    });
    // Juju 4.1 prints the long form.
    let state = &world.draft;
    let printed = if state.is_juju_4() {
        format!("secret://{}/{id}", state.model.uuid)
    } else {
        format!("secret:{id}")
    };
    Ok(format!("{printed}\n").into_bytes())
}

pub(super) fn set(world: &mut World, parsed: &Parsed) -> Result<Vec<u8>, Refusal> {
    let Some((first, rest)) = parsed.positionals.split_first() else {
        return Err(Refusal::usage("missing secret URI"));
    };
    let id = uri(first)?;
    let new = update(parsed, rest)?;
    let leader = world.leader();
    let before = world.kept.secret(&id).map_or(0, Secret::newest_revision);
    let unit = world.draft.unit.clone();
    let known = world.draft.secret(&id).is_some();
    let Some(secret) = world.draft.secret_mut(&id).filter(|secret| secret.managed(leader)) else {
        // Juju 4 makes nothing of a secret that does not exist.
        if known || !world.draft.is_juju_4() {
            world.refuse_at_flush("updating secrets", &unit);
        }
        return Ok(Vec::new());
    };
    if !new.content.is_empty() && secret.newest() != Some(&new.content) {
        // All that one hook sets becomes one revision.
        secret.revisions.insert(before + 1, new.content);
    }
    if let Some(label) = new.label {
        secret.label = label;
    }
    if let Some(description) = new.description {
        secret.description = description;
    }
    if let Some(rotation) = new.rotation {
        secret.rotation = rotation;
    }
    world.needs_leadership |= secret.owner == Owner::Application;
    Ok(Vec::new())
}

impl Secret {
    /// Whether our unit may change it.
    pub(super) fn managed(&self, leader: bool) -> bool {
        match self.owner {
            Owner::Application => leader,
            Owner::Unit => true,
            Owner::Other => false,
        }
    }
}

impl World {
    /// Lets the controller refuse the whole hook, as it does where the unit cannot know that it may not.
    pub(super) fn refuse_at_flush(&mut self, doing: &str, unit: &str) {
        self.refused_at_flush.push(if self.draft.is_juju_4() {
            format!("{doing}: {unit:?} is not allowed to manage this secret")
        } else {
            format!("{doing}: permission denied")
        });
    }
}

struct Update {
    content: Bag,
    label: Option<String>,
    description: Option<String>,
    rotation: Option<String>,
}

fn update(parsed: &Parsed, args: &[String]) -> Result<Update, Refusal> {
    let text = |name: &str| parsed.text(name).filter(|text| !text.is_empty()).map(str::to_owned);
    if let Some(policy) = text("rotate").filter(|policy| !ROTATIONS.contains(&policy.as_str())) {
        return Err(Refusal::usage(format!("rotate policy {policy:?} not valid")));
    }
    if let Some(owner) =
        parsed.text("owner").filter(|owner| !["application", "unit"].contains(owner))
    {
        return Err(Refusal::usage(format!("secret owner {owner:?} not valid")));
    }
    let mut content = Bag::new();
    for arg in args {
        // Base64 ends in `=`, so an empty value cannot be told from no value.
        let stripped = arg.trim_end_matches('=');
        let Some(at) = stripped.find('=').filter(|at| *at > 0) else {
            return Err(Refusal::usage(format!("key value {arg:?} not valid")));
        };
        let (key, value) = (&arg[..at], &arg[at + 1..]);
        if let Some(key) = key.strip_suffix("#file") {
            let text = fs::read_to_string(value).map_err(|_| {
                Refusal::usage(format!(
                    "reading content for secret key {key:?}: open {value}: no such file or directory"
                ))
            })?;
            content.insert(key.to_owned(), text);
        } else {
            content.insert(key.to_owned(), value.to_owned());
        }
    }
    if let Some(path) = text("file") {
        content.extend(read(&path)?);
    }
    let content = decoded(content)?;
    Ok(Update {
        content,
        label: text("label"),
        description: text("description"),
        rotation: text("rotate"),
    })
}

/// The file is the agent's to open, from its own folder: a relative path leads elsewhere.
fn read(path: &str) -> Result<Bag, Refusal> {
    let missing = || Refusal::usage(format!("open {path}: no such file or directory"));
    if !path.starts_with('/') {
        return Err(missing());
    }
    let text = fs::read_to_string(path).map_err(|_| missing())?;
    if let Ok(content) = serde_json::from_str(&text) {
        return Ok(content);
    }
    serde_yaml::from_str(&text).map_err(|error| Refusal::usage(format!("yaml: {error}")))
}

/// The content with plain keys. Values are bytes to Juju, and text here.
fn decoded(content: Bag) -> Result<Bag, Refusal> {
    let mut size = 0;
    let mut plain = Bag::new();
    for (key, value) in content {
        let (key, value) = if let Some(key) = key.strip_suffix("#base64") {
            size += value.len();
            let bytes = BASE64_STANDARD.decode(&value).unwrap_or_default();
            (key.to_owned(), String::from_utf8_lossy(&bytes).into_owned())
        } else {
            size += value.len().div_ceil(3) * 4;
            (key, value)
        };
        if !is_key(&key) {
            return Err(Refusal::usage(format!("key {key:?} not valid")));
        }
        plain.insert(key, value);
    }
    if size > MOST {
        return Err(Refusal::usage(format!(
            "base64 encoded secret content too large: {size} bytes"
        )));
    }
    Ok(plain)
}

/// `^([a-z](?:-?[a-z0-9]){2,})$`
fn is_key(key: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let letters = key.bytes().filter(|byte| plain(*byte)).count();
    key.starts_with(|first: char| first.is_ascii_lowercase())
        && letters > 2
        && key.bytes().all(|byte| plain(byte) || byte == b'-')
        && !key.contains("--")
        && !key.ends_with('-')
}

/// An identifier that no secret has; the same in every run.
fn unused(world: &World) -> String {
    let mut number = FIRST;
    loop {
        let digit = |shift: usize| char::from(DIGITS[(number >> shift) & 31]);
        let id = format!("9m4e2mr0ui3e8a215{}{}{}", digit(10), digit(5), digit(0));
        if world.draft.secret(&id).is_none() && world.kept.secret(&id).is_none() {
            return id;
        }
        number += STEP;
    }
}
