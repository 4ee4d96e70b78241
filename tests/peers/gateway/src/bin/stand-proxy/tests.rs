//! The proxy in front of a host that answers.

use peer_gateway::{Matching, Route};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::*;

async fn localhost() -> TcpListener {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap()
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: gateway\r\nconnection: close\r\n\r\n")
}

/// Everything that is answered to `request` until the connection is closed.
async fn answered(mut stream: impl AsyncRead + AsyncWrite + Unpin, request: &str) -> String {
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

async fn connect(port: u16) -> TcpStream {
    TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.unwrap()
}

/// A host that answers one request with 201, and what it was asked.
async fn host() -> (u16, JoinHandle<String>) {
    let listener = localhost().await;
    let port = listener.local_addr().unwrap().port();
    let asked = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = vec![0; 1024];
        let read = stream.read(&mut request).await.unwrap();
        stream.write_all(b"HTTP/1.1 201 Created\r\ncontent-length: 2\r\n\r\nok").await.unwrap();
        String::from_utf8_lossy(&request[..read]).into_owned()
    });
    (port, asked)
}

/// A proxy with a route to `host`, and its port.
async fn proxy(host: u16, acceptor: Option<TlsAcceptor>) -> u16 {
    let route = Route {
        prefix: "/feast/".to_owned(),
        matching: Matching::Text,
        rewrite: "/".to_owned(),
        host: "localhost".to_owned(),
        port: host,
    };
    let listener = Listener { port: 0, tls: acceptor.is_some(), routes: vec![route] };
    let bound = localhost().await;
    let port = bound.local_addr().unwrap().port();
    tokio::spawn(serve_on(bound, Arc::new(listener), acceptor));
    port
}

#[tokio::test]
async fn a_request_goes_to_the_host_behind_its_prefix_and_its_answer_comes_back() {
    let (host, asked) = host().await;
    let port = proxy(host, None).await;
    let answer = answered(connect(port).await, &get("/feast/a%20b?c=d")).await;
    assert!(answer.starts_with("HTTP/1.1 201") && answer.ends_with("ok"), "{answer}");
    let asked = asked.await.unwrap();
    assert!(asked.starts_with("GET /a%20b?c=d HTTP/1.1\r\n"), "{asked}");
    assert!(asked.contains("host: gateway") && !asked.contains("connection: close"), "{asked}");

    // Nobody listens there any more.
    let answer = answered(connect(port).await, &get("/feast/")).await;
    assert!(answer.starts_with("HTTP/1.1 502"), "{answer}");
    let answer = answered(connect(port).await, &get("/other")).await;
    assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
}

#[tokio::test]
async fn with_tls_it_proves_who_it_is_by_the_certificate_that_it_leaves() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("certificate.pem");
    let names = vec!["feast.example.com".to_owned(), "127.0.0.1".to_owned()];
    let (host, _asked) = host().await;
    let port = proxy(host, Some(tls::acceptor(names, &file).unwrap())).await;

    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(&file).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = TlsConnector::from(Arc::new(config));
    let secured = |name: &'static str| {
        let connector = connector.clone();
        async move { connector.connect(ServerName::try_from(name).unwrap(), connect(port).await).await }
    };
    let answer = answered(secured("feast.example.com").await.unwrap(), &get("/feast/")).await;
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    assert!(secured("127.0.0.1").await.is_ok());
    assert!(secured("elsewhere.example.com").await.is_err());
}
