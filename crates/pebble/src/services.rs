//! `/v1/services` and `/v1/changes`: what runs, and what is being done about it.

use std::fmt;
use std::time::Duration;

use hyper::StatusCode;
use serde::{Deserialize, Deserializer};
use serde_json::json;
use tokio::time::Instant;

use crate::client::{refusal, result};
use crate::error::shortened;
use crate::transport::{PATIENCE, Request};
use crate::{Cause, Client, Error};

/// How long Pebble itself is asked to wait for a change, before it is asked anew.
const WAIT: Duration = Duration::from_secs(4);

/// A service, as Pebble lists it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ServiceInfo {
    /// Its name in the plan.
    pub name: String,
    /// `enabled` or `disabled`.
    pub startup: String,
    /// `active`, `inactive`, `backoff`, `error`, or what a later Pebble may add.
    pub current: String,
    /// Since when it is so, RFC 3339; `None` if it never started.
    #[serde(rename = "current-since")]
    pub current_since: Option<String>,
}

/// What to do with services.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Start these, and what they require. It does not apply a changed plan to one that runs, and keeps a later replan
    /// from doing so: use [`Self::Replan`] for that.
    Start,
    /// Stop these, and what requires them.
    Stop,
    /// Stop and start these.
    Restart,
    /// Start all that are enabled.
    Autostart,
    /// Restart what differs from the plan, start what is enabled.
    Replan,
}

/// Something that Pebble does or has done.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ChangeInfo {
    /// Its number.
    pub id: String,
    /// Such as `start` or `replan`.
    pub kind: String,
    /// One line for people.
    pub summary: String,
    /// Such as `Doing`, `Done`, `Error` or `Hold`.
    pub status: String,
    /// Whether it has ended.
    pub ready: bool,
    /// Why it failed.
    pub err: Option<String>,
    /// Its steps.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub tasks: Vec<Task>,
}

/// One step of a change.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Task {
    /// Its number.
    pub id: String,
    /// Such as `start`.
    pub kind: String,
    /// One line for people.
    pub summary: String,
    /// As that of the change.
    pub status: String,
    /// What happened, line by line; a service's last output among it.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub log: Vec<String>,
}

impl Client {
    /// `GET /v1/services`: all services of the plan, by name.
    pub async fn services(&self) -> Result<Vec<ServiceInfo>, Error> {
        self.ask("list the services", &Request::fetch("/v1/services", &[])).await
    }

    /// `POST /v1/services`: begins the action, and answers the number of the change that does it.
    pub async fn act(&self, action: Action, services: &[&str]) -> Result<String, Error> {
        let body = json!({"action": action.to_string(), "services": services});
        let text = format!("{action} {}", services.join(", "));
        self.begin(text.trim_end(), &Request::post("/v1/services", &body)).await
    }

    /// `GET /v1/changes/{id}/wait`: waits until the change has ended, or for `limit`. One that did not succeed is an
    /// error.
    pub async fn wait(&self, id: &str, limit: Duration) -> Result<ChangeInfo, Error> {
        let action = format!("wait for change {id}");
        let deadline = deadline(limit);
        loop {
            // A wait of 0 s would be one without end.
            let left = deadline.saturating_duration_since(Instant::now());
            let wait = left.clamp(Duration::from_millis(1), WAIT);
            let timeout = format!("{}ms", wait.as_millis());
            let mut request = Request::fetch(&wait_path(id), &[("timeout", &timeout)]);
            request.patience = wait + PATIENCE;
            let reply = self.send(&action, &request).await?;
            if reply.status == StatusCode::GATEWAY_TIMEOUT {
                if Instant::now() >= deadline {
                    let cause = Cause::Unfinished { id: id.to_owned(), limit };
                    return Err(self.error(&action, cause));
                }
            } else if reply.status.is_success() {
                return self.explain(&action, result(&reply).and_then(ChangeInfo::succeeded));
            } else {
                return Err(self.error(&action, refusal(&reply)));
            }
        }
    }
}

impl ChangeInfo {
    /// This, if it has done what it was to do. The HTTP status says nothing about that.
    fn succeeded(self) -> Result<Self, Cause> {
        if self.ready && self.status == "Done" && self.err.is_none() {
            return Ok(self);
        }
        let reason = self.err.unwrap_or_else(|| format!("{}: {}", self.summary, self.status));
        Err(Cause::Failed { id: self.id, message: shortened(&reason) })
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Restart => "restart",
            Self::Autostart => "autostart",
            Self::Replan => "replan",
        })
    }
}

/// Go writes an empty list as `null`.
pub(crate) fn null_is_empty<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// When `limit` will have passed; one without end is a year.
pub(crate) fn deadline(limit: Duration) -> Instant {
    Instant::now() + limit.min(Duration::from_hours(365 * 24))
}

/// An id is opaque, and came over the wire.
fn wait_path(id: &str) -> String {
    let id: String = form_urlencoded::byte_serialize(id.as_bytes()).collect();
    format!("/v1/changes/{id}/wait")
}
