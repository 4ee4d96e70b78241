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
    serve_on(TcpListener::bind((address, routes.port)).await?, Arc::new(routes)).await
}

async fn serve_on(listener: TcpListener, routes: Arc<Routes>) -> io::Result<()> {
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

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpStream;

    use super::*;
    use crate::routes::Route;

    async fn localhost() -> TcpListener {
        TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap()
    }

    /// Everything that is answered to `request` until the connection is closed.
    async fn answer(port: u16, request: &str) -> String {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    #[tokio::test]
    async fn a_request_goes_to_the_host_behind_its_prefix_and_its_answer_comes_back() {
        let behind = localhost().await;
        let route = Route {
            prefix: "/feast/".to_owned(),
            rewrite: "/".to_owned(),
            host: "localhost".to_owned(),
            port: behind.local_addr().unwrap().port(),
        };
        let listener = localhost().await;
        let port = listener.local_addr().unwrap().port();
        let routes = Arc::new(Routes { port, routes: vec![route] });
        let proxy = tokio::spawn(serve_on(listener, routes));

        let host = tokio::spawn(async move {
            let (mut stream, _) = behind.accept().await.unwrap();
            let mut request = vec![0; 1024];
            let read = stream.read(&mut request).await.unwrap();
            stream.write_all(b"HTTP/1.1 201 Created\r\ncontent-length: 2\r\n\r\nok").await.unwrap();
            String::from_utf8_lossy(&request[..read]).into_owned()
        });
        let get = |path: &str| {
            format!("GET {path} HTTP/1.1\r\nhost: gateway\r\nconnection: close\r\n\r\n")
        };
        let answered = answer(port, &get("/feast/a%20b?c=d")).await;
        assert!(answered.starts_with("HTTP/1.1 201") && answered.ends_with("ok"), "{answered}");
        let asked = host.await.unwrap();
        assert!(asked.starts_with("GET /a%20b?c=d HTTP/1.1\r\n"), "{asked}");
        assert!(asked.contains("host: gateway") && !asked.contains("connection: close"), "{asked}");

        // Nobody listens there any more.
        assert!(answer(port, &get("/feast/")).await.starts_with("HTTP/1.1 502"));
        assert!(answer(port, &get("/other")).await.starts_with("HTTP/1.1 404"));
        proxy.abort();
    }
}
