//! A model with several units of each charm, and all their neighbours.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

use stand::controller::{Controller, DatabagChange, Error, History, Settings, Status, Unit};
use stand::missing::{Need, needs};
use tempfile::TempDir;

use tests::container::cache;
use tests::packed;

/// More than enough for anything here, on a machine that does other things as well.
pub(crate) const LIMIT: Duration = Duration::from_mins(10);

/// How often to look.
const LOOK: Duration = Duration::from_millis(500);

/// Where Feast's databases are. One server is enough for three.
pub(crate) const DATABASES: [(&str, &str); 3] = [
    ("feast-integrator:offline-store", "postgresql-k8s:database"),
    ("feast-integrator:online-store", "postgresql-k8s:database"),
    ("feast-integrator:registry", "postgresql-k8s:database"),
];

/// Charm, units and what else is deployed with it.
const APPLICATIONS: [(&str, &str, &[&str]); 7] = [
    ("postgresql-k8s", "1", &["--resource", "postgresql-image=localhost/postgresql:1"]),
    ("resource-dispatcher", "1", &["--trust"]),
    ("kubeflow-dashboard", "1", &[]),
    ("istio-pilot", "1", &["--resource", "proxy-image=localhost/proxy:1"]),
    ("istio-ingress-k8s", "1", &["--resource", "proxy-image=localhost/proxy:1"]),
    ("feast-integrator", "3", &[]),
    ("feast-ui", "3", &["--resource", "oci-image=localhost/feast-ui:1"]),
];

/// The charms under test.
const OURS: [&str; 2] = ["feast-integrator", "feast-ui"];

/// A running model.
pub(crate) struct Model {
    /// Its controller.
    pub(crate) controller: Controller,
    /// How many changes of databags have been judged.
    judged: Cell<usize>,
    // After the controller, whose pods have files in it.
    _folder: TempDir,
}

