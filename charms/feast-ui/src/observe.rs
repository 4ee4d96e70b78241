//! Looking at the world through Juju and Pebble at the same time.

use charm::{Container, Endpoint, Observation};
use interfaces::feast_configuration::CERTIFICATES;
use juju::{Juju, Look};
use pebble::Pebble;

use crate::workload::{CONTAINER, FILE};

/// What Juju tells, and what Pebble tells of the container: the observation does not have it yet.
///
/// # Errors
///
/// [`juju::Error`] when Juju itself does not work.
pub async fn observe(
    juju: &Juju,
    endpoints: &[Endpoint],
) -> Result<(Observation, Result<Option<Container>, pebble::Error>), juju::Error> {
    let look = Look { endpoints, followers: true, ports: true, config: true, ..Look::default() };
    let pebble = Pebble::of(CONTAINER);
    // While Juju answers one hook command after another, Pebble answers too.
    let (seen, found) = tokio::join!(juju.observe(&look), pebble.observe(&[FILE, CERTIFICATES]));
    Ok((seen?, found))
}
