//! Whatever a server says, the client answers, in time, and does not panic.
#![expect(clippy::unwrap_used, reason = "a test stops where it goes wrong")]

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use charm::WorkloadChange;
use pebble::{Action, Cause, Client, Error, Pebble};
use proptest::prelude::*;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};

/// A server that says the same to everybody.
struct Server {
    folder: TempDir,
    asked: Arc<AtomicUsize>,
}

impl Server {
    /// Says the given text to each one, the last one from then on, and hangs up.
    fn saying<T: AsRef<[u8]> + Send + 'static>(texts: Vec<T>) -> Self {
        Self::doing(move |mut stream, turn| {
            let text = texts[turn.min(texts.len() - 1)].as_ref().to_vec();
            async move {
                let mut request = [0; 16 * 1024];
                let _length = stream.read(&mut request).await?;
                stream.write_all(&text).await
            }
        })
    }

    fn doing<F>(answer: impl Fn(UnixStream, usize) -> F + Send + 'static) -> Self
    where
        F: Future<Output = io::Result<()>> + Send + 'static,
    {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("app")).unwrap();
        let asked = Arc::new(AtomicUsize::new(0));
        let server = Self { folder, asked: Arc::clone(&asked) };
        let listener = UnixListener::bind(server.socket()).unwrap();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, asked.fetch_add(1, Ordering::Relaxed)));
            }
        });
        server
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("app/pebble.socket")
    }

    fn client(&self) -> Client {
        Client::new(self.socket())
    }

    fn pebble(&self) -> Pebble {
        Pebble::of_container(self.folder.path(), "app")
    }
}

