//! Leaders come and go, and nobody who reads what they publish can tell.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use stand::controller::{Controller, Error, Status};

use super::model::{DATABASES, Model};
use super::{ACTIVE, FOLLOWS, INGRESS};

const LINKS: (&str, &str) = ("feast-ui:dashboard-links", "kubeflow-dashboard:links");
const POD_DEFAULTS: (&str, &str) =
    ("feast-integrator:pod-defaults", "resource-dispatcher:pod-defaults");

/// What the leader of feast-integrator says without [`POD_DEFAULTS`].
const NO_POD_DEFAULTS: &str =
    "blocked [pod-defaults] Please add the missing relation: pod-defaults";

fn all_well(status: &Status) -> bool {
    Model::says(status, "feast-integrator", ACTIVE, FOLLOWS)
        && Model::says(status, "feast-ui", ACTIVE, ACTIVE)
}

pub(crate) fn the_first_leaders_speak_and_every_unit_serves(model: &Model) {
    for relation in DATABASES.into_iter().chain([
        ("feast-integrator:secrets", "resource-dispatcher:secrets"),
        ("feast-integrator:feast-configuration", "feast-ui:feast-configuration"),
    ]) {
        model.integrate(relation);
    }
    let published = [
        "feast-configuration 15 keys",
        "offline-store 4 keys",
        "online-store 4 keys",
        "registry 4 keys",
        "secrets kubernetes_manifests",
    ];
    model.settle(&published, |status| {
        Model::says(status, "feast-integrator", NO_POD_DEFAULTS, FOLLOWS)
            && Model::says(status, "feast-ui", ACTIVE, ACTIVE)
    });
    model.every_ui_serves(3);
}

pub(crate) fn whoever_takes_over_repeats_nothing_and_goes_on(model: &Model) {
    let relate = || {
        model.integrate(POD_DEFAULTS);
        model.integrate(LINKS);
    };
    let published = ["pod-defaults kubernetes_manifests", "dashboard-links dashboard_links"];
    take_over(model, Controller::kill_and_hold, relate, &published);
}

pub(crate) fn a_lease_that_runs_out_makes_another_leader(model: &Model) {
    let rotate = || {
        model.rotate_passwords();
        model.integrate(INGRESS);
    };
    // New passwords are new configuration for the UI, and a new Secret for users.
    let published =
        ["feast-configuration 3 keys", "secrets kubernetes_manifests", "ingress 2 keys"];
    take_over(model, Controller::lose, rotate, &published);
}

/// The leaders of both applications are lost by `means`. Others lead, and publish what comes of `act`, before the old
/// ones are back.
fn take_over(
    model: &Model,
    means: fn(&Controller, &str) -> Result<(), Error>,
    act: impl Fn(),
    published: &[&str],
) {
    let old = ["feast-integrator", "feast-ui"].map(|application| model.leader(application));
    let others = others(&old);
    let elected = Again::of(model, "leader-elected", &others);
    for unit in &old {
        means(&model.controller, unit).unwrap();
    }
    model.every_ui_serves(2);
    model.until(|| elected.times(model) == 2);
    model.settle(&[], |_| true);

    act();
    let others_do_well = |status: &Status| {
        others.iter().filter_map(|unit| Some((unit, status.unit(unit)?))).all(|(name, unit)| {
            let follower = if name.starts_with("feast-ui") { ACTIVE } else { FOLLOWS };
            Model::unit_says(unit, ACTIVE, follower)
        })
    };
    model.settle(published, others_do_well);
    model.every_ui_serves(2);

    let back = Again::of(model, FIRST, &old);
    for unit in &old {
        model.controller.release(unit).unwrap();
    }
    model.until(|| back.times(model) == 2);
    model.settle(&[], all_well);
    for (application, old) in ["feast-integrator", "feast-ui"].iter().zip(&old) {
        assert_ne!(model.leader(application), *old);
    }
    model.every_ui_serves(3);
}

/// All units but `some`.
fn others(some: &[String]) -> Vec<String> {
    (0..3)
        .flat_map(|number| [format!("feast-integrator/{number}"), format!("feast-ui/{number}")])
        .filter(|unit| !some.contains(unit))
        .collect()
}

