//! One request, on its way to the host behind it and back.

use std::convert::Infallible;

use http::header::{self, HeaderMap, HeaderName};
use http::uri::PathAndQuery;
use http::{Request, Response, StatusCode, Uri};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use peer_gateway::{Listener, Route};
use tokio::net::TcpStream;

type Body = BoxBody<Bytes, hyper::Error>;

/// Headers that are between two neighbours only.
const HOP_BY_HOP: [HeaderName; 6] = [
    header::CONNECTION,
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::UPGRADE,
];

/// Why a request did not come through.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error("the path cannot be rewritten")]
    Path,
    #[error("cannot reach {host}:{port}: {source}")]
    Unreachable { host: String, port: u16, source: std::io::Error },
    #[error("the connection broke: {0}")]
    Broken(#[from] hyper::Error),
}

/// Answers a request: from the host behind the route that matches it, with 404 where none does, and 502 where the host
/// does not answer.
pub(crate) async fn forward(
    listener: &Listener,
    request: Request<Incoming>,
) -> Result<Response<Body>, Infallible> {
    let Some((route, path)) = listener.find(request.uri().path()) else {
        return Ok(text(StatusCode::NOT_FOUND, "no route leads here\n".to_owned()));
    };
    match pass(route, &path, request).await {
        Ok(response) => Ok(response),
        Err(trouble) => Ok(text(StatusCode::BAD_GATEWAY, format!("{trouble}\n"))),
    }
}

async fn pass(
    route: &Route,
    path: &str,
    mut request: Request<Incoming>,
) -> Result<Response<Body>, Trouble> {
    let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
    let target: PathAndQuery = format!("{path}{query}").parse().map_err(|_| Trouble::Path)?;
    *request.uri_mut() = Uri::from(target);
    *request.version_mut() = http::Version::HTTP_11;
    strip(request.headers_mut());

    let stream = TcpStream::connect((route.host.as_str(), route.port)).await.map_err(|source| {
        Trouble::Unreachable { host: route.host.clone(), port: route.port, source }
    })?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let mut response = sender.send_request(request).await?;
    strip(response.headers_mut());
    // The version is between neighbours, too.
    *response.version_mut() = http::Version::HTTP_11;
    Ok(response.map(http_body_util::BodyExt::boxed))
}

fn strip(headers: &mut HeaderMap) {
    for name in HOP_BY_HOP {
        headers.remove(name);
    }
}

fn text(status: StatusCode, text: String) -> Response<Body> {
    let body = Full::new(Bytes::from(text)).map_err(|never| match never {}).boxed();
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response
}
