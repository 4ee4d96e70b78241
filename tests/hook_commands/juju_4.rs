//! Stories on a real controller and real unit agents of Juju 4.1.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use juju_sim::binary;
use probe::{By, Command, Plan, Report};
use stand::cache::Cache;
use stand::controller::{Controller, Settings};
use tempfile::TempDir;

use crate::case::{self, Story, Version, Who, Within};
use crate::simulated::{metadata, put, take};
use crate::world::{SAID, SHARED, Values};

/// More than enough for anything here, on a machine that does other things as well.
const LIMIT: Duration = Duration::from_mins(3);
const LOOK: Duration = Duration::from_millis(20);

/// The first and only unit of the application on the other side.
const OTHER: &str = "pg/0";

/// A model with the world of the stories.
pub(crate) struct Stand {
    controller: Controller,
    /// Where units find their plans.
    folder: TempDir,
    values: Values,
    leader: String,
    follower: String,
    /// How often something was changed to have a hook run.
    ticks: u32,
}

impl Stand {
    /// Makes the world.
    pub(crate) fn start(cache: &Cache) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().display().to_string();
        let hook_variables = [(probe::FOLDER.to_owned(), path)].into();
        let settings = Settings { hook_variables, ..Settings::default() };
        let controller = Controller::start(cache, &settings).unwrap();
        let ours = fs::read_to_string(metadata().join("metadata.yaml")).unwrap();
        let theirs = "name: pg\nsummary: s\ndescription: d\nassumes: [k8s-api]\n\
            provides: {db: {interface: postgresql_client}}\n";
        for (name, metadata, units) in [("app", &*ours, "2"), ("pg", theirs, "1")] {
            let charm = pack(folder.path(), name, metadata);
            let mut words = vec!["deploy", &charm, name, "-n", units];
            if name == "app" {
                words.extend(["--resource", "web-image=docker.io/stand/app:1"]);
            }
            controller.juju(words).unwrap();
        }
        let status = controller
            .wait(LIMIT, |status| status.idle(&["app", "pg"]) && status.leader("app").is_some())
            .unwrap();
        let leader = status.leader("app").unwrap().to_owned();
        let follower = if leader == "app/0" { "app/1" } else { "app/0" }.to_owned();
        let mut stand =
            Self { controller, folder, values: Values::new(), leader, follower, ticks: 0 };
        stand.introduce();
        stand
    }

    /// Relates the applications, and finds out what Juju calls everything.
    fn introduce(&mut self) {
        let content: Vec<String> =
            SHARED.iter().map(|(key, value)| format!("'{key}={value}'")).collect();
        let commands = [
            saved(&format!("secret-add --label shared {}", content.join(" ")), "granted"),
            saved("secret-add --label kept pass=x", "kept"),
            plain(&format!(
                "relation-set --app 'v={SAID}' secret-user=secret://{{model}}/{{granted}} secret-kept=secret://{{model}}/{{kept}}"
            )),
            plain("relation-set number=5"),
        ];
        put(&plan("hooks/db-relation-created", &commands, &self.values), self.path(), OTHER);
        self.controller.juju(["integrate", "app:db", "pg:db"]).unwrap();
        let told = self.report(OTHER, "the relation");
        assert!(told.answers.iter().all(|answer| answer.code == 0), "{told:?}");
        self.controller.wait(LIMIT, |status| status.idle(&["app", "pg"])).unwrap();

        let (granted, kept) = (&told.values["granted"], &told.values["kept"]);
        let seen = self.ask(&self.leader, &["relation-ids db", "relation-ids cluster"]);
        let number = |id: &str| id.rsplit(':').next().unwrap().to_owned();
        let (db, cluster) = (number(&seen[0]), number(&seen[1]));
        let address = format!("relation-get -r {db} ingress-address {OTHER}");
        let seen = self.ask(&self.leader, &[&address]);
        let model = &told.values["model"];
        self.values = [
            ("cluster", cluster),
            ("db", db),
            ("model", model.clone()),
            ("pg-address", seen[0].clone()),
            ("tick", "0".to_owned()),
            ("granted", granted.clone()),
            ("granted-uri", format!("secret://{model}/{granted}")),
            ("kept-uri", format!("secret://{model}/{kept}")),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into();
        // Juju 4.1 lets nobody read a secret for a grant of the hook that made it.
        self.ask(OTHER, &["secret-grant {granted} -r {db}"]);
    }

    /// What hook commands of a unit print.
    fn ask(&self, unit: &str, commands: &[&str]) -> Vec<String> {
        let commands: Vec<Command> = commands.iter().map(|command| plain(command)).collect();
        put(&plan("actions/backup", &commands, &self.values), self.path(), unit);
        self.controller.juju(["run", unit, "backup", "target=x"]).unwrap();
        let report = take(self.path(), unit, "the action did not run");
        report.answers.into_iter().map(|answer| answer.stdout.trim().to_owned()).collect()
    }

    /// What is different from what a story expects, in lines.
    pub(crate) fn differences(&mut self, by: By, story: &Story) -> String {
        let (me, peer) = match story.unit {
            Who::Leader => (self.leader.clone(), self.follower.clone()),
            Who::Follower => (self.follower.clone(), self.leader.clone()),
        };
        let mut values = self.values.clone();
        values.extend(crate::world::odd_characters());
        values.extend([("me".to_owned(), me.clone()), ("peer".to_owned(), peer)]);
        let mut text = String::new();
        for hook in &story.hooks {
            self.ticks += 1;
            if hook.within == Within::ConfigChanged {
                values.insert("tick".to_owned(), self.ticks.to_string());
            }
            let said = self.trigger(hook.within, &me, &hook.plan(by, &values));
            let report = self.report(&me, &said);
            text += &case::differences(hook, Version::V4, &report);
            let expected = hook.flush_refused.get(&Version::V4);
            if let Some(expected) = expected.filter(|expected| !said.contains(*expected)) {
                let _ = writeln!(text, "the flush: expected {expected:?}, got {said:?}");
            }
            values = report.values;
        }
        if text.is_empty() { text } else { format!("── {}\n{text}", story.name) }
    }

    /// Has Juju run the charm, and gives what it said of an action.
    fn trigger(&mut self, within: Within, unit: &str, plan: &Plan) -> String {
        match within {
            Within::Backup => {
                put(plan, self.path(), unit);
                let words = ["run", unit, "backup", "target=x", "--format=json"];
                match self.controller.juju(words) {
                    Ok(said) => said,
                    Err(error) => error.to_string(),
                }
            }
            Within::ConfigChanged => {
                put(plan, self.path(), unit);
                let tick = format!("tick={}", self.ticks);
                self.controller.juju(["config", "app", &tick]).unwrap();
                String::new()
            }
            Within::RelationChanged => {
                put(plan, self.path(), unit);
                let command = format!("relation-set -r {{db}} tick={}", self.ticks);
                self.ask(OTHER, &[&command]);
                String::new()
            }
        }
    }

    fn report(&self, unit: &str, said: &str) -> Report {
        self.until(said, || probe::report_of(self.path(), unit).exists());
        take(self.path(), unit, "it was there")
    }

    fn until(&self, said: &str, mut done: impl FnMut() -> bool) {
        let started = Instant::now();
        while !done() {
            if started.elapsed() > LIMIT {
                let status = self.controller.wait(Duration::ZERO, |_| false).unwrap_err();
                panic!("waited in vain: {said}\n{status}");
            }
            thread::sleep(LOOK);
        }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }
}

