//! What is done to a container so that it matches what is wanted.

use std::collections::{BTreeMap, BTreeSet};

use charm::{
    Check, CheckHealth, CheckLevel, CheckState, Container, File, Probe, Secret, Service,
    ServiceState, Startup, Workload, WorkloadChange, checksum,
};

const PATH: &str = "/home/ubuntu/feature_store.yaml";

fn wanted(content: &str) -> Workload {
    let files =
        BTreeMap::from([(PATH.to_owned(), File { content: Secret::new(content), mode: 0o600 })]);
    let service = Service {
        command: "feast ui".to_owned(),
        startup: Startup::Enabled,
        environment: BTreeMap::from([("FILES_SHA256".to_owned(), checksum(&files))]),
        ..Service::default()
    };
    let check = Check {
        level: Some(CheckLevel::Ready),
        period_ms: 10_000,
        timeout_ms: 3_000,
        threshold: 3,
        probe: Probe::Http("http://localhost:8888/".to_owned()),
    };
    Workload {
        services: BTreeMap::from([("feast-ui".to_owned(), service)]),
        checks: BTreeMap::from([("up".to_owned(), check)]),
        files,
        stopped: BTreeSet::new(),
    }
}

/// A Pebble that remembers what each service was started with.
#[derive(Clone, Default)]
struct Pebble {
    found: Container,
    /// Of those that run.
    started_with: BTreeMap<String, Service>,
    /// Of all that ever ran, as it was at the last start or replan.
    stored: BTreeMap<String, Service>,
}

impl Pebble {
    fn make(&mut self, change: &WorkloadChange) {
        match change {
            WorkloadChange::Push { path, file } => {
                self.found.files.insert(path.clone(), file.clone());
            }
            WorkloadChange::AddLayer { services, checks } => {
                self.found.services.extend(services.clone());
                self.found.checks.extend(checks.clone());
            }
            WorkloadChange::Replan => {
                for (name, service) in self.found.services.clone() {
                    let is_new = self.stored.get(&name).is_some_and(|stored| *stored != service);
                    let stands_still = !self.started_with.contains_key(&name);
                    if is_new || stands_still && service.startup == Startup::Enabled {
                        self.start(&name);
                    }
                }
            }
            WorkloadChange::Restart(services) => services.iter().for_each(|name| self.start(name)),
            WorkloadChange::Stop(services) => {
                self.started_with.retain(|name, _| !services.contains(name));
                self.found
                    .states
                    .extend(services.iter().map(|name| (name.clone(), ServiceState::Inactive)));
            }
        }
    }

    fn start(&mut self, name: &str) {
        let service = self.found.services[name].clone();
        self.started_with.insert(name.to_owned(), service.clone());
        self.stored.insert(name.to_owned(), service);
        self.found.states.insert(name.to_owned(), ServiceState::Active);
    }

    fn running(workload: &Workload) -> Self {
        let mut pebble = Self::default();
        pebble.hook(workload);
        pebble
    }

    fn hook(&mut self, workload: &Workload) {
        for change in workload.changes(&self.found) {
            self.make(&change);
        }
    }
}

/// A workload in which that service must not run.
fn without_another(mut workload: Workload) -> Workload {
    workload.stopped.insert("other".to_owned());
    workload
}

fn lines(changes: &[WorkloadChange]) -> String {
    changes.iter().map(|change| format!("{change}\n")).collect()
}

