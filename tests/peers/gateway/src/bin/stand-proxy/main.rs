//! A reverse proxy for tests: routes by prefix, read from a file, to names that are looked up at each request.

mod forward;
mod tls;

use std::env;
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use peer_gateway::{Listener, Routes};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match serve().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            #[expect(clippy::print_stderr, reason = "Pebble keeps what a service prints")]
            {
                eprintln!("{error}");
            }
            ExitCode::FAILURE
        }
    }
}

/// Serves the routes in the file that the first argument names, on the address that `POD_ADDRESS` gives. Where a listener
/// speaks TLS, the certificate is left in the file that the second argument names.
async fn serve() -> io::Result<()> {
    let usage = || io::Error::other("usage: stand-proxy ROUTES CERTIFICATE");
    let arguments: Vec<_> = env::args_os().skip(1).collect();
    let [routes, certificate] = arguments.as_slice() else { return Err(usage()) };
    let Routes { names, listeners } = serde_json::from_slice(&std::fs::read(routes)?)?;
    let address = env::var("POD_ADDRESS").ok().and_then(|address| address.parse().ok());
    let address: IpAddr = address.unwrap_or(Ipv4Addr::UNSPECIFIED.into());
    let acceptor = if listeners.iter().any(|listener| listener.tls) {
        Some(tls::acceptor(names, Path::new(certificate)).map_err(io::Error::other)?)
    } else {
        None
    };
    let mut served = JoinSet::new();
    for listener in listeners {
        let bound = TcpListener::bind((address, listener.port)).await?;
        let acceptor = acceptor.clone().filter(|_| listener.tls);
        served.spawn(serve_on(bound, Arc::new(listener), acceptor));
    }
    while let Some(ended) = served.join_next().await {
        ended.map_err(io::Error::other)??;
    }
    Ok(())
}

async fn serve_on(
    bound: TcpListener,
    listener: Arc<Listener>,
    acceptor: Option<TlsAcceptor>,
) -> io::Result<()> {
    loop {
        let (stream, _) = bound.accept().await?;
        let (listener, acceptor) = (listener.clone(), acceptor.clone());
        tokio::spawn(async move {
            match acceptor {
                None => answer(&listener, stream).await,
                Some(acceptor) => {
                    // A client that does not trust us is no trouble of ours.
                    if let Ok(stream) = acceptor.accept(stream).await {
                        answer(&listener, stream).await;
                    }
                }
            }
        });
    }
}

/// Answers all requests of one connection.
async fn answer(listener: &Listener, stream: impl AsyncRead + AsyncWrite + Unpin) {
    let service = service_fn(|request| forward::forward(listener, request));
    // Nor is one that goes away.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

#[cfg(test)]
mod tests;