/// Packs the charm that does what it is told, and gives its path.
fn pack(folder: &Path, name: &str, declared: &str) -> String {
    let path = folder.join(format!("{name}.charm"));
    let read = |name: &str| fs::read(metadata().join(name)).unwrap();
    let (config, actions, manifest) =
        (read("config.yaml"), read("actions.yaml"), read("manifest.yaml"));
    let dispatch = fs::read(binary("probe")).unwrap();
    let files: [(&str, u32, &[u8]); 5] = [
        ("metadata.yaml", 0o644, declared.as_bytes()),
        ("config.yaml", 0o644, &config),
        ("actions.yaml", 0o644, &actions),
        ("manifest.yaml", 0o644, &manifest),
        ("dispatch", 0o755, &dispatch),
    ];
    stand::archive::pack(&path, &files).unwrap();
    path.display().to_string()
}

fn plain(line: &str) -> Command {
    Command { words: shlex::split(line).unwrap(), stdin: None, save: None }
}

fn saved(line: &str, name: &str) -> Command {
    Command { save: Some(name.to_owned()), ..plain(line) }
}

fn plan(within: &str, commands: &[Command], values: &Values) -> Plan {
    Plan {
        within: within.to_owned(),
        by: By::Tools,
        commands: commands.to_vec(),
        values: values.clone(),
        exit: 0,
    }
}
