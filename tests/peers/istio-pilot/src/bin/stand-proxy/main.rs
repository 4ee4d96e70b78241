//! A reverse proxy for tests: routes by prefix, read from a file, to names that are looked up at each request.

mod forward;
mod routes;

use std::env;
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::process::ExitCode;
use std::sync::Arc;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use routes::Routes;
use tokio::net::TcpListener;

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

/// Serves the routes in the file that the first argument names, on the address that `POD_ADDRESS` gives.
async fn serve() -> io::Result<()> {
    let path =
        env::args_os().nth(1).ok_or_else(|| io::Error::other("usage: stand-proxy ROUTES"))?;
    let routes: Routes = serde_json::from_slice(&std::fs::read(path)?)?;
    let address = env::var("POD_ADDRESS").ok().and_then(|address| address.parse().ok());
    let address: IpAddr = address.unwrap_or(Ipv4Addr::UNSPECIFIED.into());
    let listener = TcpListener::bind((address, routes.port)).await?;
    let routes = Arc::new(routes);
    loop {
        let (stream, _) = listener.accept().await?;
        let routes = routes.clone();
        tokio::spawn(async move {
            let service = service_fn(|request| forward::forward(&routes, request));
            // A client that goes away is no trouble of ours.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}
