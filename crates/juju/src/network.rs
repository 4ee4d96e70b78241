//! Where this unit is on the network.

use std::net::IpAddr;

use serde::Deserialize;

use crate::Juju;
use crate::command::Error;

/// Where this unit is on the network, as far as Juju knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Network {
    /// Addresses that the unit can listen on: that of its pod. Juju tells no loopback address.
    pub bind: Vec<IpAddr>,
    /// Addresses at which others reach the application: on Kubernetes that of its Service.
    pub ingress: Vec<IpAddr>,
}

impl Juju {
    /// Where this unit is for the other side of `endpoint`. Nothing is known before the pod has an address.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Command`] when `network-get` does not work.
    pub async fn network(&self, endpoint: &str) -> Result<Network, crate::Error> {
        match self.commands().ask::<Answer>("network-get", &["--", endpoint]).await {
            Ok(answer) => Ok(answer.into()),
            Err(Error::Refused { stderr, .. })
                if ["no network config", "address attached"]
                    .iter()
                    .any(|no| stderr.contains(no)) =>
            {
                Ok(Network::default())
            }
            Err(error) => Err(error)?,
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
struct Answer {
    bind_addresses: Vec<Device>,
    ingress_addresses: Vec<String>,
}

#[derive(Deserialize)]
struct Device {
    #[serde(default)]
    addresses: Vec<Address>,
}

#[derive(Deserialize)]
struct Address {
    value: String,
}

impl From<Answer> for Network {
    fn from(Answer { bind_addresses, ingress_addresses }: Answer) -> Self {
        let addresses = bind_addresses.iter().flat_map(|device| &device.addresses);
        Self {
            bind: addresses.filter_map(|address| address.value.parse().ok()).collect(),
            // A name is possible here: that of a load balancer.
            ingress: ingress_addresses.iter().filter_map(|text| text.parse().ok()).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Network {
        serde_json::from_str::<Answer>(text).unwrap().into()
    }

    #[test]
    fn a_pod_has_an_address_and_its_service_another() {
        let network = read(
            r#"{"bind-addresses":[{"mac-address":"","interface-name":"","addresses":[{"hostname":"","value":"10.1.2.3","cidr":""}]}],"egress-subnets":["10.152.183.5/32"],"ingress-addresses":["10.152.183.5","lb.example.com"]}"#,
        );
        assert_eq!(network.bind, ["10.1.2.3".parse::<IpAddr>().unwrap()]);
        assert_eq!(network.ingress, ["10.152.183.5".parse::<IpAddr>().unwrap()]);
    }

    #[test]
    fn what_is_not_known_is_left_out() {
        assert_eq!(read("{}"), Network::default());
    }
}
