//! Reading and writing files.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use charm::{File, Secret, WorkloadChange};
use pebble::Cause;

use crate::daemon::{CONTAINER, Daemon, chain};

fn push(path: &str, content: &str, mode: u32) -> WorkloadChange {
    WorkloadChange::Push { path: path.to_owned(), file: File { content: content.into(), mode } }
}

#[tokio::test]
async fn a_file_is_read_as_it_was_pushed_with_its_mode_and_missing_parents() {
    let Some(daemon) = Daemon::start().await else { return };
    let (path, absent) = (daemon.path("new/parent/a \"b\\ü&c=%.yaml"), daemon.path("absent"));
    for (content, mode) in [("one\r\n\r\n--\r\n", 0o600), ("", 0o640), ("no line end", 0o604)] {
        daemon.pebble.apply(CONTAINER, &push(&path, content, mode)).await.unwrap();
        let seen = daemon.pebble.observe(&[&path, &absent]).await.unwrap().unwrap();
        let file = File { content: Secret::from(content), mode };
        assert_eq!(seen.files.into_iter().collect::<Vec<_>>(), [(path.clone(), file)]);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, mode);
    }
}

#[tokio::test]
async fn every_byte_comes_through_in_both_directions() {
    let Some(daemon) = Daemon::start().await else { return };
    let path = daemon.path("binary");
    // More than Pebble sends in one piece, and longer than a socket's buffer.
    let content: Vec<u8> = (0..=255).cycle().take(1_000_003).collect();
    daemon.pebble.client().write_file(&path, &content, 0o644).await.unwrap();
    assert!(fs::read(&path).unwrap() == content);
    let read = daemon.pebble.client().read_files(&[&path]).await.unwrap();
    assert!(read[0].content.as_ref().unwrap() == &content);
}

#[tokio::test]
async fn a_file_that_is_not_text_differs_from_every_text_and_is_no_error() {
    let Some(daemon) = Daemon::start().await else { return };
    let path = daemon.path("latin-1");
    fs::write(&path, b"caf\xe9").unwrap();
    let seen = daemon.pebble.observe(&[&path]).await.unwrap().unwrap();
    assert_eq!(seen.files[&path].content.reveal(), "caf\u{fffd}");
}

#[tokio::test]
async fn what_cannot_be_written_says_which_path_in_which_container() {
    let Some(daemon) = Daemon::start().await else { return };
    fs::write(daemon.path("file"), "").unwrap();
    let below = daemon.path("file/below");
    let error = daemon.pebble.apply(CONTAINER, &push(&below, "text", 0o644)).await.unwrap_err();
    let text = chain(&error);
    assert!(text.starts_with(&format!("cannot write {below} in container feast-ui: ")), "{text}");
    assert!(text.contains("not a directory"), "{text}");
    assert!(!error.container_is_gone());
}

#[tokio::test]
async fn what_may_not_be_written_is_told_apart() {
    let Some(daemon) = Daemon::start().await else { return };
    // Not even root may make files there.
    let error =
        daemon.pebble.apply(CONTAINER, &push("/sys/kernel/x", "", 0o644)).await.unwrap_err();
    let Cause::File { path, kind, message } = &error.cause else { panic!("{error:?}") };
    assert_eq!(path, "/sys/kernel/x");
    assert!(kind == "permission-denied" || message.contains("read-only file system"), "{error:?}");
}

#[tokio::test]
async fn a_directory_in_place_of_a_file_is_an_error() {
    let Some(daemon) = Daemon::start().await else { return };
    let path = daemon.path("directory");
    daemon.pebble.client().make_dir(&path, 0o750).await.unwrap();
    let error = daemon.pebble.observe(&[&path]).await.unwrap_err();
    assert!(chain(&error).contains("can only read a regular file"), "{error:?}");
}

#[tokio::test]
async fn directories_are_made_listed_and_removed() {
    let Some(daemon) = Daemon::start().await else { return };
    let client = daemon.pebble.client();
    let (parent, child) = (daemon.path("parent"), daemon.path("parent/child"));
    client.make_dir(&child, 0o750).await.unwrap();
    let listed = client.list_files(&parent).await.unwrap().unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!((listed[0].kind.as_str(), listed[0].mode()), ("directory", Some(0o750)));
    client.remove(&parent).await.unwrap();
    assert_eq!(client.file_info(&parent).await.unwrap(), None);
    client.remove(&parent).await.unwrap();
}
