//! A unit, what Juju runs its charm for, and what comes of it.

use std::fs;

use charm::{Container, File, Mesh, Secret};
use juju_sim::{Event, Invocation, Outcome, Relation, State};
use tests::kubernetes::{Cluster, Kubernetes};
use tests::pebble;
use tests::recorded::Situation;
use tests::world::Deployed;

use crate::fields::{self, Fields};
use crate::labels::{self, mesh};

/// Names of the two charms, as in [`Case::charm`].
pub(crate) const INTEGRATOR: &str = "feast-integrator";
pub(crate) const UI: &str = "feast-ui";

/// A unit, and what Juju runs its charm for.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    /// The situation that it was made of, and how that was damaged.
    pub(crate) name: String,
    pub(crate) charm: String,
    pub(crate) state: State,
    /// None where there is no container, or where its Pebble does not answer.
    pub(crate) container: Option<pebble::Container>,
    /// None where there is none to be found, which matters in a mesh alone.
    pub(crate) cluster: Option<Cluster>,
    pub(crate) event: Event,
}

/// A hook that ran.
#[derive(Clone, Debug)]
pub(crate) struct Hook {
    pub(crate) case: Case,
    pub(crate) failed: bool,
    pub(crate) after: State,
    /// What is in the container, before and after.
    pub(crate) inside: [Option<Container>; 2],
    /// The labels in the cluster, before and after.
    pub(crate) labels: [Option<Mesh>; 2],
    /// The same as fields; none where no process ran.
    pub(crate) fields: Fields,
    /// The hook commands that it started.
    pub(crate) commands: Vec<Invocation>,
    /// What people can read of it: in lists of processes, logs and outputs. Nothing where no process ran.
    pub(crate) public: String,
    /// How many temporary files it left behind.
    pub(crate) temporary_files: usize,
}

impl Case {
    pub(crate) fn of(situation: &Situation) -> Self {
        let Situation { charm, name, input, .. } = situation;
        Self {
            name: name.clone(),
            charm: charm.clone(),
            state: input.state(),
            container: input.container(),
            cluster: input.cluster(),
            event: input.event.event(),
        }
    }

    /// The relation that ends.
    pub(crate) fn breaking(&self) -> Option<u32> {
        match self.event {
            Event::RelationBroken(id) | Event::RelationBrokenAfterRestart(id) => Some(id),
            _ => None,
        }
    }

    /// Whether the hook is one in which the charm looks at its world.
    pub(crate) fn brings_news(&self) -> bool {
        let without = ["start", "stop", "remove"];
        !matches!(&self.event, Event::Hook(name) if without.contains(&name.as_str()))
    }

    /// Whether the cluster does whatever it is asked to do.
    pub(crate) fn is_obeyed(&self) -> bool {
        self.cluster.as_ref().is_none_or(|cluster| cluster.failures.is_empty())
    }

    /// The relations of `endpoint` that do not end.
    pub(crate) fn live<'a>(&'a self, endpoint: &'a str) -> impl Iterator<Item = &'a Relation> {
        let breaking = self.breaking();
        self.state
            .relations
            .iter()
            .filter(move |relation| relation.endpoint == endpoint && Some(relation.id) != breaking)
    }

    /// Runs the whole charm.
    pub(crate) fn run(&self) -> Hook {
        let folder = tempfile::tempdir().expect("a folder");
        let mut deployed = self.deploy();
        deployed.unit.extra.insert("TMPDIR".to_owned(), folder.path().into());
        let pebble =
            self.container.clone().map(|container| pebble::Pebble::serve(container, &mut deployed));
        let kubernetes =
            self.cluster.clone().map(|cluster| Kubernetes::serve(cluster, &mut deployed));
        let outcome = deployed.run_anyway(self.event.clone());
        let cluster = kubernetes.map(|kubernetes| kubernetes.cluster().clone());
        let container = pebble.map(pebble::Pebble::stop);
        let mut fields = fields::ours(&outcome, &deployed.unit.state, container.as_ref());
        fields.extend(cluster.iter().flat_map(labels::fields));
        let Outcome { stdout, stderr, commands, .. } = outcome;
        let public = format!("{stdout}\n{stderr}\n{commands:?}\n{:?}", deployed.unit.state.log);
        Hook {
            case: self.clone(),
            failed: fields["hook"] != "ok",
            after: deployed.unit.state,
            inside: [&self.container, &container].map(|one| one.as_ref().map(inside)),
            labels: [&self.cluster, &cluster].map(|one| Some(mesh(one.as_ref()?, &self.state))),
            fields,
            commands,
            public,
            temporary_files: fs::read_dir(folder.path()).expect("a folder").count(),
        }
    }