impl Model {
    /// Three units of each charm, related to nobody; `None` where there can be none, and the test should return.
    pub(crate) fn deploy() -> Option<Self> {
        if !needs(&[Need::Go, Need::Gcc, Need::Python, Need::Namespaces, Need::Setpriv]) {
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let images = folder.path().join("images");
        packed::images(&images);
        let settings = Settings {
            images: Some(images),
            // A machine that starts several UIs at once lets agents wait for longer than they are used to.
            lease: Duration::from_secs(10),
            ..Settings::default()
        };
        let controller = Controller::start(&cache(), &settings).unwrap();
        let model = Self { controller, judged: Cell::new(0), _folder: folder };
        for (charm, units, more) in APPLICATIONS {
            let path = packed::charm(model.controller.folder(), charm);
            let path = path.to_str().unwrap();
            model.juju(&[&["deploy", path, charm, "-n", units], more].concat());
        }
        Some(model)
    }

    /// Runs the `juju` command.
    pub(crate) fn juju(&self, arguments: &[&str]) -> String {
        self.controller.juju(arguments).unwrap()
    }

    /// Makes a relation.
    pub(crate) fn integrate(&self, (one, other): (&str, &str)) {
        self.juju(&["integrate", one, other]);
    }

    /// Removes a relation; it is gone when all units have seen to that.
    pub(crate) fn part(&self, (one, other): (&str, &str)) {
        self.juju(&["remove-relation", one, other]);
    }

    /// Gives an application more or fewer units.
    pub(crate) fn scale(&self, application: &str, units: usize) {
        self.juju(&["scale-application", application, &units.to_string()]);
    }

    /// Gives every database user another password.
    pub(crate) fn rotate_passwords(&self) {
        let said = self.juju(&["run", "postgresql-k8s/0", "rotate", "--format=json"]);
        assert!(said.contains(r#""rotated":"3""#), "{said}");
    }

    /// The leader of an application.
    pub(crate) fn leader(&self, application: &str) -> String {
        let history = self.controller.history().unwrap();
        history.leader(application).unwrap().to_owned()
    }

    /// Waits until `done` says so, which is to ask for less than `juju status`.
    pub(crate) fn until(&self, done: impl Fn() -> bool) {
        let started = Instant::now();
        while !done() {
            assert!(started.elapsed() < LIMIT, "{}", self.in_vain());
            thread::sleep(LOOK);
        }
    }

    /// Waits until everything that has changed in our databags is `changes`, which are then done with, and `done` says
    /// so of the model's status. Changes are lines as [`Self::changes`] tells them, in any order.
    pub(crate) fn settle(&self, changes: &[&str], done: impl Fn(&Status) -> bool) {
        let mut wanted: Vec<String> = changes.iter().map(|&change| change.to_owned()).collect();
        wanted.sort();
        let started = Instant::now();
        loop {
            let history = self.controller.history().unwrap();
            let changes = self.changes(&history);
            if changes == wanted && done(&self.controller.status().unwrap()) {
                return self.judge(&history);
            }
            if started.elapsed() > LIMIT {
                assert_eq!(changes, wanted, "{}", self.in_vain());
                panic!("{}", self.in_vain());
            }
            thread::sleep(LOOK);
        }
    }

    /// What `juju status` and the logs say after a wait in vain.
    fn in_vain(&self) -> Error {
        let mut error = self.controller.wait(Duration::ZERO, |_| false).unwrap_err();
        if let Error::Waited { limit, .. } = &mut error {
            *limit = LIMIT;
        }
        error
    }

    /// What has changed in our databags since it was asked last, sorted: `ENDPOINT KEY`, `ENDPOINT without KEY`, and
    /// `ENDPOINT ends` where Juju has removed the relation. Several keys are a number.
    fn changes(&self, history: &History) -> Vec<String> {
        let mut told: BTreeMap<String, Vec<&String>> = BTreeMap::new();
        for change in self.unjudged(history) {
            let DatabagChange { endpoint, key, value, writer, .. } = change;
            let (what, key) = match (writer.as_str(), value.as_str()) {
                ("", "") => (format!("{endpoint} ends"), None),
                // The hook is not over yet.
                ("", _) => (format!("{endpoint} soon"), Some(key)),
                (_, "") => (format!("{endpoint} without"), Some(key)),
                _ => (endpoint.clone(), Some(key)),
            };
            told.entry(what).or_default().extend(key);
        }
        told.into_iter()
            .map(|(what, keys)| match keys[..] {
                [] => what,
                [key] => format!("{what} {key}"),
                _ => format!("{what} {} keys", keys.len()),
            })
            .collect()
    }

    /// Every change so far was made by the leader of that time, and nothing was changed twice since this was asked last.
    fn judge(&self, history: &History) {
        let new: Vec<_> = self.unjudged(history).collect();
        for (number, change) in new.iter().enumerate() {
            let by_juju = change.writer.is_empty() && change.value.is_empty();
            assert!(
                by_juju || history.is_by_the_leader(change),
                "{change:?}\n{:#?}",
                history.leaders
            );
            let again = new.iter().skip(number + 1).find(|other| {
                (other.relation, &other.application, &other.key)
                    == (change.relation, &change.application, &change.key)
                    && !(other.writer.is_empty() && other.value.is_empty())
            });
            assert_eq!(again, None, "after {change:?}");
        }
        self.judged.set(history.databags.len());
    }

    /// Changes of our databags, of which Juju keeps those of neighbours as well, that have not been judged.
    fn unjudged<'a>(&self, history: &'a History) -> impl Iterator<Item = &'a DatabagChange> {
        let new = history.databags.iter().skip(self.judged.get());
        new.filter(|change| OURS.contains(&change.application.as_str()))
    }

    /// How often a unit has run a hook.
    pub(crate) fn times(&self, unit: &str, hook: &str) -> usize {
        self.controller.hooks(unit).unwrap().iter().filter(|ran| *ran == hook).count()
    }

    /// Asks the UI of every pod that there is for its projects, at the address of the pod itself.
    pub(crate) fn every_ui_serves(&self, units: usize) {
        let pods = self.controller.pods().unwrap();
        let pods: Vec<_> = pods.iter().filter(|pod| pod.pod.starts_with("feast-ui-")).collect();
        assert_eq!(pods.len(), units);
        for pod in pods {
            let url = format!("http://{}:8888/projects-list.json", pod.address);
            let answer = ureq::get(&url)
                .call()
                .and_then(|mut response| response.body_mut().read_to_string())
                .unwrap_or_else(|error| panic!("the UI of {}: {error}", pod.pod));
            assert!(answer.contains("feast_project"), "{}: {answer}", pod.pod);
        }
    }

    /// Whether all units of `application` are there and idle, and the leader says the one and everybody else the other.
    pub(crate) fn says(status: &Status, application: &str, leader: &str, others: &str) -> bool {
        let units = &status.applications[application].units;
        status.idle(&[application])
            && status.leader(application).is_some()
            && units.values().all(|unit| Self::unit_says(unit, leader, others))
    }

    /// Whether a unit is idle and says the one if it leads, and else the other.
    pub(crate) fn unit_says(unit: &Unit, leader: &str, others: &str) -> bool {
        let Unit { workload_status, juju_status, leader: leads, .. } = unit;
        let said = format!("{} {}", workload_status.current, workload_status.message);
        juju_status.current == "idle" && said.trim() == if *leads { leader } else { others }
    }
}