fn http(status: &str, content_type: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn json(status: &str, body: &str) -> String {
    http(status, "application/json", body)
}

/// Everything that can be asked; how often it was answered without an error.
async fn ask_everything(client: &Client) -> Vec<Result<(), Error>> {
    vec![
        client.system_info().await.map(drop),
        client.healthy().await.map(drop),
        client.plan().await.map(drop),
        client.add_layer_text("label", "{}").await,
        client.services().await.map(drop),
        client.act(Action::Replan, &[]).await.map(drop),
        client.wait("1", Duration::ZERO).await.map(drop),
        client.checks().await.map(drop),
        client.refresh_check("up", Duration::ZERO).await.map(drop),
        client.read_files(&["/a"]).await.map(drop),
        client.file_info("/a").await.map(drop),
        client.write_file("/a", b"", 0o644).await,
        client.make_dir("/a", 0o755).await,
        client.remove("/a").await,
        client.logs(&[], 1).await.map(drop),
        client.notices(&[]).await.map(drop),
        client.notify("example.com/a", &std::collections::BTreeMap::new()).await.map(drop),
    ]
}

#[tokio::test]
async fn a_wrong_answer_is_an_error_of_every_request() {
    let ok = "200 OK";
    let answers = [
        "no HTTP at all\r\n\r\n".to_owned(),
        "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"type\":\"sync\"".to_owned(),
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"typ\r\n".to_owned(),
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n".to_owned(),
        "HTTP/1.1 200 OK\r\nContent-Le".to_owned(),
        "HTTP/1.1 301 Moved Permanently\r\nLocation: /v1/files\r\nContent-Length: 0\r\n\r\n"
            .to_owned(),
        String::new(),
        json(ok, "{"),
        json(ok, "null"),
        json(ok, r#"{"type":"sync","result":17,"change":17}"#),
        json(ok, r#"{"type":"sync","result":[{"name":null}],"change":[]}"#),
        json(ok, &"[".repeat(100_000)),
        http(ok, "multipart/form-data; boundary=b", "--b\r\n\r\n\r\n--b--\r\n"),
        http("400 Bad Request", "text/plain; charset=utf-8", "400 Bad Request: missing header"),
        json("500 Internal Server Error", r#"{"type":"error","result":{"message":"no"}}"#),
    ];
    for answer in answers {
        let server = Server::saying(vec![answer.clone()]);
        for (index, result) in ask_everything(&server.client()).await.into_iter().enumerate() {
            assert!(result.is_err(), "{index} {answer}");
        }
    }
}

#[tokio::test]
async fn what_go_leaves_out_or_writes_as_null_is_no_error() {
    let server = Server::saying(vec![
        json("202 Accepted", r#"{"type":"async","change":"7","result":null,"new":{}}"#),
        json(
            "200 OK",
            r#"{"type":"sync","result":{"id":"7","kind":"replan","summary":"","status":"Done","ready":true,"tasks":null}}"#,
        ),
    ]);
    server.pebble().apply("label", &WorkloadChange::Replan).await.unwrap();
}

#[tokio::test]
async fn headers_without_end_are_cut_off() {
    let server = Server::doing(|mut stream, _| async move {
        stream.write_all(b"HTTP/1.1 200 OK\r\n").await?;
        loop {
            stream
                .write_all(b"X-More: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n")
                .await?;
        }
    });
    let error = server.client().system_info().await.unwrap_err();
    assert!(matches!(error.cause, Cause::Answer(_)), "{error:?}");
}

#[tokio::test]
async fn a_body_without_end_is_cut_off() {
    let server = Server::doing(|mut stream, _| async move {
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n").await?;
        loop {
            stream.write_all(&[b' '; 8 * 1024]).await?;
        }
    });
    let error = server.client().plan().await.unwrap_err();
    assert!(matches!(&error.cause, Cause::Answer(text) if text.contains("exceeds")), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_says_nothing_is_not_waited_for_for_ever() {
    let server = Server::doing(|stream, _| async move {
        std::future::pending::<()>().await;
        drop(stream);
        Ok(())
    });
    assert_eq!(server.pebble().observe(&[]).await.unwrap(), None);
    let error = server.pebble().apply("label", &WorkloadChange::Replan).await.unwrap_err();
    assert!(matches!(error.cause, Cause::Silent(_)) && error.container_is_gone(), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_drips_is_not_waited_for_for_ever() {
    let server = Server::doing(|mut stream, _| async move {
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?;
        loop {
            stream.write_all(b" ").await?;
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    });
    let error = server.client().plan().await.unwrap_err();
    assert!(matches!(error.cause, Cause::Silent(_)), "{error:?}");
}

#[tokio::test]
async fn a_server_that_hangs_up_is_gone() {
    let server = Server::doing(|stream, _| async move {
        drop(stream);
        Ok(())
    });
    assert_eq!(server.pebble().observe(&["/a"]).await.unwrap(), None);
}

const DENIED: &str = r#"{"type":"error","status-code":401,"result":{"message":"access denied","kind":"login-required"}}"#;

#[tokio::test]
async fn an_identity_that_comes_late_is_waited_for() {
    let denied = json("401 Unauthorized", DENIED);
    let ok = json("200 OK", r#"{"type":"sync","result":true}"#);
    let server = Server::saying(vec![denied.clone(), denied, ok]);
    server.client().add_layer_text("label", "{}").await.unwrap();
    assert_eq!(server.asked.load(Ordering::Relaxed), 3);
}

#[tokio::test]
async fn an_identity_that_never_comes_is_an_error_after_a_second() {
    let server = Server::saying(vec![json("401 Unauthorized", DENIED)]);
    let started = Instant::now();
    let error = server.pebble().observe(&[]).await.unwrap_err();
    assert!(started.elapsed() < Duration::from_secs(4));
    let Cause::Refused { status: 401, kind, message } = &error.cause else { panic!("{error:?}") };
    assert_eq!((kind.as_str(), message.as_str()), ("login-required", "access denied"));
    assert!(!error.container_is_gone());
    assert_eq!(error.to_string(), "cannot read the plan in container app");
}

#[tokio::test]
async fn a_pebble_that_cannot_run_a_check_out_of_turn_says_none() {
    let texts = [("404 Not Found", "invalid API endpoint requested"), ("405 Not Allowed", "no")];
    for (status, message) in texts {
        let body = format!(r#"{{"type":"error","result":{{"message":"{message}"}}}}"#);
        let server = Server::saying(vec![json(status, &body)]);
        let refreshed = server.client().refresh_check("up", Duration::ZERO).await.unwrap();
        assert_eq!(refreshed, None);
    }
}

#[tokio::test]
async fn before_successes_were_counted_a_check_that_is_up_counts() {
    let plan = r#"{"result":"services: {app: {command: x}}\nchecks: {up: {tcp: {port: 1}}}\n"}"#;
    let services = r#"{"result":[{"name":"app","startup":"enabled","current":"active"}]}"#;
    let checks = r#"{"result":[{"name":"up","status":"up","threshold":3}]}"#;
    let absent = r#"{"result":{"message":"invalid API endpoint requested"}}"#;
    let server = Server::saying(vec![
        json("200 OK", plan),
        json("200 OK", services),
        json("200 OK", checks),
        json("404 Not Found", absent),
    ]);
    let seen = server.pebble().settle("app", Some("up"), Duration::from_secs(30)).await.unwrap();
    assert_eq!(seen.health["up"].successes, None);
    assert_eq!(server.asked.load(Ordering::Relaxed), 4);
}

#[tokio::test]
async fn an_error_does_not_quote_a_whole_answer() {
    let body = format!(r#"{{"result":{{"message":"{}"}}}}"#, "x".repeat(100_000));
    let server = Server::saying(vec![json("500 Internal Server Error", &body)]);
    let error = server.client().plan().await.unwrap_err();
    assert!(error.cause.to_string().len() < 400);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_answer_makes_it_panic(
        status in 100_u16..600,
        content_type in prop_oneof![
            Just("application/json"), Just("multipart/form-data; boundary=b"), Just("")],
        pieces in proptest::collection::vec(
            prop_oneof![
                Just("{"), Just("}"), Just("["), Just("]"), Just("null"), Just("\"result\":"), Just("\"x\""),
                Just(","), Just("--b"), Just("\r\n"), Just("--"), Just("-1"), Just("1e999"),
                Just("Content-Disposition: form-data; name=\"response\""), Just("\"change\":\"1\""),
            ], 0..30),
    ) {
        let answer = http(&format!("{status} X"), content_type, &pieces.concat());
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let server = Server::saying(vec![answer]);
            ask_everything(&server.client()).await
        });
    }
}

/// What Pebble says to a read: this file, and these results.
fn files(path: &str, results: &str) -> String {
    let body = format!(
        "--b\r\nContent-Disposition: form-data; name=\"files\"; filename=\"{path}\"\r\n\r\nhalf\r\n\
         --b\r\nContent-Disposition: form-data; name=\"response\"\r\n\r\n{{\"result\":{results}}}\r\n--b--\r\n"
    );
    http("200 OK", "multipart/form-data; boundary=b", &body)
}

#[tokio::test]
async fn a_file_is_only_trusted_if_its_result_is_good() {
    let failed =
        r#"[{"path":"/a","error":{"message":"input/output error","kind":"generic-file-error"}}]"#;
    let server = Server::saying(vec![files("/a", failed)]);
    let read = server.client().read_files(&["/a"]).await.unwrap();
    assert_eq!(read[0].content.as_ref().unwrap_err().message, "input/output error");
    assert!(server.pebble().observe(&["/a"]).await.is_err());
}

#[tokio::test]
async fn files_that_were_not_asked_for_are_an_error() {
    let asked = r#"[{"path":"/a"}]"#;
    let answers = [
        files("/b", r#"[{"path":"/b"}]"#),
        files("/b", asked),
        files("/a", "[]"),
        files("/a", r#"[{"path":"/a"},{"path":"/b"}]"#),
    ];
    for answer in answers {
        let server = Server::saying(vec![answer.clone()]);
        let error = server.client().read_files(&["/a"]).await.unwrap_err();
        assert!(matches!(error.cause, Cause::Answer(_)), "{error:?} {answer}");
    }
    let server = Server::saying(vec![files("/a", asked)]);
    assert!(server.client().read_files(&["/a"]).await.is_ok());
}

#[tokio::test]
async fn a_change_that_is_done_but_has_an_error_has_failed() {
    let change = r#""id":"7","kind":"replan","summary":"Replan","ready":true"#;
    let endings =
        [(r#""status":"Done","err":"why""#, "why"), (r#""status":"Hold""#, "Replan: Hold")];
    for (rest, text) in endings {
        let body = format!(r#"{{"result":{{{change},{rest}}}}}"#);
        let server = Server::saying(vec![json("200 OK", &body)]);
        let error = server.client().wait("7", Duration::ZERO).await.unwrap_err();
        assert!(
            matches!(&error.cause, Cause::Failed { message, .. } if message == text),
            "{error:?}"
        );
    }
}
