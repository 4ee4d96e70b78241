//! A Pebble that can be asked.

use std::path::PathBuf;
use std::time::Duration;

use hyper::StatusCode;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::time::{Instant, sleep};

use crate::error::shortened;
use crate::transport::{Reply, Request};
use crate::{Cause, Error};

/// A Pebble seeds its identities after it has begun to serve, so a charm that is not root may come too early.
const LOGIN_LIMIT: Duration = Duration::from_secs(1);
const LOGIN_PAUSE: Duration = Duration::from_millis(100);

/// A Pebble, endpoint by endpoint. It keeps no connection and no state; a request that is not a wait ends in 5 s.
#[derive(Clone, Debug)]
pub struct Client {
    socket: PathBuf,
    place: String,
}

/// What every JSON answer is wrapped in.
#[derive(Deserialize)]
pub(crate) struct Envelope<T> {
    pub(crate) result: Option<T>,
    pub(crate) change: Option<String>,
}

/// The `result` of a refusal, and the `error` of one file.
#[derive(Deserialize)]
pub(crate) struct Refusal {
    pub(crate) message: String,
    pub(crate) kind: Option<String>,
}

impl Client {
    /// The Pebble that listens on `socket`.
    pub fn new(socket: impl Into<PathBuf>) -> Self {
        let socket = socket.into();
        let place = format!("through {}", socket.display());
        Self { socket, place }
    }

    /// The same, called `place` in errors, such as `in container feast-ui`.
    #[must_use]
    pub fn called(self, place: impl Into<String>) -> Self {
        Self { place: place.into(), ..self }
    }

    /// Asks, and answers the `result`.
    pub(crate) async fn ask<T: DeserializeOwned>(
        &self,
        action: &str,
        request: &Request,
    ) -> Result<T, Error> {
        let reply = self.accepted(action, request).await?;
        self.explain(action, result(&reply))
    }

    /// Asks, and answers the number of the change that does it.
    pub(crate) async fn begin(&self, action: &str, request: &Request) -> Result<String, Error> {
        let reply = self.accepted(action, request).await?;
        let envelope = envelope::<serde::de::IgnoredAny>(&reply);
        self.explain(
            action,
            envelope.and_then(|envelope| {
                envelope.change.ok_or_else(|| Cause::Answer("it names no change".to_owned()))
            }),
        )
    }

    /// Asks; an answer that is no success is an error.
    pub(crate) async fn accepted(&self, action: &str, request: &Request) -> Result<Reply, Error> {
        let reply = self.send(action, request).await?;
        if reply.status.is_success() { Ok(reply) } else { Err(self.error(action, refusal(&reply))) }
    }

    /// Asks, whatever the status of the answer.
    pub(crate) async fn send(&self, action: &str, request: &Request) -> Result<Reply, Error> {
        let deadline = Instant::now() + LOGIN_LIMIT;
        loop {
            let reply = self.explain(action, request.send(&self.socket).await)?;
            if reply.status != StatusCode::UNAUTHORIZED || Instant::now() >= deadline {
                return Ok(reply);
            }
            sleep(LOGIN_PAUSE).await;
        }
    }

    pub(crate) fn explain<T>(&self, action: &str, result: Result<T, Cause>) -> Result<T, Error> {
        result.map_err(|cause| self.error(action, cause))
    }

    pub(crate) fn error(&self, action: &str, cause: Cause) -> Error {
        Error { action: action.to_owned(), place: self.place.clone(), cause }
    }
}

pub(crate) fn result<T: DeserializeOwned>(reply: &Reply) -> Result<T, Cause> {
    envelope(reply)?.result.ok_or_else(|| Cause::Answer("it has no result".to_owned()))
}

pub(crate) fn refusal(reply: &Reply) -> Cause {
    let status = reply.status.as_u16();
    // Go's own server answers text.
    let (kind, message) = result::<Refusal>(reply).map_or_else(
        |_| (None, shortened(&String::from_utf8_lossy(&reply.body))),
        |refusal| (refusal.kind, shortened(&refusal.message)),
    );
    Cause::Refused { status, kind: kind.unwrap_or_default(), message }
}

fn envelope<T: DeserializeOwned>(reply: &Reply) -> Result<Envelope<T>, Cause> {
    serde_json::from_slice(&reply.body).map_err(|error| Cause::json(&error))
}
