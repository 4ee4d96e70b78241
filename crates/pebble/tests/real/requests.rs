//! How many requests a hook costs.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use charm::{File, Workload};
use pebble::Pebble;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::{UnixListener, UnixStream};

use crate::daemon::{CONTAINER, Daemon, named, sleeping, socket};

/// Passes everything on to `to`, and takes down what is asked, without ids and queries' values.
fn listen_in(containers: &Path, to: PathBuf) -> Arc<Mutex<Vec<String>>> {
    std::fs::create_dir(containers.join(CONTAINER)).unwrap();
    let listener = UnixListener::bind(socket(containers)).unwrap();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let lines = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((mut from, _)) = listener.accept().await {
            let mut to = UnixStream::connect(&to).await.unwrap();
            let lines = Arc::clone(&lines);
            tokio::spawn(async move {
                let mut start = vec![0; 64 * 1024];
                let length = from.read(&mut start).await.unwrap();
                let text = String::from_utf8_lossy(&start[..length]);
                let line = text.lines().next().unwrap_or_default();
                lines.lock().unwrap().push(line.split('&').next().unwrap().to_owned());
                to.write_all(&start[..length]).await.unwrap();
                let (mut from_read, mut from_write) = from.split();
                let (mut to_read, mut to_write) = to.split();
                let _ended = tokio::join!(
                    async {
                        let _ended = copy(&mut from_read, &mut to_write).await;
                        let _ended = to_write.shutdown().await;
                    },
                    copy(&mut to_read, &mut from_write)
                );
            });
        }
    });
    asked
}

#[tokio::test]
async fn a_hook_with_nothing_to_do_asks_for_each_thing_once() {
    let Some(daemon) = Daemon::start().await else { return };
    let folder = tempfile::tempdir().unwrap();
    let asked = listen_in(folder.path(), daemon.socket());
    let pebble = Pebble::of_container(folder.path(), CONTAINER);
    let path = daemon.path("app.conf");
    let workload = Workload {
        services: named([("app", sleeping())]),
        files: named([(path.as_str(), File { content: "text".into(), mode: 0o600 })]),
        ..Workload::default()
    };
    let hook = || async {
        let seen = pebble.observe(&[&path]).await.unwrap().unwrap();
        // What does not depend on each other is asked for in no order.
        asked.lock().unwrap().sort();
        let changes = workload.changes(&seen);
        for change in &changes {
            pebble.apply(CONTAINER, change).await.unwrap();
        }
        let requests: Vec<String> = asked.lock().unwrap().drain(..).collect();
        (changes, requests)
    };

    let (_, first) = hook().await;
    assert_eq!(
        first,
        [
            "GET /v1/checks HTTP/1.1",
            "GET /v1/files?action=read",
            "GET /v1/plan?format=yaml HTTP/1.1",
            "GET /v1/services HTTP/1.1",
            "POST /v1/files HTTP/1.1",
            "POST /v1/layers HTTP/1.1",
            "POST /v1/services HTTP/1.1",
            "GET /v1/changes/1/wait?timeout=4000ms HTTP/1.1",
        ]
    );

    let (changes, second) = hook().await;
    assert_eq!(changes, []);
    assert_eq!(
        second,
        [
            "GET /v1/checks HTTP/1.1",
            "GET /v1/files?action=list",
            "GET /v1/files?action=read",
            "GET /v1/plan?format=yaml HTTP/1.1",
            "GET /v1/services HTTP/1.1",
        ]
    );
}
