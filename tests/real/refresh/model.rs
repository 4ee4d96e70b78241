//! A model on real Juju with both charms and one application in the place of all their neighbours.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use juju_sim::{Bag, State, binary};
use serde_json::Value;
use stand::archive;
use stand::controller::{Controller, Current, Settings, Status};
use tempfile::TempDir;
use tests::container::{cache, image};

/// More than enough for a refresh, on a machine that does other things as well.
const LIMIT: Duration = Duration::from_mins(2);

pub(crate) const INTEGRATOR: &str = "feast-integrator";
pub(crate) const UI: &str = "feast-ui";
pub(crate) const NEIGHBOUR: &str = "neighbour";

/// A charm that does nothing, in the place of a Python charm whose work has been done.
const NOTHING: &[u8] = include_bytes!("neighbour/dispatch");

/// Whose program a charm has.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whose {
    /// That of this repository.
    Ours,
    /// One that leaves everything as it is.
    Nobodys,
}

pub(crate) struct Model {
    pub(crate) controller: Controller,
    folder: TempDir,
    packed: u32,
    /// How often the neighbour has been told something new, or will have been once it knows.
    news: usize,
}

/// What anybody sees of a model.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    /// What each unit says.
    pub(crate) statuses: BTreeMap<String, Current>,
    /// What is said on relations, by unit and endpoint, as `juju show-unit` has it. Of applications, this version of Juju
    /// shows what the unit's own says.
    pub(crate) databags: BTreeMap<String, Value>,
    /// How often an application has told the neighbour something new.
    pub(crate) news: usize,
    /// How often the UI was started, by the address of the pod.
    pub(crate) starts: BTreeMap<String, usize>,
}

impl Model {
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["images", "bin", "starts"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        // The users of containers are others than whoever runs this.
        open(folder.path());
        let image = image(&folder.path().join("bin"), &folder.path().join("starts"));
        let images = folder.path().join("images");
        fs::write(images.join("feast-ui.json"), serde_json::to_vec(&image).unwrap()).unwrap();
        let settings = Settings { images: Some(images), ..Settings::default() };
        let controller = Controller::start(&cache(), &settings).unwrap();
        let mut model = Self { controller, folder, packed: 0, news: 0 };
        model.deploy(NEIGHBOUR, Whose::Nobodys);
        model.deploy(INTEGRATOR, Whose::Ours);
        model.deploy(UI, Whose::Ours);
        model
    }

    fn deploy(&mut self, application: &str, whose: Whose) {
        let charm = pack(self.folder.path(), &mut self.packed, application, whose);
        let mut arguments = vec!["deploy", charm.to_str().unwrap(), application];
        if application == UI {
            arguments.extend(["--resource", "oci-image=localhost/feast-ui:1"]);
        }
        self.controller.juju(arguments).unwrap();
    }

    /// Waits until every unit has nothing to do and says what is `wanted` of it, and applications have told the neighbour
    /// something new so many times.
    pub(crate) fn wait(&mut self, news: usize, wanted: &[(&str, &str)]) {
        self.news += news;
        self.wait_for(|status| {
            wanted.iter().all(|(unit, wanted)| {
                status.unit(unit).is_some_and(|unit| line(&unit.workload_status) == *wanted)
            })
        });
    }

    /// Replaces the charm of an application by the next version, and waits until each of its units has begun anew with it
    /// and all units say what they said before, and the neighbour has been told something new so many times.
    pub(crate) fn refresh(&mut self, application: &str, whose: Whose, news: usize) -> (Seen, Seen) {
        self.news += news;
        let before = self.seen();
        let units =
            before.statuses.keys().filter(|unit| unit.split('/').next() == Some(application));
        let ready = (application == UI).then_some("feast-ui-pebble-ready");
        let hooks: Vec<(&String, &str)> = units
            .flat_map(|unit| {
                ["upgrade-charm"].into_iter().chain(ready).map(move |hook| (unit, hook))
            })
            .collect();
        let ran = || -> Vec<usize> {
            let log = self.controller.debug_log().unwrap();
            hooks.iter().map(|(unit, hook)| ran(&log, unit, hook)).collect()
        };
        let old = ran();

        let charm = pack(self.folder.path(), &mut self.packed, application, whose);
        self.controller.juju(["refresh", application, "--path", charm.to_str().unwrap()]).unwrap();
        self.wait_for(|status| {
            let says = |(unit, wanted): (&String, &Current)| {
                status.unit(unit).is_some_and(|unit| unit.workload_status == *wanted)
            };
            (whose == Whose::Nobodys || before.statuses.iter().all(says))
                && old.iter().zip(ran()).all(|(old, new)| new > *old)
        });
        let after = self.seen();
        (before, after)
    }

    fn wait_for(&self, done: impl Fn(&Status) -> bool) {
        let all = [NEIGHBOUR, INTEGRATOR, UI];
        let waited = self
            .controller
            .wait(LIMIT, |status| status.idle(&all) && done(status) && self.news() == self.news);
        if let Err(error) = waited {
            panic!("something new was said {} times of {}; {error}", self.news(), self.news);
        }
    }

