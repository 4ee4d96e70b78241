//! Containers that are not there, or not the same any more.

use charm::{Container, WorkloadChange};
use pebble::Pebble;

use crate::daemon::{CONTAINER, Daemon, layer, looking_at, sleeping, socket, until};

#[tokio::test]
async fn a_container_that_has_not_started_is_not_seen() {
    let folder = tempfile::tempdir().unwrap();
    let pebble = Pebble::of_container(folder.path(), CONTAINER);
    assert_eq!(pebble.observe(&["/a"]).await.unwrap(), None);
    let error = pebble.apply(CONTAINER, &WorkloadChange::Replan).await.unwrap_err();
    assert!(error.container_is_gone(), "{error:?}");
}

#[tokio::test]
async fn a_socket_that_was_left_behind_is_not_seen() {
    let Some(mut daemon) = Daemon::start().await else { return };
    daemon.kill();
    assert!(daemon.socket().exists());
    assert_eq!(daemon.pebble.observe(&["/a"]).await.unwrap(), None);
}

#[tokio::test]
async fn a_daemon_that_was_stopped_is_not_seen() {
    let Some(mut daemon) = Daemon::start().await else { return };
    daemon.stop();
    assert_eq!(daemon.pebble.observe(&[]).await.unwrap(), None);
}

#[tokio::test]
async fn a_file_in_place_of_the_socket_is_an_error_or_nobody() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join(CONTAINER)).unwrap();
    std::fs::write(socket(folder.path()), "").unwrap();
    assert_eq!(Pebble::of_container(folder.path(), CONTAINER).observe(&[]).await.unwrap(), None);
}

#[tokio::test]
async fn a_container_that_restarts_has_forgotten_its_layers() {
    let Some(mut daemon) = Daemon::start().await else { return };
    let check = looking_at(1);
    daemon.pebble.apply(CONTAINER, &layer([("app", sleeping())], [("up", check)])).await.unwrap();
    assert_ne!(daemon.pebble.observe(&[]).await.unwrap(), Some(Container::default()));
    daemon.restart().await;
    let seen = until(|| async { daemon.pebble.observe(&[]).await.unwrap() }, Option::is_some).await;
    assert_eq!(seen, Some(Container::default()));
}
