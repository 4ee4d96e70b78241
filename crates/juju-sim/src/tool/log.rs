//! `juju-log`.

use super::args::{Flags, Parsed};
use super::output::Refusal;
use crate::LogLine;
use crate::world::World;

pub(super) const FLAGS: Flags =
    Flags { switches: &["debug"], values: &["l", "log-level"], format: None };

const LEVELS: &[&str] = &["TRACE", "DEBUG", "INFO", "WARN", "WARNING", "ERROR", "CRITICAL"];

pub(super) fn log(world: &mut World, parsed: &Parsed) -> Result<Vec<u8>, Refusal> {
    if parsed.positionals.is_empty() {
        return Err(Refusal::usage("no message specified"));
    }
    let asked = parsed.text("log-level").or(parsed.text("l")).unwrap_or("INFO").to_uppercase();
    let level = if parsed.is_set("debug") { "DEBUG".to_owned() } else { asked };
    let known = LEVELS.contains(&level.as_str());
    if !known {
        let message = format!("Specified log level of {level:?} is not valid");
        world.at_once(|state| {
            state.log.push(LogLine { level: "WARNING".to_owned(), message: message.clone() });
        });
    }
    let level = match level.as_str() {
        _ if !known => "INFO",
        "WARN" => "WARNING",
        level => level,
    };
    let prefix = match (&world.context.endpoint, world.context.relation) {
        (Some(endpoint), Some(id)) => format!("{endpoint}:{id}: "),
        _ => String::new(),
    };
    let message = prefix + &parsed.positionals.join(" ");
    world.at_once(|state| {
        state.log.push(LogLine { level: level.to_owned(), message: message.clone() });
    });
    Ok(Vec::new())
}
