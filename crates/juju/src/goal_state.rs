//! What is to become of the units of our application.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::Juju;
use crate::command::Error;

/// What is to become of the units of our application.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct GoalState {
    #[serde(default)]
    units: BTreeMap<String, Goal>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
struct Goal {
    #[serde(default)]
    status: String,
}

impl Juju {
    /// Asks for the units of our application: one hook command.
    ///
    /// Some releases of Juju refuse to tell once the application is on its way out. Then nobody is known to stay.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Command`] when Juju itself does not work.
    pub async fn goal_state(&self) -> Result<GoalState, crate::Error> {
        match self.commands().ask("goal-state", &[]).await {
            Err(Error::Refused { .. }) => Ok(GoalState::default()),
            other => Ok(other?),
        }
    }
}

impl GoalState {
    /// Whether no other unit than `unit` stays.
    pub fn ends_with(&self, unit: &str) -> bool {
        self.units.iter().all(|(other, goal)| other == unit || goal.is_dying())
    }

    /// Whether `unit` goes, and another one stays.
    pub fn is_outlived(&self, unit: &str) -> bool {
        self.units.get(unit).is_none_or(Goal::is_dying) && !self.ends_with(unit)
    }
}

impl Goal {
    fn is_dying(&self) -> bool {
        self.status == "dying"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn goal_state(units: &str) -> GoalState {
        serde_json::from_str(&format!(r#"{{"units": {{{units}}}, "relations": {{}}}}"#)).unwrap()
    }

    #[test]
    fn a_unit_that_goes_alone_is_told_from_an_application_that_goes() {
        let dying = r#""app/1": {"status": "dying", "since": "2026-01-01 00:00:00Z"}"#;
        let other = |status: &str| {
            goal_state(&format!(r#"{dying}, "app/0": {{"status": "{status}", "since": ""}}"#))
        };
        assert!(other("active").is_outlived("app/1") && !other("active").ends_with("app/1"));
        assert!(!other("active").is_outlived("app/0"));
        assert!(!other("dying").is_outlived("app/1") && other("dying").ends_with("app/1"));
        // At the very end a unit may not be in it any more.
        let gone = goal_state(r#""app/0": {"status": "active"}"#);
        assert!(gone.is_outlived("app/1") && gone.ends_with("app/0"));
        assert!(goal_state("").ends_with("app/1"));
    }
}
