//! `/v1/system-info`, `/v1/health` and `/v1/logs`.

use hyper::StatusCode;
use serde::Deserialize;

use crate::client::result;
use crate::transport::Request;
use crate::{Cause, Client, Error};

/// Which Pebble this is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct SystemInfo {
    /// Such as `v1.26.0`.
    pub version: String,
    /// Different after each start of the container.
    #[serde(rename = "boot-id")]
    pub boot_id: String,
}

/// One line of a service's output.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct LogLine {
    /// RFC 3339.
    pub time: String,
    /// Whose.
    pub service: String,
    /// Without its line end.
    pub message: String,
}

#[derive(Deserialize)]
struct Health {
    healthy: bool,
}

impl Client {
    /// `GET /v1/system-info`: the cheapest way to see whether a Pebble answers. Everybody may ask, so it does not show
    /// that anything else is allowed.
    pub async fn system_info(&self) -> Result<SystemInfo, Error> {
        self.ask("ask for the version", &Request::fetch("/v1/system-info", &[])).await
    }

    /// `GET /v1/health`: whether no check is down. It says nothing about services, and is true without checks.
    pub async fn healthy(&self) -> Result<bool, Error> {
        let action = "ask for the health";
        let reply = self.send(action, &Request::fetch("/v1/health", &[])).await?;
        // Unhealthy is 502, with an answer all the same.
        let answer = if reply.status.is_success() || reply.status == StatusCode::BAD_GATEWAY {
            result::<Health>(&reply).map(|health| health.healthy)
        } else {
            Err(crate::client::refusal(&reply))
        };
        self.explain(action, answer)
    }

    /// `GET /v1/logs`: the last `lines` lines of these services' output, oldest first; of all services if none is named.
    pub async fn logs(&self, services: &[&str], lines: u32) -> Result<Vec<LogLine>, Error> {
        let action = "read the logs";
        let lines = lines.to_string();
        let mut query = vec![("n", lines.as_str())];
        query.extend(services.iter().map(|service| ("services", *service)));
        let reply = self.accepted(action, &Request::fetch("/v1/logs", &query)).await?;
        let lines: Result<Vec<LogLine>, serde_json::Error> =
            serde_json::Deserializer::from_slice(&reply.body).into_iter().collect();
        self.explain(action, lines.map_err(|error| Cause::json(&error)))
    }
}
