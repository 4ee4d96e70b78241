//! Every state that the Python charms were recorded to leave behind, taken over by the charms of this repository.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use juju_sim::{Event, State};
use tests::kubernetes::{Cluster, Kubernetes};
use tests::pebble::{Container, Pebble};
use tests::recorded::{self, Situation};
use tests::world::Deployed;

use super::{neighbours, original};

/// Hooks that may be the first of a charm after a refresh, each with one that follows.
const HOOKS: [[&str; 2]; 4] = [
    ["upgrade-charm", "config-changed"],
    ["config-changed", "update-status"],
    ["leader-elected", "upgrade-charm"],
    ["update-status", "leader-elected"],
];

/// A unit as a Python charm left it.
struct World {
    situation: Situation,
    state: State,
    container: Option<Container>,
    cluster: Option<Cluster>,
}

/// A unit that was taken over.
struct Taken<'a> {
    world: &'a World,
    deployed: Deployed,
    pebble: Option<Pebble>,
    kubernetes: Option<Kubernetes>,
    amiss: Vec<String>,
}

/// One of each, because many situations ended alike.
fn worlds() -> Vec<World> {
    let mut known = BTreeSet::new();
    recorded::all()
        .into_iter()
        .map(|situation| {
            let (state, container) = situation.left();
            let cluster = situation.cluster_left();
            World { situation, state, container, cluster }
        })
        .filter(|World { situation, state, container, cluster }| {
            known.insert(format!("{} {state:?} {container:?} {cluster:?}", situation.charm))
        })
        .collect()
}

impl<'a> Taken<'a> {
    /// A unit of a charm of this repository in the place of the Python one's.
    fn over(world: &'a World) -> Self {
        let mut deployed = world.situation.deploy(world.state.clone());
        let container = world.container.clone();
        let pebble = container.map(|container| Pebble::serve(container, &mut deployed));
        let cluster = world.cluster.clone();
        let kubernetes = cluster.map(|cluster| {
            let cluster = Cluster { asked: Vec::new(), ..cluster };
            Kubernetes::serve(cluster, &mut deployed)
        });
        Self { world, deployed, pebble, kubernetes, amiss: Vec::new() }
    }

    /// Runs a hook, and looks at what neighbours and a Python charm would find after it.
    fn run(&mut self, hook: &str) {
        let (before, there) = (self.deployed.unit.state.clone(), self.cluster());
        if hook == "leader-elected" {
            self.deployed.unit.state.leader = true;
        }
        let leads = self.deployed.unit.state.leader;
        let outcome = self.world.situation.run(&mut self.deployed, Event::hook(hook));
        let mut found = Vec::new();
        if !outcome.success() {
            found.push(format!("failed: {outcome:?}"));
        }
        let after = &self.deployed.unit.state;
        found.extend(neighbours::wronged(&self.world.situation.charm, &before, after, leads));
        // What a Python charm left behind for itself is not ours to mend.
        let known = self.choked(&self.world.state);
        found.extend(self.choked(after).into_iter().filter(|trouble| !known.contains(trouble)));
        found.extend(self.asked_in_vain(there.as_ref()));
        self.amiss.extend(found.into_iter().map(|text| format!("{hook}: {text}")));
    }

    /// What a Python charm would choke on.
    fn choked(&self, state: &State) -> Vec<String> {
        let container = self.pebble.as_ref().map(Pebble::container);
        let charm = &self.world.situation.charm;
        original::choked(charm, state, container.as_ref(), self.cluster().as_ref())
    }

    fn cluster(&self) -> Option<Cluster> {
        self.kubernetes.as_ref().map(|kubernetes| kubernetes.cluster().clone())
    }

    /// What was asked of the cluster beyond a look at it and has changed nothing: pods may begin anew for it.
    fn asked_in_vain(&self, before: Option<&Cluster>) -> Option<String> {
        let after = self.cluster()?;
        let asked = self.kubernetes.as_ref()?.asked();
        let in_vain = before.is_some_and(|before| before.objects == after.objects)
            && after.failures.is_empty()
            && asked.lines().any(|line| !line.starts_with("GET "));
        in_vain.then(|| format!("was asked of the cluster for nothing: {asked}"))
    }

    /// All that a hook can change.
    fn seen(&self) -> (State, Option<Container>, Option<Cluster>) {
        let state = State { log: Vec::new(), ..self.deployed.unit.state.clone() };
        (state, self.pebble.as_ref().map(Pebble::container), self.cluster())
    }
}

/// Takes a unit over by one hook, and runs another.
fn take_over(world: &World, [first, second]: [&str; 2]) -> Vec<String> {
    let mut taken = Taken::over(world);
    taken.run(first);
    let settled = taken.seen();
    taken.run(second);
    // A unit that begins to lead has something to say.
    let begins_to_lead = second == "leader-elected" && !world.state.leader;
    if !begins_to_lead && taken.seen() != settled {
        taken.amiss.push(format!("{second} changed {settled:?} into {:?}", taken.seen()));
    }
    taken.amiss
}

#[test]
fn whatever_the_python_charms_left_is_taken_over_without_a_neighbour_being_wronged() {
    let worlds = worlds();
    let (next, amiss) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let work = || {
        loop {
            // Every hook runs the same code, so that one is enough for each world.
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(world) = worlds.get(index) else { return };
            let found = take_over(world, HOOKS[index % HOOKS.len()]);
            let name = format!("{}/{}", world.situation.charm, world.situation.name);
            let named = found.into_iter().map(|text| format!("{name}: {text}"));
            amiss.lock().unwrap().extend(named);
        }
    };
    thread::scope(|scope| {
        let workers = thread::available_parallelism().map_or(1, usize::from);
        (0..workers).for_each(|_| drop(scope.spawn(work)));
    });
    let amiss = amiss.into_inner().unwrap();
    assert!(amiss.is_empty(), "{}", amiss.join("\n"));
    assert_eq!(worlds.len(), 378);
}
