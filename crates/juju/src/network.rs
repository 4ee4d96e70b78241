//! Where this unit listens.

use std::net::IpAddr;

use crate::Juju;
use crate::command::{Error, ask};

impl Juju {
    /// The address of this unit's pod, as others reach it for `endpoint`; `None` while Juju does not know it.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Command`] when `network-get` does not work.
    pub async fn bind_address(&self, endpoint: &str) -> Result<Option<IpAddr>, crate::Error> {
        match ask::<Option<String>>("network-get", &["--bind-address", "--", endpoint]).await {
            Ok(text) => Ok(text.and_then(|text| text.parse().ok())),
            // `no network config found`, `no … address attached`: the pod has no address yet.
            Err(Error::Refused { stderr, .. })
                if ["no network config", "address attached"]
                    .iter()
                    .any(|no| stderr.contains(no)) =>
            {
                Ok(None)
            }
            Err(error) => Err(error)?,
        }
    }
}
