//! The endpoints that a charm of ours does not need, but others may.

use std::collections::BTreeMap;

use charm::{Service, WorkloadChange};

use crate::daemon::{CONTAINER, Daemon, layer, sleeping, until};

#[tokio::test]
async fn the_version_and_the_health_are_told() {
    let Some(daemon) = Daemon::start().await else { return };
    let client = daemon.pebble.client();
    let info = client.system_info().await.unwrap();
    assert!(info.version.starts_with('v') || info.version.contains('.'), "{info:?}");
    assert!(!info.boot_id.is_empty());
    assert!(client.healthy().await.unwrap());
    let down = "checks: {up: {override: replace, period: 10ms, threshold: 1, tcp: {port: 1}}}";
    client.add_layer_text("image", down).await.unwrap();
    assert!(!until(|| async { client.healthy().await.unwrap() }, |healthy| !healthy).await);
}

#[tokio::test]
async fn what_a_service_prints_is_logged() {
    let Some(daemon) = Daemon::start().await else { return };
    let talking =
        Service { command: "sh -c 'echo one; echo two; exec sleep 300'".to_owned(), ..sleeping() };
    daemon.pebble.apply(CONTAINER, &layer([("app", talking)], [])).await.unwrap();
    daemon.pebble.apply(CONTAINER, &WorkloadChange::Replan).await.unwrap();
    let lines = daemon.pebble.client().logs(&["app"], 10).await.unwrap();
    let lines: Vec<&str> = lines.iter().map(|line| line.message.as_str()).collect();
    assert_eq!(lines, ["one", "two"]);
    assert_eq!(daemon.pebble.client().logs(&["nobody"], 10).await.unwrap(), []);
}

#[tokio::test]
async fn a_notice_is_kept() {
    let Some(daemon) = Daemon::start().await else { return };
    let client = daemon.pebble.client();
    let data = BTreeMap::from([("a key".to_owned(), "a value".to_owned())]);
    let id = client.notify("example.com/done", &data).await.unwrap();
    client.notify("example.com/done", &data).await.unwrap();
    let notices = client.notices(&["custom"]).await.unwrap();
    assert_eq!(notices.len(), 1);
    assert_eq!((&notices[0].id, notices[0].occurrences), (&id, 2));
    assert_eq!(notices[0].last_data, Some(data));
}
