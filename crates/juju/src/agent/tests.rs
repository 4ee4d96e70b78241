//! Against agents that do not behave.

use std::io::{Read as _, Write as _};
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream as Stream};
use std::path::Path;
use std::thread;

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;

/// The reply to a first request: `true`.
const REPLY: &[u8] = b"\x3a\xff\x85\x03\x01\x01\x08Response\x01\xff\x86\x00\x01\x03\
    \x01\x0dServiceMethod\x01\x0c\x00\x01\x03Seq\x01\x06\x00\x01\x05Error\x01\x0c\x00\x00\x00\
    \x0f\xff\x86\x01\x0aJujuc.Main\x00\
    \x39\xff\x87\x03\x01\x01\x0cExecResponse\x01\xff\x88\x00\x01\x03\x01\x04Code\x01\x04\x00\
    \x01\x06Stdout\x01\x0a\x00\x01\x06Stderr\x01\x0a\x00\x00\x00\x0a\xff\x88\x02\x05true\x0a\x00";

/// The reply to a first request: a text that follows.
const ERROR: &[u8] = b"\x3a\xff\x85\x03\x01\x01\x08Response\x01\xff\x86\x00\x01\x03\
    \x01\x0dServiceMethod\x01\x0c\x00\x01\x03Seq\x01\x06\x00\x01\x05Error\x01\x0c\x00\x00\x00";

/// An agent whose every connection is served by `serve`.
struct Fake {
    folder: TempDir,
}

impl Fake {
    fn new(serve: impl Fn(Stream) + Send + 'static) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(folder.path().join("socket")).unwrap();
        thread::spawn(move || {
            for connection in listener.incoming() {
                serve(connection.unwrap());
            }
        });
        Self { folder }
    }

    fn agent(&self) -> Agent {
        agent(&self.folder.path().join("socket").display().to_string())
    }
}

fn agent(address: &str) -> Agent {
    described(&[("JUJU_AGENT_SOCKET_ADDRESS", address)]).unwrap()
}

/// The agent of an environment in which all is in order but for `changes`.
fn described(changes: &[(&str, &str)]) -> Option<Agent> {
    let common = [
        ("JUJU_AGENT_SOCKET_ADDRESS", "/agent.socket"),
        ("JUJU_AGENT_SOCKET_NETWORK", "unix"),
        ("JUJU_CONTEXT_ID", "app/0-x-1"),
        ("JUJU_AGENT_TOKEN", ""),
    ];
    let all: Vec<_> = changes.iter().chain(&common).collect();
    let variable =
        |name: &str| all.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
    Agent::of(variable, "/d")
}

/// Reads one whole request, which is a first one and shorter than a page.
fn take(stream: &mut Stream) {
    let mut bytes = Vec::new();
    // The last message is the only one whose type is 65.
    while !bytes.windows(9).any(|window| window == b"is-leader") || bytes.last() != Some(&0) {
        let mut part = [0; 4096];
        let length = stream.read(&mut part).unwrap();
        assert!(length > 0, "the request ended early");
        bytes.extend(&part[..length]);
    }
}

async fn ask(agent: &mut Agent) -> Result<Answer, Trouble> {
    agent.run("is-leader", &["--format=json"], None).await
}

#[test]
fn an_agent_that_is_elsewhere_or_not_described_is_none() {
    assert!(described(&[]).is_some());
    for (variable, value) in [
        ("JUJU_AGENT_SOCKET_NETWORK", "tcp"),
        ("JUJU_AGENT_SOCKET_NETWORK", ""),
        ("JUJU_AGENT_SOCKET_ADDRESS", ""),
        ("JUJU_CONTEXT_ID", ""),
        ("JUJU_AGENT_TOKEN", "token"),
    ] {
        assert!(described(&[(variable, value)]).is_none(), "{variable}={value}");
    }
}

#[test]
fn the_zero_byte_of_an_abstract_address_is_written_as_an_at_sign() {
    let agent = described(&[("JUJU_AGENT_SOCKET_ADDRESS", "@juju")]).unwrap();
    assert_eq!(agent.address, Path::new("\0juju"));
}

#[tokio::test]
async fn an_answer_is_read_on_a_path_and_on_an_abstract_address() {
    let serve = |mut stream: Stream| {
        take(&mut stream);
        stream.write_all(REPLY).unwrap();
    };
    let name = format!("juju-{}", std::process::id());
    let address = SocketAddr::from_abstract_name(&name).unwrap();
    let listener = UnixListener::bind_addr(&address).unwrap();
    thread::spawn(move || serve(listener.accept().unwrap().0));
    let fake = Fake::new(serve);
    for mut agent in [fake.agent(), agent(&format!("@{name}"))] {
        let answer = Answer { code: 0, stdout: b"true\n".to_vec(), stderr: Vec::new() };
        assert_eq!(ask(&mut agent).await.unwrap(), answer);
    }
}

#[tokio::test]
async fn where_nobody_listens_nothing_is_done() {
    let folder = tempfile::tempdir().unwrap();
    let absent = folder.path().join("absent");
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let deaf = folder.path().join("deaf");
    drop(UnixListener::bind(&deaf).unwrap());
    let long = folder.path().join("x".repeat(200));
    for path in [absent, file, deaf, long] {
        let trouble = ask(&mut agent(&path.display().to_string())).await.unwrap_err();
        assert!(matches!(trouble, Trouble::NotDone(Reason::Io(_))), "{path:?}: {trouble:?}");
    }
}