    pub(crate) fn seen(&self) -> Seen {
        let status = self.controller.status().unwrap();
        let units = status.applications.into_values().flat_map(|application| application.units);
        let statuses: BTreeMap<String, Current> =
            units.map(|(name, unit)| (name, unit.workload_status)).collect();
        let starts = fs::read_dir(self.folder.path().join("starts")).unwrap().map(|entry| {
            let entry = entry.unwrap();
            let lines = fs::read_to_string(entry.path()).unwrap().lines().count();
            (entry.file_name().into_string().unwrap(), lines)
        });
        Seen {
            databags: self.databags(statuses.keys()),
            statuses,
            news: self.news(),
            starts: starts.collect(),
        }
    }

    fn news(&self) -> usize {
        let log = self.controller.debug_log().unwrap();
        let news = |line: &&str| {
            line.starts_with("unit-neighbour-0: ") && line.contains(" news by hooks/")
        };
        log.lines().filter(news).count()
    }

    /// What each of `units` and the other sides of its relations say, by its endpoint.
    fn databags<'a>(&self, units: impl Iterator<Item = &'a String>) -> BTreeMap<String, Value> {
        let arguments = ["show-unit", "--format=json"].into_iter().map(str::to_owned);
        let text = self.controller.juju(arguments.chain(units.cloned())).unwrap();
        let shown: BTreeMap<String, Value> = serde_json::from_str(&text).unwrap();
        let relations = shown.iter().flat_map(|(unit, shown)| {
            let relations = shown["relation-info"].as_array().into_iter().flatten();
            relations.map(move |relation| (unit, relation))
        });
        let named = relations.map(|(unit, relation)| {
            (format!("{unit} {}", relation["endpoint"].as_str().unwrap()), relation.clone())
        });
        named.collect()
    }

    /// Has an application say something on the relation of an endpoint.
    pub(crate) fn say(&self, application: &str, endpoint: &str, bag: &Bag) {
        self.relation_set(application, endpoint, "--app", bag);
    }

    /// Has the first unit of an application say something on the relation of an endpoint.
    pub(crate) fn say_as_unit(&self, application: &str, endpoint: &str, bag: &Bag) {
        self.relation_set(application, endpoint, "", bag);
    }

    fn relation_set(&self, application: &str, endpoint: &str, whose: &str, bag: &Bag) {
        if bag.is_empty() {
            return;
        }
        let data = serde_json::to_string(bag).unwrap();
        let script = format!(
            "relation-set -r \"$(relation-ids {endpoint})\" {whose} --file - <<'EOF'\n{data}\nEOF\n"
        );
        let unit = format!("{application}/0");
        self.controller.juju(["exec", "--unit", &unit, "--", &script]).unwrap();
    }

    pub(crate) fn integrate(&self, one: &str, other: &str) {
        self.controller.juju(["integrate", one, other]).unwrap();
    }

    /// Waits until the first units of an application and the neighbour know each other on all of these endpoints, ours and
    /// theirs.
    pub(crate) fn wait_related(&self, application: &str, endpoints: &[(&str, &str)]) {
        let unit = format!("{application}/0");
        let units = [unit.clone(), format!("{NEIGHBOUR}/0")];
        self.controller
            .wait(LIMIT, |_| {
                let databags = self.databags(units.iter());
                let knows = |unit: &str, endpoint: &str, other: &str| {
                    let relation = databags.get(&format!("{unit} {endpoint}"));
                    relation.is_some_and(|relation| {
                        relation["related-units"][other]["in-scope"] == true
                    })
                };
                endpoints.iter().all(|(ours, theirs)| {
                    knows(&units[0], ours, &units[1]) && knows(&units[1], theirs, &units[0])
                })
            })
            .unwrap();
    }

    pub(crate) fn separate(&self, one: &str, other: &str) {
        self.controller.juju(["remove-relation", one, other]).unwrap();
    }
}

/// A charm with a version of its own, one more than `packed`.
fn pack(folder: &Path, packed: &mut u32, application: &str, whose: Whose) -> PathBuf {
    *packed += 1;
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let metadata = match application {
        NEIGHBOUR => here.join("real/refresh/neighbour"),
        _ => here.join("../metadata").join(application),
    };
    let metadata = fs::read(metadata.join("metadata.yaml")).unwrap();
    let program = match whose {
        Whose::Ours => fs::read(binary(application)).unwrap(),
        Whose::Nobodys => NOTHING.to_vec(),
    };
    let manifest = r#"bases: [{name: ubuntu, channel: "24.04", architectures: [amd64, arm64]}]"#;
    let path = folder.join(format!("{application}-{packed}.charm"));
    archive::pack(
        &path,
        &[
            ("metadata.yaml", 0o644, &metadata),
            ("manifest.yaml", 0o644, manifest.as_bytes()),
            ("dispatch", 0o755, &program),
            ("version", 0o644, packed.to_string().as_bytes()),
        ],
    )
    .unwrap();
    path
}

/// What a Python charm left behind in a model of this name.
pub(crate) fn left_behind(name: &str) -> State {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/databags");
    let text = fs::read_to_string(folder.join(name).with_extension("json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// How often a unit ran a hook.
fn ran(log: &str, unit: &str, hook: &str) -> usize {
    let (unit, ran) =
        (format!("unit-{}: ", unit.replace('/', "-")), format!("ran \"{hook}\" hook"));
    log.lines().filter(|line| line.starts_with(&unit) && line.contains(&ran)).count()
}

/// As `juju status` shows it.
fn line(status: &Current) -> String {
    format!("{} {}", status.current, status.message).trim_end().to_owned()
}

fn open(folder: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
}
