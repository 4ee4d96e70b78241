//! `action-get`, `action-set`, `action-fail` and `action-log`.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::args::Parsed;
use super::content;
use super::output::Refusal;
use crate::LogLine;
use crate::world::{RunningAction, World};

const RESERVED: &[&str] = &["stdout", "stdout-encoding", "stderr", "stderr-encoding"];

pub(super) fn get(world: &mut World, parsed: &Parsed) -> Result<Vec<u8>, Refusal> {
    parsed.at_most(1)?;
    let parameters = json!(running(world)?.parameters);
    let Some(key) = parsed.positional(0).filter(|key| !key.is_empty()) else {
        return content::print(parsed, &parameters);
    };
    let value = key.split('.').try_fold(&parameters, |value, part| value.get(part));
    content::print(parsed, value.unwrap_or(&Value::Null))
}

pub(super) fn set(world: &mut World, parsed: &Parsed) -> Result<Vec<u8>, Refusal> {
    let mut pairs = Vec::new();
    for arg in &parsed.positionals {
        let Some((key, value)) = arg.split_once('=') else {
            return Err(Refusal::usage(format!(
                "argument {arg:?} must be of the form key...=value"
            )));
        };
        for part in key.split('.') {
            if !is_key(part) {
                return Err(Refusal::usage(format!(
                    "key {part:?} must start and end with lowercase alphanumeric, and contain only lowercase alphanumeric and hyphens"
                )));
            }
            if RESERVED.contains(&part) {
                return Err(Refusal::usage(format!("cannot set reserved action key \"{part}\"")));
            }
        }
        pairs.push((key, value));
    }
    let action = running(world)?;
    for (key, value) in pairs {
        let parts: Vec<&str> = key.split('.').collect();
        insert(&mut action.results, &parts, value);
    }
    Ok(Vec::new())
}

pub(super) fn fail(world: &mut World, parsed: &Parsed) -> Result<Vec<u8>, Refusal> {
    parsed.at_most(1)?;
    let message = parsed
        .positional(0)
        .unwrap_or("action failed without reason given, check action for errors");
    running(world)?.failure = Some(message.to_owned());
    Ok(Vec::new())
}

pub(super) fn log(world: &mut World, parsed: &Parsed) -> Result<Vec<u8>, Refusal> {
    running(world)?;
    if parsed.positionals.is_empty() {
        return Err(Refusal::usage("no message specified"));
    }
    let message = parsed.positionals.join(" ");
    world.at_once(|state| {
        state.log.push(LogLine { level: "ACTION".to_owned(), message: message.clone() });
    });
    Ok(Vec::new())
}

fn running(world: &mut World) -> Result<&mut RunningAction, Refusal> {
    world.action.as_mut().ok_or_else(|| Refusal::failed("not running an action"))
}

/// A later value replaces an earlier map, and the other way round.
fn insert(results: &mut BTreeMap<String, Value>, parts: &[&str], value: &str) {
    let Some((first, rest)) = parts.split_first() else { return };
    if rest.is_empty() {
        results.insert((*first).to_owned(), json!(value));
        return;
    }
    let slot = results.entry((*first).to_owned()).or_insert(Value::Null);
    let mut inner: BTreeMap<String, Value> = match slot.take() {
        Value::Object(map) => map.into_iter().collect(),
        _ => BTreeMap::new(),
    };
    insert(&mut inner, rest, value);
    *slot = Value::Object(inner.into_iter().collect::<Map<_, _>>());
}

fn is_key(text: &str) -> bool {
    let plain = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = text.as_bytes();
    bytes.first().is_some_and(plain)
        && bytes.last().is_some_and(plain)
        && bytes.iter().all(|byte| plain(byte) || *byte == b'-')
}
