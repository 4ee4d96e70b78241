//! What a charm that hands out the databases of a PostgreSQL has to do: for those who ask, and to the server.

mod clients;
mod server;

pub use clients::{Clients, DATABASE, Login};
pub use server::{Error, Found, Server, ServerChange, new_password};

use charm::Change;
use pebble::Pebble;

/// The notice by which a hook asks for another one.
const SECRET_CREATED: &str = "charmed-feast.dev/secret-created";

/// Asks for another hook where `changes` create a secret: it can be granted only after the hook that created it.
///
/// # Errors
///
/// What Pebble cannot do, unless its container is gone: its return is a hook.
pub async fn grant_later(pebble: &Pebble, changes: &[Change]) -> Result<(), pebble::Error> {
    if changes.iter().any(|change| matches!(change, Change::SecretAdd { .. })) {
        ask_for_a_hook(pebble).await?;
    }
    Ok(())
}

/// Asks for another hook after this one.
///
/// # Errors
///
/// As [`grant_later`].
pub async fn ask_for_a_hook(pebble: &Pebble) -> Result<(), pebble::Error> {
    match pebble.client().notify(SECRET_CREATED, &std::collections::BTreeMap::new()).await {
        Err(error) if !error.container_is_gone() => Err(error),
        _ => Ok(()),
    }
}
