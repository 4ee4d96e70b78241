//! `/v1/checks`: how the health checks do.

use std::time::Duration;

use serde::Deserialize;
use serde_json::json;

use crate::transport::{PATIENCE, Request};
use crate::{Cause, Client, Error};

/// A health check, as Pebble lists it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct CheckInfo {
    /// Its name in the plan.
    pub name: String,
    /// `up`, `down`, `inactive`, or what a later Pebble may add. A new one is `up` before it ever ran.
    pub status: String,
    /// Runs that succeeded; `None` before Pebble 1.23, which does not count them.
    pub successes: Option<u64>,
    /// Failures in a row.
    #[serde(default)]
    pub failures: u64,
    /// Failures in a row until it is down.
    #[serde(default = "three")]
    pub threshold: u64,
}

/// What a run out of turn has shown.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Refreshed {
    /// The check. At the run that takes it down, this may still be its old state.
    pub info: CheckInfo,
    /// Why it failed; `None` if it succeeded.
    pub error: Option<String>,
}

impl Client {
    /// `GET /v1/checks`: all checks of the plan, by name.
    pub async fn checks(&self) -> Result<Vec<CheckInfo>, Error> {
        self.ask("list the checks", &Request::fetch("/v1/checks", &[])).await
    }

    /// `POST /v1/checks/refresh`: runs a check now, which takes up to `timeout` (the check's own). A failure counts like
    /// any other. `None` where Pebble (before 1.20) does not have this endpoint, or does not have the check.
    pub async fn refresh_check(
        &self,
        name: &str,
        timeout: Duration,
    ) -> Result<Option<Refreshed>, Error> {
        let mut request = Request::post("/v1/checks/refresh", &json!({"name": name}));
        request.patience = timeout.saturating_add(PATIENCE);
        match self.ask(&format!("run check {name}"), &request).await {
            Err(Error { cause: Cause::Refused { status: 404 | 405, .. }, .. }) => Ok(None),
            other => other.map(Some),
        }
    }
}

fn three() -> u64 {
    3
}
