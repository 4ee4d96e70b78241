//! Health checks, and waiting for them.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use charm::{Check, CheckState, Service, ServiceState, WorkloadChange};

use crate::daemon::{CONTAINER, Daemon, layer, looking_at, sleeping, until};

const LIMIT: Duration = Duration::from_secs(20);

/// A port that nothing listens on, for as long as nobody is given it again.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

async fn running(check: Check) -> Option<Daemon> {
    let daemon = Daemon::start().await?;
    daemon.pebble.apply(CONTAINER, &layer([("app", sleeping())], [("up", check)])).await.unwrap();
    daemon.pebble.apply(CONTAINER, &WorkloadChange::Replan).await.unwrap();
    Some(daemon)
}

#[tokio::test]
async fn a_check_goes_down_and_comes_up_again() {
    let port = free_port();
    let Some(daemon) =
        running(Check { period_ms: 50, timeout_ms: 50, threshold: 2, ..looking_at(port) }).await
    else {
        return;
    };
    let state = || async { daemon.pebble.observe(&[]).await.unwrap().unwrap().health["up"] };
    let seen = until(state, |health| health.state == CheckState::Down).await;
    assert_eq!(seen.state, CheckState::Down);
    assert!(seen.failures >= 2, "{seen:?}");
    let _listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
    let seen = until(state, |health| health.state == CheckState::Up).await;
    assert_eq!((seen.state, seen.failures), (CheckState::Up, 0));
    assert!(seen.successes.is_some_and(|successes| successes > 0), "{seen:?}");
}

#[tokio::test]
async fn a_service_that_answers_is_settled_long_before_its_check_is_due() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let Some(daemon) = running(looking_at(listener.local_addr().unwrap().port())).await else {
        return;
    };
    let seen = daemon.pebble.settle("app", Some("up"), LIMIT).await.unwrap();
    assert_eq!(seen.states["app"], ServiceState::Active);
    assert_eq!((seen.health["up"].state, seen.health["up"].successes), (CheckState::Up, Some(1)));
    assert_eq!(seen.checks["up"].period_ms, 60_000);
}

#[tokio::test]
async fn a_service_that_answers_late_is_waited_for() {
    let port = free_port();
    let Some(daemon) = running(looking_at(port)).await else { return };
    let listening = async {
        until(
            || async { daemon.pebble.observe(&[]).await.unwrap().unwrap().health["up"].failures },
            |failures| *failures > 0,
        )
        .await;
        TcpListener::bind(("127.0.0.1", port)).unwrap()
    };
    let (seen, _listener) = tokio::join!(daemon.pebble.settle("app", Some("up"), LIMIT), listening);
    assert_eq!(seen.unwrap().health["up"].successes, Some(1));
}

#[tokio::test]
async fn waiting_never_takes_a_check_down() {
    let Some(daemon) = running(looking_at(free_port())).await else { return };
    let limit = Duration::from_secs(4);
    let started = Instant::now();
    let seen = daemon.pebble.settle("app", Some("up"), limit).await.unwrap();
    assert!(started.elapsed() >= limit);
    assert_eq!((seen.health["up"].state, seen.health["up"].failures), (CheckState::Up, 2));
    assert_eq!(seen.health["up"].successes, Some(0));
}

#[tokio::test]
async fn a_success_of_an_earlier_run_does_not_count() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let Some(daemon) = running(looking_at(listener.local_addr().unwrap().port())).await else {
        return;
    };
    daemon.pebble.settle("app", Some("up"), LIMIT).await.unwrap();
    drop(listener);
    let seen = daemon.pebble.settle("app", Some("up"), Duration::ZERO).await.unwrap();
    assert_eq!((seen.health["up"].successes, seen.health["up"].failures), (Some(1), 1));
}

#[tokio::test]
async fn a_service_that_dies_is_not_waited_for() {
    let Some(daemon) = Daemon::start().await else { return };
    let short = Service { command: "sh -c 'sleep 1.5; exit 1'".to_owned(), ..sleeping() };
    let check = looking_at(free_port());
    daemon.pebble.apply(CONTAINER, &layer([("app", short)], [("up", check)])).await.unwrap();
    daemon.pebble.apply(CONTAINER, &WorkloadChange::Replan).await.unwrap();
    let seen = daemon.pebble.settle("app", Some("up"), LIMIT).await.unwrap();
    assert_eq!(seen.states["app"], ServiceState::Backoff);
}

#[tokio::test]
async fn what_is_not_in_the_plan_is_not_waited_for() {
    let Some(daemon) = running(looking_at(free_port())).await else { return };
    for (service, check) in [("app", None), ("app", Some("nobody")), ("nobody", Some("up"))] {
        daemon.pebble.settle(service, check, Duration::MAX).await.unwrap();
    }
}
