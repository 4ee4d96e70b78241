//! One HTTP request over a unix socket, within a time and a size.

use std::io;
use std::path::Path;
use std::pin::pin;
use std::time::Duration;

use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::{ACCEPT, CONTENT_TYPE, HOST};
use hyper::{Method, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::UnixStream;

use crate::Cause;

/// How long a request may take, connecting included.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

/// How much of an answer is kept in memory, in bytes.
const LARGEST_ANSWER: usize = 16 * 1024 * 1024;

/// What to ask.
pub(crate) struct Request {
    pub(crate) method: Method,
    /// Path and query.
    pub(crate) target: String,
    pub(crate) accept: Option<&'static str>,
    pub(crate) content_type: Option<String>,
    pub(crate) body: Bytes,
    pub(crate) patience: Duration,
}

/// What was answered.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) content_type: String,
    pub(crate) body: Bytes,
}

impl Request {
    /// A GET of `path` with `query`.
    pub(crate) fn fetch(path: &str, query: &[(&str, &str)]) -> Self {
        let mut target = path.to_owned();
        if !query.is_empty() {
            target.push('?');
            let start = target.len();
            target =
                form_urlencoded::Serializer::for_suffix(target, start).extend_pairs(query).finish();
        }
        Self {
            method: Method::GET,
            target,
            accept: None,
            content_type: None,
            body: Bytes::new(),
            patience: PATIENCE,
        }
    }

    /// A POST of `body` to `path`.
    pub(crate) fn post(path: &str, body: &serde_json::Value) -> Self {
        Self {
            method: Method::POST,
            content_type: Some("application/json".to_owned()),
            body: body.to_string().into(),
            ..Self::fetch(path, &[])
        }
    }

    /// Makes the request on a connection of its own.
    ///
    /// A connection costs a fraction of a millisecond, and one that is not kept cannot have died in between: nothing
    /// has to be sent twice, and nobody has to know whether the container restarted meanwhile.
    pub(crate) async fn send(&self, socket: &Path) -> Result<Reply, Cause> {
        tokio::time::timeout(self.patience, self.exchange(socket))
            .await
            .unwrap_or(Err(Cause::Silent(self.patience)))
    }

    async fn exchange(&self, socket: &Path) -> Result<Reply, Cause> {
        let stream = UnixStream::connect(socket).await.map_err(unconnected)?;
        let (mut sender, connection) =
            http1::handshake(TokioIo::new(stream)).await.map_err(|error| broken(&error))?;
        let conversation = async {
            let response = sender.send_request(self.to_http()?).await.map_err(|e| broken(&e))?;
            let (head, body) = response.into_parts();
            let body = Limited::new(body, LARGEST_ANSWER).collect().await.map_err(|error| {
                if error.is::<LengthLimitError>() {
                    Cause::Answer(format!("it exceeds {LARGEST_ANSWER} bytes"))
                } else {
                    error.downcast_ref().map_or(Cause::Broken, broken)
                }
            })?;
            let content_type = head.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
            Ok(Reply {
                status: head.status,
                content_type: content_type.unwrap_or_default().to_owned(),
                body: body.to_bytes(),
            })
        };
        let (mut conversation, mut connection) = (pin!(conversation), pin!(connection));
        tokio::select! {
            biased;
            reply = &mut conversation => reply,
            // What the connection has read before it ended is still to be taken.
            _ = &mut connection => conversation.await,
        }
    }

    fn to_http(&self) -> Result<hyper::Request<Full<Bytes>>, Cause> {
        // Go's server answers 400 without a host; it may be any.
        let mut request = hyper::Request::builder()
            .method(self.method.clone())
            .uri(&self.target)
            .header(HOST, "pebble");
        if let Some(accept) = self.accept {
            request = request.header(ACCEPT, accept);
        }
        if let Some(content_type) = &self.content_type {
            request = request.header(CONTENT_TYPE, content_type);
        }
        request
            .body(Full::new(self.body.clone()))
            .map_err(|error| Cause::Socket(io::Error::new(io::ErrorKind::InvalidInput, error)))
    }
}

fn unconnected(error: io::Error) -> Cause {
    use io::ErrorKind::{ConnectionRefused, ConnectionReset, NotFound};
    match error.kind() {
        NotFound | ConnectionRefused | ConnectionReset => Cause::Absent(error),
        _ => Cause::Socket(error),
    }
}

fn broken(error: &hyper::Error) -> Cause {
    if error.is_parse() { Cause::Answer("it is not HTTP".to_owned()) } else { Cause::Broken }
}
