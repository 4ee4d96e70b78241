//! What `juju status --format=json` says, as far as tests ask.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Controller, Error};

/// A model.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Status {
    /// Its applications by name.
    #[serde(default)]
    pub applications: BTreeMap<String, Application>,
}

/// An application.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Application {
    /// What its leader says, or else the worst that its units say.
    #[serde(default)]
    pub application_status: Current,
    /// How many units are wanted.
    #[serde(default)]
    pub scale: u32,
    /// The address of its Service.
    #[serde(default)]
    pub address: String,
    /// Its revision of the charm.
    #[serde(default)]
    pub charm_rev: u32,
    /// Its units by name.
    #[serde(default)]
    pub units: BTreeMap<String, Unit>,
}

/// A unit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Unit {
    /// What the charm says.
    #[serde(default)]
    pub workload_status: Current,
    /// What the agent does: `idle`, `executing`, `error`, ….
    #[serde(default)]
    pub juju_status: Current,
    /// Whether it leads its application.
    #[serde(default)]
    pub leader: bool,
    /// The address of its pod.
    #[serde(default)]
    pub address: String,
}

/// A status and its message.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Current {
    /// `active`, `blocked`, `waiting`, `maintenance`, `error`, `unknown`, `terminated`; of agents, `idle`, ….
    #[serde(default)]
    pub current: String,
    /// What is said about it.
    #[serde(default)]
    pub message: String,
}

impl Controller {
    /// How the model is now.
    pub fn status(&self) -> Result<Status, Error> {
        let text = self.juju(["status", "--format=json"])?;
        serde_json::from_str(&text).map_err(Error::Status)
    }
}

impl Status {
    /// The unit of this name, `APPLICATION/N`.
    pub fn unit(&self, name: &str) -> Option<&Unit> {
        let (application, _) = name.split_once('/')?;
        self.applications.get(application)?.units.get(name)
    }

    /// The name of the unit that leads `application`.
    pub fn leader(&self, application: &str) -> Option<&str> {
        let units = &self.applications.get(application)?.units;
        units.iter().find(|(_, unit)| unit.leader).map(|(name, _)| name.as_str())
    }

    /// Whether all units of all `applications` are there, active, and have nothing to do.
    pub fn settled(&self, applications: &[&str]) -> bool {
        self.idle(applications)
            && applications.iter().all(|name| {
                self.applications.get(*name).is_some_and(|application| {
                    application.units.values().all(|unit| unit.workload_status.current == "active")
                })
            })
    }

    /// Whether all units of all `applications` are there and have nothing to do, whatever their charms say.
    pub fn idle(&self, applications: &[&str]) -> bool {
        applications.iter().all(|name| {
            self.applications.get(*name).is_some_and(|application| {
                u32::try_from(application.units.len()) == Ok(application.scale)
                    && application.units.values().all(|unit| unit.juju_status.current == "idle")
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_application_with_fewer_units_than_wanted_is_not_settled() {
        let text = r#"{"applications": {"ui": {"scale": 2, "units": {"ui/0": {
            "workload-status": {"current": "active"}, "juju-status": {"current": "idle"}, "leader": true}}}}}"#;
        let mut status: Status = serde_json::from_str(text).unwrap();
        assert!(!status.settled(&["ui"]));
        assert_eq!(status.leader("ui"), Some("ui/0"));
        status.applications.get_mut("ui").unwrap().scale = 1;
        assert!(status.settled(&["ui"]));
        assert!(!status.settled(&["ui", "absent"]));
    }
}