    fn deploy(&self) -> Deployed {
        match self.charm.as_str() {
            INTEGRATOR => Deployed::integrator(self.state.clone()),
            _ => Deployed::ui(self.state.clone()),
        }
    }
}

impl Hook {
    /// What the Python charm made of the situation. Juju drops what a failed hook has changed.
    pub(crate) fn recorded(situation: &Situation) -> Self {
        let mut hook = Self::without_effect(&Case::of(situation));
        let cluster = situation.cluster_left();
        hook.labels[1] = cluster.map(|cluster| mesh(&cluster, &hook.case.state));
        hook.temporary_files = situation.informational.temp_files_left;
        let Some(output) = &situation.output else { return Self { failed: true, ..hook } };
        let (after, container) = situation.left();
        for relation in after.relations {
            if let Some(known) = hook.after.relation_mut(relation.id) {
                *known = relation;
            }
        }
        hook.after.unit_status.clone_from(&output.unit_status);
        hook.after.opened_ports = after.opened_ports;
        hook.inside[1] = container.as_ref().map(inside);
        hook
    }

    /// What comes of a hook that the charm does not look at.
    pub(crate) fn without_effect(case: &Case) -> Self {
        let inside = case.container.as_ref().map(inside);
        let labels = case.cluster.as_ref().map(|cluster| mesh(cluster, &case.state));
        Self {
            case: case.clone(),
            failed: false,
            after: case.state.clone(),
            inside: [inside.clone(), inside],
            labels: [labels.clone(), labels],
            fields: Fields::new(),
            commands: Vec::new(),
            public: String::new(),
            temporary_files: 0,
        }
    }

    /// Each relation of `endpoint` that does not end, before and after.
    pub(crate) fn live<'a>(
        &'a self,
        endpoint: &'a str,
    ) -> impl Iterator<Item = (&'a Relation, &'a Relation)> {
        let after = |before: &'a Relation| Some((before, self.after.relation(before.id)?));
        self.case.live(endpoint).filter_map(after)
    }

    /// Whether the unit speaks for its application, and the hook brings news.
    pub(crate) fn speaks(&self) -> bool {
        self.case.state.leader && self.case.brings_news()
    }

    /// The status of the unit, as `juju status` shows it.
    pub(crate) fn status(&self) -> String {
        let status = &self.after.unit_status;
        format!("{} {}", status.name, status.message).trim_end().to_owned()
    }
}

/// A container in a charm's terms.
pub(crate) fn inside(container: &pebble::Container) -> Container {
    let plan = serde_yaml::to_string(&container.plan()).expect("JSON is YAML");
    let layer = ::pebble::Layer::read(&plan).expect("a plan");
    let file = |(path, (content, mode)): (&String, &(String, String))| {
        let mode = u32::from_str_radix(mode, 8).expect("permissions");
        (path.clone(), File { content: Secret::new(content.as_str()), mode })
    };
    let states = layer.services.keys().map(|name| {
        let state = match container.services.get(name).map(String::as_str) {
            Some("active") => charm::ServiceState::Active,
            Some("error") => charm::ServiceState::Error,
            _ => charm::ServiceState::Inactive,
        };
        (name.clone(), state)
    });
    let health = layer.checks.iter().map(|(name, check)| {
        // A check that is up has succeeded by the time that a hook has waited for it.
        let failures = container.failures.get(name).copied().unwrap_or(0);
        let health = if failures >= check.threshold.into() {
            charm::CheckHealth { state: charm::CheckState::Down, successes: Some(0), failures }
        } else {
            charm::CheckHealth { state: charm::CheckState::Up, successes: Some(1), failures: 0 }
        };
        (name.clone(), health)
    });
    Container {
        files: container.files.iter().map(file).collect(),
        states: states.collect(),
        health: health.collect(),
        services: layer.services,
        checks: layer.checks,
    }
}
