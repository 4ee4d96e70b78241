//! Servers that are none, or that behave as no server should.

use std::time::Duration;

use postgresql::{Error, Login, SslMode, Stage};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::{CANARY, LONG, login, look, trouble};

/// What PostgreSQL's protocol calls `AuthenticationCleartextPassword`.
const ASK_FOR_PASSWORD: &[u8] = b"R\0\0\0\x08\0\0\0\x03";

/// A server that answers each thing that it is told with the next of `answers`, and then hangs up or holds the line.
async fn server(answers: Vec<Vec<u8>>, holds: bool) -> u16 {
    server_with(vec![answers], holds).await
}

/// The same with other answers for each connection; the last ones are for all that follow.
async fn server_with(scripts: Vec<Vec<Vec<u8>>>, holds: bool) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        for number in 0.. {
            let (mut stream, _) = listener.accept().await.unwrap();
            let answers = scripts[number.min(scripts.len() - 1)].clone();
            tokio::spawn(async move {
                let mut told = [0; 4096];
                for answer in answers {
                    if stream.read(&mut told).await.unwrap_or_default() == 0 {
                        return;
                    }
                    stream.write_all(&answer).await.unwrap();
                }
                while holds && stream.read(&mut told).await.unwrap_or_default() > 0 {}
            });
        }
    });
    port
}

/// An `ErrorResponse`.
fn refusal(code: &str, message: &str) -> Vec<u8> {
    let fields = format!("SFATAL\0VFATAL\0C{code}\0M{message}\0\0");
    let length = u32::try_from(fields.len() + 4).unwrap();
    [b"E", &length.to_be_bytes()[..], fields.as_bytes()].concat()
}

#[tokio::test]
async fn a_name_that_nobody_knows_ends_the_way_at_once() {
    let nobody = Login { host: "nobody.invalid".to_owned(), ..login(5432, SslMode::Prefer) };
    let (passed, stage, error) = trouble(&look(&nobody, LONG).await);
    assert_eq!((passed, stage), (Vec::new(), Stage::Dns));
    assert!(matches!(&error, Error::Name { host, .. } if host == "nobody.invalid"), "{error}");
}

#[tokio::test]
async fn where_nobody_listens_the_address_is_named() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let (passed, stage, error) = trouble(&look(&login(free.port(), SslMode::Prefer), LONG).await);
    assert_eq!((passed, stage), (vec![Stage::Dns], Stage::Tcp));
    let told = error.to_string();
    assert!(
        told.starts_with(&format!("nothing can be reached at {free}: Connection refused")),
        "{told}"
    );
}

#[tokio::test]
async fn a_silent_server_is_waited_for_until_the_time_is_up() {
    let limit = Duration::from_millis(200);
    let port = server(Vec::new(), true).await;
    for (sslmode, stages, at) in [
        (SslMode::Disable, 3, Stage::Login),
        (SslMode::Prefer, 2, Stage::Login),
        (SslMode::Require, 2, Stage::Tls),
    ] {
        let (passed, stage, error) = trouble(&look(&login(port, sslmode), limit).await);
        assert_eq!((passed.len(), stage), (stages, at));
        assert_eq!(error.to_string(), "no answer within 0.2 s");
    }
}

#[tokio::test]
async fn a_server_that_falls_silent_in_the_middle_is_not_waited_for_longer() {
    let limit = Duration::from_millis(200);
    for (answer, sslmode, at) in [
        (b"S".to_vec(), SslMode::Require, Stage::Tls),
        (b"S".to_vec(), SslMode::Prefer, Stage::Tls),
        (ASK_FOR_PASSWORD.to_vec(), SslMode::Disable, Stage::Login),
    ] {
        let port = server(vec![answer], true).await;
        let (_, stage, error) = trouble(&look(&login(port, sslmode), limit).await);
        assert_eq!((stage, error), (at, Error::Silent(limit)));
    }
}

#[tokio::test]
async fn a_server_without_tls_is_refused_where_tls_is_asked_for() {
    let port = server(vec![b"N".to_vec()], false).await;
    let (passed, stage, error) = trouble(&look(&login(port, SslMode::Require), LONG).await);
    assert_eq!((passed, stage), (vec![Stage::Dns, Stage::Tcp], Stage::Tls));
    assert_eq!(error, Error::NoTls("require"));
}

#[tokio::test]
async fn where_tls_is_preferred_a_server_that_cannot_agree_on_it_is_asked_again_without() {
    let no_tls = || vec![b"S".to_vec(), b"no TLS at all".to_vec()];
    let port = server(no_tls(), false).await;
    let (_, stage, error) = trouble(&look(&login(port, SslMode::Require), LONG).await);
    assert_eq!(stage, Stage::Tls);
    assert!(matches!(error, Error::Tls(_)), "{error}");
    let refused = refusal("28000", "not without TLS");
    let port = server_with(vec![no_tls(), vec![refused]], false).await;
    let (passed, stage, error) = trouble(&look(&login(port, SslMode::Prefer), LONG).await);
    assert_eq!((passed, stage), (vec![Stage::Dns, Stage::Tcp, Stage::Tls], Stage::Login));
    assert_eq!(error.to_string(), "the server refuses: not without TLS (SQLSTATE 28000)");
}

#[tokio::test]
async fn what_does_not_speak_as_postgresql_is_told_as_that() {
    for (garbage, expected) in [
        (b"x\0\0\0\x04".to_vec(), "what answers does not speak as PostgreSQL does: "),
        (
            b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(),
            "what answers does not speak as PostgreSQL does: ",
        ),
        (Vec::new(), "the server closes the connection without a word"),
    ] {
        let port = server(vec![garbage], false).await;
        let (_, stage, error) = trouble(&look(&login(port, SslMode::Disable), LONG).await);
        assert_eq!(stage, Stage::Login);
        assert!(error.to_string().starts_with(expected), "{error}");
    }
}

#[tokio::test]
async fn a_server_that_repeats_the_password_is_not_quoted() {
    let quote = refusal("28P01", &format!("I was given {CANARY}"));
    let port = server(vec![ASK_FOR_PASSWORD.to_vec(), quote], false).await;
    let (_, stage, error) = trouble(&look(&login(port, SslMode::Disable), LONG).await);
    assert_eq!(stage, Stage::Login);
    let told = error.to_string();
    assert_eq!(
        told,
        "the server refuses: in words that hold the password, which are not shown (SQLSTATE 28P01)"
    );
}
