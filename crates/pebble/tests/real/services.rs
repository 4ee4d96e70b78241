//! Layers, and what becomes of services.

use std::collections::BTreeSet;
use std::time::Duration;

use charm::{OnCheckFailure, Probe, Service, ServiceState, Startup, Workload, WorkloadChange};
use pebble::Cause;

use crate::daemon::{CONTAINER, Daemon, chain, layer, looking_at, named, sleeping, stop, until};

/// Texts that YAML might take for something else.
const NASTY: [&str; 21] = [
    "yes",
    "null",
    "~",
    "1e3",
    "0x10",
    "010",
    "1_000",
    "5.0",
    "2001-01-01",
    "on",
    "y",
    "<<",
    "=",
    "# comment",
    "key: value",
    " spaces ",
    "two\nlines\n",
    "tab\tquote\"'",
    "- item",
    "\u{2028}ü\u{85}",
    "{{a}} %b `c` @d !e &f *g |h >i [j]",
];

#[tokio::test]
async fn what_the_plan_says_is_what_was_added() {
    let Some(daemon) = Daemon::start().await else { return };
    let mut checks = named([("web", looking_at(80)), ("http", looking_at(0))]);
    if let Some(check) = checks.get_mut("http") {
        check.probe = Probe::Http("http://localhost:1/a?b=c#d".to_owned());
        (check.level, check.period_ms, check.threshold) = (None, 90_500, 1);
    }
    let mut service = Service {
        summary: "yes: a summary".to_owned(),
        command: "sh -c 'echo \"two  words\" # not a comment; sleep 300'".to_owned(),
        startup: Startup::Disabled,
        working_dir: "/tmp".to_owned(),
        on_check_failure: named([
            ("web", OnCheckFailure::Restart),
            ("http", OnCheckFailure::Ignore),
        ]),
        ..Service::default()
    };
    for (index, text) in NASTY.into_iter().enumerate() {
        service.environment.insert(format!("V{index}"), text.to_owned());
    }
    service.environment.insert("EMPTY".to_owned(), String::new());
    service
        .environment
        .extend(["N", "null", "1", "a b"].map(|key| (key.to_owned(), "v".to_owned())));
    let services = named([("first", service), ("second", sleeping())]);
    let add = WorkloadChange::AddLayer { services: services.clone(), checks: checks.clone() };
    // Again, into the layer that is there.
    for _ in 0..2 {
        daemon.pebble.apply(CONTAINER, &add).await.unwrap();
        let seen = daemon.pebble.observe(&[]).await.unwrap().unwrap();
        assert_eq!(seen.services, services);
        assert_eq!(seen.checks, checks);
    }
}

#[tokio::test]
async fn a_layer_that_grows_keeps_what_it_had() {
    let Some(daemon) = Daemon::start().await else { return };
    daemon.pebble.apply(CONTAINER, &layer([("first", sleeping())], [])).await.unwrap();
    daemon.pebble.apply(CONTAINER, &layer([("second", sleeping())], [])).await.unwrap();
    let seen = daemon.pebble.observe(&[]).await.unwrap().unwrap();
    assert_eq!(seen.services, named([("first", sleeping()), ("second", sleeping())]));
}

#[tokio::test]
async fn what_a_service_of_the_image_has_besides_is_seen_and_kept() {
    let Some(daemon) = Daemon::start().await else { return };
    let image = "services:\n  app:\n    override: replace\n    command: sleep 300\n    startup: enabled\n    \
        kill-delay: 2s\n    after: [other]\n    on-check-failure: {up: shutdown}\n";
    daemon.pebble.client().add_layer_text("image", image).await.unwrap();
    let seen = daemon.pebble.observe(&[]).await.unwrap().unwrap();
    let found = &seen.services["app"];
    assert_eq!(found.other, BTreeSet::from(["after", "kill-delay"].map(str::to_owned)));
    assert_eq!(found.on_check_failure["up"], OnCheckFailure::Other);
    // As a charm disables a service that it did not add.
    let disabled = Service { startup: Startup::Disabled, ..found.clone() };
    daemon.pebble.apply(CONTAINER, &layer([("app", disabled.clone())], [])).await.unwrap();
    let seen = daemon.pebble.observe(&[]).await.unwrap().unwrap();
    assert_eq!(seen.services["app"], disabled);
}