#[test]
fn a_fresh_container_gets_the_file_before_the_service() {
    insta::assert_snapshot!(lines(&wanted("new").changes(&Container::default())), @r"
    push /home/ubuntu/feature_store.yaml mode=600 <3 bytes>
    add layer feast-ui up
    replan
    ");
}

#[test]
fn a_container_in_order_is_left_alone() {
    let pebble = Pebble::running(&wanted("same"));
    assert_eq!(wanted("same").changes(&pebble.found), []);
}

#[test]
fn a_service_that_stands_still_is_started() {
    for state in [ServiceState::Inactive, ServiceState::Backoff, ServiceState::Error] {
        let mut pebble = Pebble::running(&wanted("same"));
        pebble.found.states.insert("feast-ui".to_owned(), state);
        assert_eq!(wanted("same").changes(&pebble.found), [WorkloadChange::Replan], "{state:?}");
    }
}

#[test]
fn a_check_that_somebody_has_stopped_is_started() {
    let mut pebble = Pebble::running(&wanted("same"));
    for (state, expected) in
        [(CheckState::Inactive, &[WorkloadChange::Replan][..]), (CheckState::Down, &[])]
    {
        let health = CheckHealth { state, successes: Some(1), failures: 0 };
        pebble.found.health.insert("up".to_owned(), health);
        assert_eq!(wanted("same").changes(&pebble.found), expected, "{state:?}");
    }
}

#[test]
fn a_changed_service_stops_before_its_plan_changes() {
    let pebble = Pebble::running(&wanted("old"));
    insta::assert_snapshot!(lines(&wanted("new").changes(&pebble.found)), @r"
    push /home/ubuntu/feature_store.yaml mode=600 <3 bytes>
    stop feast-ui
    add layer feast-ui up
    replan
    ");
}

#[test]
fn a_changed_check_restarts_nothing() {
    let pebble = Pebble::running(&wanted("same"));
    let mut wanted = wanted("same");
    wanted.checks.get_mut("up").unwrap().threshold = 4;
    insta::assert_snapshot!(lines(&wanted.changes(&pebble.found)), @"add layer feast-ui up");
}

#[test]
fn a_file_that_others_may_read_is_pushed_again() {
    let mut pebble = Pebble::running(&wanted("same"));
    pebble.found.files.get_mut(PATH).unwrap().mode = 0o644;
    insta::assert_snapshot!(lines(&wanted("same").changes(&pebble.found)), @"push /home/ubuntu/feature_store.yaml mode=600 <4 bytes>");
}

/// The same with a service beside it.
fn with_another(mut workload: Workload, command: &str) -> Workload {
    let service =
        Service { command: command.to_owned(), startup: Startup::Enabled, ..Service::default() };
    workload.services.insert("other".to_owned(), service);
    workload
}

#[test]
fn a_hook_that_dies_anywhere_is_finished_by_the_next() {
    for (old, new) in [
        (wanted("old"), wanted("new")),
        (wanted("old"), with_another(wanted("new"), "sleep 1")),
        (with_another(wanted("old"), "sleep 1"), with_another(wanted("old"), "sleep 2")),
        (with_another(wanted("old"), "sleep 1"), with_another(wanted("new"), "sleep 2")),
        (with_another(wanted("old"), "sleep 1"), without_another(wanted("old"))),
        (with_another(wanted("old"), "sleep 1"), without_another(wanted("new"))),
        (without_another(wanted("old")), with_another(wanted("old"), "sleep 1")),
    ] {
        dies_anywhere(&Pebble::running(&old), &new);
    }
}

fn dies_anywhere(old: &Pebble, new: &Workload) {
    let changes = new.changes(&old.found);
    for survived in 0..=changes.len() {
        let mut pebble = old.clone();
        for change in &changes[..survived] {
            pebble.make(change);
        }
        pebble.hook(new);
        assert_eq!(pebble.started_with, new.services, "after dying at step {survived}");
        assert_eq!(pebble.found.files, new.files, "after dying at step {survived}");
        assert_eq!(new.changes(&pebble.found), [], "after dying at step {survived}");
        // Nor is anything left that a replan for another reason would bring to light.
        pebble.make(&WorkloadChange::Stop(BTreeSet::from(["feast-ui".to_owned()])));
        pebble.hook(new);
        assert_eq!(pebble.started_with, new.services, "after dying at step {survived}");
    }
}

#[test]
fn a_service_that_must_not_run_is_disabled_and_stopped_once() {
    let mut pebble = Pebble::running(&wanted("old"));
    let nothing =
        Workload { stopped: BTreeSet::from(["feast-ui".to_owned()]), ..Workload::default() };
    let changes = nothing.changes(&pebble.found);
    insta::assert_snapshot!(lines(&changes), @r"
    add layer feast-ui
    stop feast-ui
    ");
    for change in &changes {
        pebble.make(change);
    }
    assert_eq!(nothing.changes(&pebble.found), []);
    assert!(pebble.started_with.is_empty());
}

#[test]
fn a_service_that_somebody_else_configured_is_replaced() {
    let mut pebble = Pebble::running(&wanted("same"));
    pebble.found.services.get_mut("feast-ui").unwrap().other.insert("user".to_owned());
    let changes = wanted("same").changes(&pebble.found);
    assert!(matches!(changes[1], WorkloadChange::AddLayer { .. }), "{changes:?}");
}