#[tokio::test]
async fn an_agent_that_leaves_at_any_byte_of_its_answer_leaves_it_unknown() {
    let lengths = std::sync::Mutex::new(0..REPLY.len());
    let fake = Fake::new(move |mut stream| {
        take(&mut stream);
        let length = lengths.lock().unwrap().next().unwrap();
        stream.write_all(&REPLY[..length]).unwrap();
    });
    for length in 0..REPLY.len() {
        let trouble = ask(&mut fake.agent()).await.unwrap_err();
        assert!(matches!(trouble, Trouble::Unknown(Reason::Io(_))), "{length}: {trouble:?}");
    }
}

#[tokio::test]
async fn an_agent_that_leaves_at_any_byte_of_the_request_has_not_answered() {
    let lengths = std::sync::Mutex::new(0..);
    let fake = Fake::new(move |mut stream| {
        let length = lengths.lock().unwrap().next().unwrap_or_default();
        let _ = stream.read_exact(&mut vec![0; length]);
    });
    for _ in 0..200 {
        // Whether it was sent whole before the agent left is a matter of luck.
        ask(&mut fake.agent()).await.unwrap_err();
    }
}

#[tokio::test]
async fn what_could_not_be_sent_whole_is_not_done() {
    let fake = Fake::new(|mut stream| {
        // Far less than the request, far more than what says which command it is.
        stream.read_exact(&mut vec![0; 100_000]).unwrap();
    });
    let large = vec![b'x'; 10_000_000];
    let trouble = fake.agent().run("relation-set", &[], Some(&large)).await.unwrap_err();
    assert!(matches!(trouble, Trouble::NotDone(Reason::Io(_))), "{trouble:?}");
}

#[tokio::test]
async fn an_error_says_that_nothing_was_done_only_if_it_says_that_the_request_is_bad() {
    for (text, done) in [
        ("bad request: wrong context ID; got \"x\"", false),
        ("bad request: token does not match", false),
        ("hook tool requires stdin, none supplied", true),
        ("rpc: server is shutting down", true),
    ] {
        let fake = Fake::new(move |mut stream| {
            take(&mut stream);
            let length = u8::try_from(text.len()).unwrap();
            let header = [b"\xff\x86\x01\x0aJujuc.Main\x02", &[length][..], text.as_bytes(), b"\0"];
            let header = header.concat();
            stream.write_all(ERROR).unwrap();
            stream.write_all(&[u8::try_from(header.len()).unwrap()]).unwrap();
            stream.write_all(&header).unwrap();
            stream
                .write_all(b"\x0a\xff\x89\x03\x01\x02\xff\x8a\x00\x00\x00\x03\xff\x8a\x00")
                .unwrap();
        });
        let trouble = ask(&mut fake.agent()).await.unwrap_err();
        let (unknown, reason) = match trouble {
            Trouble::NotDone(reason) => (false, reason),
            Trouble::Unknown(reason) => (true, reason),
        };
        assert_eq!((unknown, reason.to_string()), (done, format!("the agent says: {text}")));
    }
}

#[tokio::test(start_paused = true)]
async fn an_agent_that_never_answers_is_waited_for_five_minutes() {
    let fake = Fake::new(|mut stream| {
        take(&mut stream);
        // Until the other side leaves.
        let _ = stream.read(&mut [0]);
    });
    let started = tokio::time::Instant::now();
    let trouble = ask(&mut fake.agent()).await.unwrap_err();
    assert!(matches!(trouble, Trouble::Unknown(Reason::Slow(PATIENCE))), "{trouble:?}");
    assert_eq!(started.elapsed().as_secs(), 300);
}

#[tokio::test(start_paused = true)]
async fn an_agent_that_does_not_read_has_done_nothing() {
    let fake = Fake::new(|_kept| {
        loop {
            thread::park();
        }
    });
    let large = vec![b'x'; 10_000_000];
    let trouble = fake.agent().run("relation-set", &[], Some(&large)).await.unwrap_err();
    assert!(matches!(trouble, Trouble::NotDone(Reason::Slow(_))), "{trouble:?}");
}

#[tokio::test]
async fn an_agent_that_talks_without_end_is_not_listened_to() {
    for talk in [&b"\x00"[..], b"\xfc\x01\xff\xff\xff\x7f", b"\x01\x02", &REPLY[..59]] {
        let fake = Fake::new(move |mut stream| {
            take(&mut stream);
            // Until the other side leaves.
            while stream.write_all(talk).is_ok() {}
        });
        let trouble = ask(&mut fake.agent()).await.unwrap_err();
        assert!(matches!(trouble, Trouble::Unknown(Reason::Odd(_))), "{talk:?}: {trouble:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_bytes_from_the_agent_end_in_an_answer_or_in_trouble(
        bytes in prop_oneof![
            any::<Vec<u8>>(),
            (0..REPLY.len(), any::<Vec<u8>>()).prop_map(|(end, rest)| [&REPLY[..end], &rest].concat()),
        ],
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let sent = bytes.clone();
        let fake = Fake::new(move |mut stream| {
            take(&mut stream);
            let _ = stream.write_all(&sent);
        });
        let answer = runtime.block_on(ask(&mut fake.agent()));
        match answer {
            Ok(_) => prop_assert!(bytes.len() + 8 > REPLY.len()),
            Err(trouble) => prop_assert!(matches!(trouble, Trouble::Unknown(_)), "{:?}", trouble),
        }
    }
}