#[tokio::test]
async fn a_replan_restarts_only_what_has_changed() {
    let Some(daemon) = Daemon::start().await else { return };
    let since = || async {
        let services = daemon.pebble.client().services().await.unwrap();
        services.into_iter().map(|info| info.current_since).collect::<Vec<_>>()
    };
    daemon
        .pebble
        .apply(CONTAINER, &layer([("a", sleeping()), ("b", sleeping())], []))
        .await
        .unwrap();
    daemon.pebble.apply(CONTAINER, &WorkloadChange::Replan).await.unwrap();
    let first = since().await;
    daemon.pebble.apply(CONTAINER, &WorkloadChange::Replan).await.unwrap();
    assert_eq!(since().await, first);

    let mut changed = sleeping();
    changed.environment.insert("FILES_SHA256".to_owned(), "2".to_owned());
    daemon.pebble.apply(CONTAINER, &layer([("b", changed)], [])).await.unwrap();
    assert_eq!(since().await, first, "a layer alone restarts nothing");
    daemon.pebble.apply(CONTAINER, &WorkloadChange::Replan).await.unwrap();
    let second = since().await;
    assert_eq!(second[0], first[0]);
    assert_ne!(second[1], first[1]);
}

#[tokio::test]
async fn a_restart_is_of_the_services_that_it_names_whether_they_run_or_not() {
    let Some(daemon) = Daemon::start().await else { return };
    let both = layer([("a", sleeping()), ("b", sleeping())], []);
    daemon.pebble.apply(CONTAINER, &both).await.unwrap();
    daemon.pebble.apply(CONTAINER, &stop(["a"])).await.unwrap();
    let since = || async {
        let services = daemon.pebble.client().services().await.unwrap();
        services.into_iter().map(|info| info.current_since).collect::<Vec<_>>()
    };
    let mut before = since().await;
    for names in [&["a"][..], &["a"], &[]] {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        let restarts = !BTreeSet::is_empty(&names);
        daemon.pebble.apply(CONTAINER, &WorkloadChange::Restart(names)).await.unwrap();
        let after = since().await;
        assert_eq!((before[0] != after[0], &before[1]), (restarts, &after[1]));
        before = after;
    }
    let seen = daemon.pebble.observe(&[]).await.unwrap().unwrap();
    let states = named([("a", ServiceState::Active), ("b", ServiceState::Inactive)]);
    assert_eq!(seen.states, states);
}

#[tokio::test]
async fn a_service_that_fails_at_once_fails_the_replan_and_backs_off() {
    let Some(daemon) = Daemon::start().await else { return };
    let failing = Service { command: "sh -c 'echo why; exit 3'".to_owned(), ..sleeping() };
    daemon.pebble.apply(CONTAINER, &layer([("app", failing)], [])).await.unwrap();
    let error = daemon.pebble.apply(CONTAINER, &WorkloadChange::Replan).await.unwrap_err();
    let text = chain(&error);
    assert!(text.starts_with("cannot replan in container feast-ui: change "), "{text}");
    assert!(text.contains("exited quickly with code 3"), "{text}");
    assert!(!error.container_is_gone());
    let seen = until(
        || async { daemon.pebble.observe(&[]).await.unwrap().unwrap().states["app"] },
        |state| *state == ServiceState::Backoff,
    )
    .await;
    assert_eq!(seen, ServiceState::Backoff);
}

