//! `open-port`, `close-port` and `opened-ports`.

use serde_json::json;

use super::args::{Flags, Parsed};
use super::content;
use super::output::{Format, Refusal};
use crate::world::World;

pub(super) const CHANGE: Flags =
    Flags { switches: &[], values: &["endpoints", "format"], format: None };
pub(super) const LIST: Flags =
    Flags { switches: &["endpoints"], values: &[], format: Some(Format::Smart) };

pub(super) fn open(world: &mut World, parsed: &Parsed) -> Result<Vec<u8>, Refusal> {
    let port = port(parsed)?;
    world.draft.opened_ports.insert(port);
    Ok(Vec::new())
}

pub(super) fn close(world: &mut World, parsed: &Parsed) -> Result<Vec<u8>, Refusal> {
    let port = port(parsed)?;
    world.draft.opened_ports.remove(&port);
    Ok(Vec::new())
}

pub(super) fn opened(world: &mut World, parsed: &Parsed) -> Result<Vec<u8>, Refusal> {
    parsed.at_most(0)?;
    let star = if parsed.is_set("endpoints") { " (*)" } else { "" };
    let ports = world.draft.opened_ports.iter().map(|port| format!("{port}{star}"));
    content::print(parsed, &json!(ports.collect::<Vec<_>>()))
}

/// `number/protocol`.
fn port(parsed: &Parsed) -> Result<String, Refusal> {
    let Some(text) = parsed.positional(0) else {
        return Err(Refusal::usage("no port or range specified"));
    };
    parsed.at_most(1)?;
    let text = text.to_lowercase();
    let (number, protocol) = text.split_once('/').unwrap_or((&text, "tcp"));
    if text == "icmp" || protocol == "icmp" {
        return Ok("icmp".to_owned());
    }
    if !["tcp", "udp"].contains(&protocol) {
        return Err(Refusal::usage(format!(
            "invalid protocol {protocol:?}, expected \"tcp\", \"udp\", or \"icmp\""
        )));
    }
    let parse = |text: &str| {
        let number: i64 = text.parse().map_err(|_| {
            Refusal::usage(format!(
                "invalid port {text:?}: strconv.Atoi: parsing {text:?}: invalid syntax"
            ))
        })?;
        u16::try_from(number).map_err(|_| {
            Refusal::usage(format!(
                "port range bounds must be between 0 and 65535, got {number}-{number}"
            ))
        })
    };
    if let Some((from, to)) = number.split_once('-') {
        parse(from)?;
        parse(to)?;
        return Err(Refusal::failed(
            "port ranges are not supported for k8s applications, please specify a single port",
        ));
    }
    Ok(format!("{}/{protocol}", parse(number)?))
}