pub(crate) fn a_leader_whose_pod_is_replaced_in_time_stays_one(model: &Model) {
    let leaders = ["feast-integrator", "feast-ui"].map(|application| model.leader(application));
    let back = Again::of(model, FIRST, &leaders);
    for unit in &leaders {
        model.controller.kill(unit).unwrap();
    }
    model.until(|| back.times(model) == 2);
    model.settle(&[], all_well);
    for (application, leader) in ["feast-integrator", "feast-ui"].iter().zip(&leaders) {
        assert_eq!(model.leader(application), *leader);
    }
    model.every_ui_serves(3);
}

pub(crate) fn a_hook_that_dies_in_the_middle_is_finished_by_the_next(model: &Model) {
    // A hook is stopped where it runs a process for a hook command.
    for application in ["feast-integrator", "feast-ui"] {
        model.juju(&["config", application, "hook-commands=processes"]);
    }
    // Another unit finishes what the leader has only begun to tell Juju.
    model.part(POD_DEFAULTS);
    model.settle(&["pod-defaults ends"], |status| {
        Model::says(status, "feast-integrator", NO_POD_DEFAULTS, FOLLOWS)
    });
    let integrator = [model.leader("feast-integrator")];
    let gate = Gate::before("relation-set", model, &integrator[0]);
    model.integrate(POD_DEFAULTS);
    model.until(|| gate.is_reached());
    model.controller.kill_and_hold(&integrator[0]).unwrap();
    model.settle(&["pod-defaults kubernetes_manifests"], |_| true);
    assert_ne!(model.leader("feast-integrator"), integrator[0]);
    let back = Again::of(model, FIRST, &integrator);
    model.controller.release(&integrator[0]).unwrap();
    model.until(|| back.times(model) == 1);
    model.settle(&[], all_well);

    // The same unit finishes, in a new pod, what it has told Juju to the last word.
    model.part(INGRESS);
    model.settle(&["ingress ends"], all_well);
    let ui = [model.leader("feast-ui")];
    let gate = Gate::before("juju-log", model, &ui[0]);
    model.integrate(INGRESS);
    model.until(|| gate.is_reached());
    model.settle(&[], |_| true);
    let back = Again::of(model, FIRST, &ui);
    model.controller.kill(&ui[0]).unwrap();
    model.until(|| back.times(model) == 1);
    model.settle(&["ingress 2 keys"], all_well);
    assert_eq!(model.leader("feast-ui"), ui[0]);
    model.every_ui_serves(3);
    for application in ["feast-integrator", "feast-ui"] {
        model.juju(&["config", application, "--reset", "hook-commands"]);
    }
    model.settle(&[], all_well);
}

/// The hook that every agent runs once, after those that make up for what it has missed. Until then its unit says what it
/// said before its pod was lost.
const FIRST: &str = "start";

/// Hooks that some of `units` are to run.
struct Again<'a> {
    hook: &'static str,
    units: &'a [String],
    before: usize,
}

impl<'a> Again<'a> {
    fn of(model: &Model, hook: &'static str, units: &'a [String]) -> Self {
        let before = units.iter().map(|unit| model.times(unit, hook)).sum();
        Self { hook, units, before }
    }

    /// How often they have run since.
    fn times(&self, model: &Model) -> usize {
        self.units.iter().map(|unit| model.times(unit, self.hook)).sum::<usize>() - self.before
    }
}

/// A hook command of a unit that does not return.
struct Gate {
    reached: PathBuf,
}

impl Gate {
    fn before(command: &str, model: &Model, unit: &str) -> Self {
        let (pod, tag) = (unit.replace('/', "-"), format!("unit-{}", unit.replace('/', "-")));
        let folder = model.controller.folder();
        let link = folder.join("agents").join(pod).join("tools").join(&tag).join(command);
        let reached = folder.join(format!("{tag}-{command}"));
        let script = format!("#!/bin/sh\ntouch '{}'\nexec sleep 1000\n", reached.display());
        let new = link.with_extension("new");
        fs::write(&new, script).unwrap();
        fs::set_permissions(&new, Permissions::from_mode(0o755)).unwrap();
        assert!(link.is_symlink(), "{}", link.display());
        fs::rename(new, link).unwrap();
        Self { reached }
    }

    fn is_reached(&self) -> bool {
        self.reached.exists()
    }
}
