//! What a whole errand leaves behind.

use std::time::Duration;

use charm::{Change, Container, File, Service, ServiceState, WorkloadChange};
use pebble::{Cause, Errand};

use crate::daemon::{CONTAINER, Daemon, layer, named, sleeping};

const ERRAND: Errand<'static> = Errand {
    changes: &[],
    before: None,
    in_doubt: false,
    service: "app",
    check: None,
    patience: Duration::from_secs(20),
};

fn to(container: &str, change: WorkloadChange) -> Change {
    Change::Workload(container.to_owned(), change)
}

fn file(content: &str) -> File {
    File { content: content.into(), mode: 0o600 }
}

#[tokio::test]
async fn everything_is_made_in_order_and_the_container_afterwards_is_told() {
    let Some(daemon) = Daemon::start().await else { return };
    let path = daemon.path("app.conf");
    let service = Service { command: format!("sh -c 'cat {path} && sleep 300'"), ..sleeping() };
    let push = WorkloadChange::Push { path: path.clone(), file: file("x") };
    let changes = [
        to(CONTAINER, push),
        to("other", layer([("intruder", sleeping())], [])),
        to(CONTAINER, layer([("app", service)], [])),
        to(CONTAINER, WorkloadChange::Replan),
    ];
    let before = Container { files: named([("/old", file("y"))]), ..Container::default() };
    let errand = Errand { changes: &changes, before: Some(&before), ..ERRAND };
    let mut after = daemon.pebble.carry_out(&errand).await.unwrap().unwrap();
    assert_eq!(after.states, named([("app", ServiceState::Active)]));
    assert_eq!(after.files.remove("/old"), Some(file("y")));
    assert_eq!(Some(after), daemon.pebble.observe(&[&path]).await.unwrap());
}

#[tokio::test]
async fn where_nothing_is_changed_there_is_another_look_only_in_doubt() {
    let Some(daemon) = Daemon::start().await else { return };
    daemon.pebble.apply(CONTAINER, &layer([("app", sleeping())], [])).await.unwrap();
    daemon.pebble.apply(CONTAINER, &WorkloadChange::Replan).await.unwrap();
    let before = Container::default();
    let sure = Errand { before: Some(&before), ..ERRAND };
    assert_eq!(daemon.pebble.carry_out(&sure).await.unwrap(), Some(before.clone()));
    let unsure = Errand { in_doubt: true, ..sure };
    let after = daemon.pebble.carry_out(&unsure).await.unwrap().unwrap();
    assert_eq!(after.states, named([("app", ServiceState::Active)]));
    let unseen = Errand { before: None, ..unsure };
    assert_eq!(daemon.pebble.carry_out(&unseen).await.unwrap(), None);
}

#[tokio::test]
async fn a_service_that_does_not_start_is_seen_and_no_error() {
    let Some(daemon) = Daemon::start().await else { return };
    let service = Service { command: "/nonexistent".to_owned(), ..sleeping() };
    daemon.pebble.apply(CONTAINER, &layer([("app", service)], [])).await.unwrap();
    let changes = [to(CONTAINER, WorkloadChange::Replan)];
    let errand = Errand { changes: &changes, ..ERRAND };
    let after = daemon.pebble.carry_out(&errand).await.unwrap().unwrap();
    assert_eq!(after.states, named([("app", ServiceState::Inactive)]));
}

#[tokio::test]
async fn a_container_that_goes_away_is_not_there_afterwards() {
    let Some(mut daemon) = Daemon::start().await else { return };
    daemon.stop();
    let changes = [to(CONTAINER, WorkloadChange::Replan)];
    let before = Container::default();
    let errand = Errand { changes: &changes, before: Some(&before), ..ERRAND };
    assert_eq!(daemon.pebble.carry_out(&errand).await.unwrap(), None);
}

#[tokio::test]
async fn what_cannot_be_done_is_an_error_and_the_rest_is_not_done() {
    let Some(daemon) = Daemon::start().await else { return };
    let folder = daemon.path("");
    let changes = [
        to(CONTAINER, WorkloadChange::Push { path: folder, file: file("x") }),
        to(CONTAINER, layer([("app", sleeping())], [])),
    ];
    let errand = Errand { changes: &changes, ..ERRAND };
    let error = daemon.pebble.carry_out(&errand).await.unwrap_err();
    assert!(!matches!(error.cause, Cause::Failed { .. }), "{error:?}");
    assert_eq!(daemon.pebble.observe(&[]).await.unwrap(), Some(Container::default()));
}
