//! Ports that the unit opens.

use std::collections::BTreeSet;

use charm::Port;

use crate::command::Error;
use crate::hook_commands::HookCommands;

/// The ports that this unit has opened, this hook's changes included. What is no single TCP or UDP port is not told.
pub(crate) async fn opened(commands: &HookCommands) -> Result<BTreeSet<Port>, Error> {
    let ports: Option<Vec<String>> = commands.ask("opened-ports", &[]).await?;
    Ok(ports.unwrap_or_default().iter().filter_map(|port| port.parse().ok()).collect())
}

/// Opens a port when the hook ends well.
pub(crate) async fn open(commands: &HookCommands, port: Port) -> Result<(), Error> {
    commands.run("open-port", &[&port.to_string()]).await
}

/// Closes a port when the hook ends well.
pub(crate) async fn close(commands: &HookCommands, port: Port) -> Result<(), Error> {
    commands.run("close-port", &[&port.to_string()]).await
}
