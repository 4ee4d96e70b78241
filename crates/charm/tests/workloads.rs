//! What is done to a container so that it matches what is wanted.

use std::collections::{BTreeMap, BTreeSet};

use charm::{
    Check, CheckLevel, Container, File, Probe, Secret, Service, ServiceState, Startup, Workload,
    WorkloadChange, checksum,
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

/// A Pebble that remembers with which environment each service was started.
#[derive(Clone, Default)]
struct Pebble {
    found: Container,
    started_with: BTreeMap<String, Service>,
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
                for (name, service) in
                    self.found.services.iter().filter(|(_, to)| to.startup == Startup::Enabled)
                {
                    self.started_with.insert(name.clone(), service.clone());
                    self.found.states.insert(name.clone(), ServiceState::Active);
                }
            }
            WorkloadChange::Restart(services) => {
                for name in services {
                    self.started_with.insert(name.clone(), self.found.services[name].clone());
                    self.found.states.insert(name.clone(), ServiceState::Active);
                }
            }
            WorkloadChange::Stop(services) => {
                self.started_with.retain(|name, _| !services.contains(name));
                self.found
                    .states
                    .extend(services.iter().map(|name| (name.clone(), ServiceState::Inactive)));
            }
        }
    }

    fn running(workload: &Workload) -> Self {
        let mut pebble = Self::default();
        for change in workload.changes(&pebble.found) {
            pebble.make(&change);
        }
        pebble
    }
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
fn a_container_in_order_is_only_asked_to_replan() {
    let pebble = Pebble::running(&wanted("same"));
    assert_eq!(wanted("same").changes(&pebble.found), [WorkloadChange::Replan]);
}

#[test]
fn a_file_that_others_may_read_is_pushed_again() {
    let mut pebble = Pebble::running(&wanted("same"));
    pebble.found.files.get_mut(PATH).unwrap().mode = 0o644;
    insta::assert_snapshot!(lines(&wanted("same").changes(&pebble.found)), @r"
    push /home/ubuntu/feature_store.yaml mode=600 <4 bytes>
    replan
    ");
}

#[test]
fn a_hook_that_dies_anywhere_is_finished_by_the_next() {
    let old = Pebble::running(&wanted("old"));
    let new = wanted("new");
    let changes = new.changes(&old.found);
    for survived in 0..=changes.len() {
        let mut pebble = old.clone();
        for change in &changes[..survived] {
            pebble.make(change);
        }
        for change in new.changes(&pebble.found.clone()) {
            pebble.make(&change);
        }
        assert_eq!(pebble.started_with, new.services, "after dying at step {survived}");
        assert_eq!(pebble.found.files, new.files, "after dying at step {survived}");
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
    assert!(matches!(wanted("same").changes(&pebble.found)[0], WorkloadChange::AddLayer { .. }));
}