#[tokio::test]
async fn a_program_that_is_not_there_is_named() {
    let Some(daemon) = Daemon::start().await else { return };
    let absent = Service { command: "/no/such/program".to_owned(), ..sleeping() };
    daemon.pebble.apply(CONTAINER, &layer([("app", absent)], [])).await.unwrap();
    let error = daemon.pebble.apply(CONTAINER, &WorkloadChange::Replan).await.unwrap_err();
    assert!(chain(&error).contains("/no/such/program: no such file or directory"), "{error:?}");
    let seen = daemon.pebble.observe(&[]).await.unwrap().unwrap();
    assert_eq!(seen.states["app"], ServiceState::Inactive);
}

#[tokio::test]
async fn a_service_is_stopped_once_and_for_all() {
    let Some(daemon) = Daemon::start().await else { return };
    daemon.pebble.apply(CONTAINER, &layer([("app", sleeping())], [])).await.unwrap();
    daemon.pebble.apply(CONTAINER, &WorkloadChange::Replan).await.unwrap();
    let seen = daemon.pebble.observe(&[]).await.unwrap().unwrap();
    assert_eq!(seen.states["app"], ServiceState::Active);
    for _ in 0..2 {
        daemon.pebble.apply(CONTAINER, &stop(["app"])).await.unwrap();
        let seen = daemon.pebble.observe(&[]).await.unwrap().unwrap();
        assert_eq!(seen.states["app"], ServiceState::Inactive);
    }
    daemon.pebble.apply(CONTAINER, &stop([])).await.unwrap();
    let error = daemon.pebble.apply(CONTAINER, &stop(["nobody"])).await.unwrap_err();
    assert!(matches!(error.cause, Cause::Refused { status: 400, .. }), "{error:?}");
    assert!(error.to_string().starts_with("cannot stop nobody in container"), "{error}");
}

#[tokio::test]
async fn a_change_that_takes_too_long_goes_on() {
    let Some(daemon) = Daemon::start().await else { return };
    daemon.pebble.apply(CONTAINER, &layer([("app", sleeping())], [])).await.unwrap();
    let client = daemon.pebble.client();
    let id = client.act(pebble::Action::Start, &["app"]).await.unwrap();
    let error = client.wait(&id, Duration::from_millis(10)).await.unwrap_err();
    assert!(matches!(error.cause, Cause::Unfinished { .. }), "{error:?}");
    assert_eq!(client.wait(&id, Duration::from_secs(20)).await.unwrap().status, "Done");
}

#[tokio::test]
async fn a_plan_that_comes_in_pieces_is_read() {
    let Some(daemon) = Daemon::start().await else { return };
    let services = (0..300).map(|index| {
        let environment = named([("FILLING", "x".repeat(1000))]);
        (format!("service-{index}"), Service { environment, ..sleeping() })
    });
    let add = WorkloadChange::AddLayer { services: services.collect(), checks: named([]) };
    daemon.pebble.apply(CONTAINER, &add).await.unwrap();
    assert_eq!(daemon.pebble.observe(&[]).await.unwrap().unwrap().services.len(), 300);
}

#[tokio::test]
async fn of_two_services_one_is_replaced_by_the_other_within_a_hook() {
    let Some(daemon) = Daemon::start().await else { return };
    let before = Workload { services: named([("old", sleeping())]), ..Workload::default() };
    let after = Workload {
        services: named([("new", sleeping())]),
        stopped: BTreeSet::from(["old".to_owned()]),
        ..Workload::default()
    };
    for workload in [before, after] {
        let seen = daemon.pebble.observe(&[]).await.unwrap().unwrap();
        for change in workload.changes(&seen) {
            daemon.pebble.apply(CONTAINER, &change).await.unwrap();
        }
    }
    let seen = daemon.pebble.observe(&[]).await.unwrap().unwrap();
    let states = named([("new", ServiceState::Active), ("old", ServiceState::Inactive)]);
    assert_eq!(seen.states, states);
}
