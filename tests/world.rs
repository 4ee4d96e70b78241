//! Units in a neighbourhood in which nothing is wrong. Every test damages it in one visible way.

use std::path::{Path, PathBuf};

use juju_sim::{Event, Outcome, Relation, Secret, State, Unit, binary};

/// The relations of feast-integrator in [`by_secrets`] and [`in_plain`].
pub mod integrator {
    /// `offline-store`.
    pub const OFFLINE_STORE: u32 = 1;
    /// `online-store`.
    pub const ONLINE_STORE: u32 = 2;
    /// `registry`.
    pub const REGISTRY: u32 = 3;
    /// `secrets`.
    pub const SECRETS: u32 = 4;
    /// `pod-defaults`.
    pub const POD_DEFAULTS: u32 = 5;
    /// `feast-configuration`.
    pub const FEAST_CONFIGURATION: u32 = 6;
}

/// The relations of feast-ui in [`configured`].
pub mod ui {
    /// `feast-configuration`.
    pub const FEAST_CONFIGURATION: u32 = 11;
    /// `dashboard-links`.
    pub const DASHBOARD_LINKS: u32 = 12;
    /// `ingress`.
    pub const INGRESS: u32 = 13;
    /// `istio-ingress-route`, which [`configured`] leaves out, because it excludes `ingress`.
    pub const ISTIO_INGRESS_ROUTE: u32 = 14;
    /// `service-mesh`, which only [`meshed`](super::meshed) has.
    pub const SERVICE_MESH: u32 = 15;
    /// `require-cmr-mesh`, likewise.
    pub const REQUIRE_CMR_MESH: u32 = 16;
    /// `provide-cmr-mesh`, likewise.
    pub const PROVIDE_CMR_MESH: u32 = 17;
}

/// The databases: relation, endpoint, name of the database, identifiers of the secrets for the user and for TLS.
pub const DATABASES: [(u32, &str, &str, &str, &str); 3] = [
    (1, "offline-store", "offline_store", "9m4e2mr0ui3e8a215n10", "9m4e2mr0ui3e8a215t10"),
    (2, "online-store", "online_store", "9m4e2mr0ui3e8a215n20", "9m4e2mr0ui3e8a215t20"),
    (3, "registry", "registry", "9m4e2mr0ui3e8a215n30", "9m4e2mr0ui3e8a215t30"),
];

/// A part of every password: nothing that people can read may have it.
pub const CANARY: &str = "canary";

/// A password that is awkward in YAML, URLs, shells and templates.
pub fn password(database: &str) -> String {
    format!("{database} {CANARY} p@ss/w:rd #%41 $HOME {{{{7*7}}}} '\"\\")
}

/// A charm of this workspace, and a unit of it.
pub struct Deployed {
    /// The unit.
    pub unit: Unit,
    program: PathBuf,
}

impl Deployed {
    /// A unit of feast-integrator.
    pub fn integrator(state: State) -> Self {
        Self::of("feast-integrator", state)
    }

    /// A unit of feast-ui without a container.
    pub fn ui(state: State) -> Self {
        let mut deployed = Self::of("feast-ui", state);
        deployed.unit.extra.insert("CHARM_CONTAINERS_DIR".to_owned(), "/nonexistent".into());
        deployed
    }

    fn of(charm: &str, state: State) -> Self {
        let metadata = Path::new(env!("CARGO_MANIFEST_DIR")).join("../metadata").join(charm);
        let unit = Unit::deploy(&metadata, state).expect("the metadata of the charm");
        Self { unit, program: binary(charm) }
    }

    /// Runs the charm, whatever comes of it.
    ///
    /// # Panics
    ///
    /// If Juju would never run `event` in this world.
    pub fn run(&mut self, event: Event) -> Outcome {
        self.unit.run(&self.program, event).expect("a world that can be")
    }

    /// Runs the charm, whatever comes of it, even where Juju would not.
    ///
    /// # Panics
    ///
    /// If it cannot be run.
    pub fn run_anyway(&mut self, event: Event) -> Outcome {
        self.unit.run_anyway(&self.program, event).expect("a charm to run")
    }

    /// Runs the charm, which must end well and show nobody a password.
    ///
    /// # Panics
    ///
    /// If it does not, or if Juju would never run `event` in this world.
    pub fn settle(&mut self, event: Event) -> Outcome {
        let hook = format!("{event:?}");
        let outcome = self.run(event);
        assert!(outcome.success(), "{hook}: {outcome:?}");
        self.assert_discreet(&outcome);
        outcome
    }

    /// The status of the unit, as `juju status` shows it.
    pub fn status(&self) -> String {
        let status = &self.unit.state.unit_status;
        format!("{} {}", status.name, status.message).trim_end().to_owned()
    }

    /// What our application says on a relation.
    ///
    /// # Panics
    ///
    /// If there is no such relation.
    pub fn told(&self, relation: u32) -> &juju_sim::Bag {
        &self.relation(relation).local_app_data
    }

    /// A relation of the unit.
    ///
    /// # Panics
    ///
    /// If there is no such relation.
    pub fn relation(&self, relation: u32) -> &Relation {
        self.unit.state.relation(relation).expect("a relation of the world")
    }

    /// A relation of the unit, to be changed as the other side would.
    ///
    /// # Panics
    ///
    /// If there is no such relation.
    pub fn relation_mut(&mut self, relation: u32) -> &mut Relation {
        self.unit.state.relation_mut(relation).expect("a relation of the world")
    }

    /// Takes a relation away, as it is after `-relation-broken`.
    pub fn forget(&mut self, relation: u32) {
        self.unit.state.relations.retain(|known| known.id != relation);
    }

    /// Fails if a person can read a password: in the list of processes, the log, the outputs or the status.
    fn assert_discreet(&self, outcome: &Outcome) {
        let Outcome { stdout, stderr, commands, .. } = outcome;
        let readable = format!("{commands:?} {stdout} {stderr} {:?}", self.unit.state.log);
        for text in [readable.as_str(), &self.status(), &self.unit.state.app_status.message] {
            assert!(!text.contains(CANARY), "{text}");
        }
        // Values on the command line are recorded by their sizes alone, so their being there is what is looked for.
        for command in commands.iter().filter(|command| command.name == "relation-set") {
            assert!(command.args.ends_with(&["--file".to_owned(), "-".to_owned()]), "{command:?}");
        }
    }
}

/// A leading unit of feast-integrator that is related to everything; databases answer by secrets, as they do since
/// `postgresql-k8s` knows them, and nothing has been published but the requests.
pub fn by_secrets() -> State {
    let mut state = in_plain();
    for (relation, (id, _, name, user, tls)) in state.relations.iter_mut().zip(DATABASES) {
        for key in ["username", "password", "tls"] {
            relation.remote_app_data.remove(key);
        }
        let said =
            [("secret-user", format!("secret:{user}")), ("secret-tls", format!("secret:{tls}"))];
        relation
            .remote_app_data
            .extend(said.into_iter().map(|(key, value)| (key.to_owned(), value)));
        let content = [("username", &*format!("relation_id_{id}")), ("password", &*password(name))];
        state.secrets.push(Secret::granted(user, &content));
        state.secrets.push(Secret::granted(tls, &[("tls", "False")]));
    }
    state
}

/// The same where databases answer in plain.
pub fn in_plain() -> State {
    let database = |(id, endpoint, name, _, _): (u32, &str, &str, &str, &str)| {
        Relation::to(id, endpoint, &format!("pg-{endpoint}"))
            .saying(&[
                ("database", name),
                ("endpoints", &format!("pg-{endpoint}-primary.kubeflow.svc.cluster.local:5432")),
                ("username", &format!("relation_id_{id}")),
                ("password", &password(name)),
            ])
            .told(&[
                ("database", name),
                ("provided-secrets", r#"["mtls-cert"]"#),
                (
                    "requested-secrets",
                    r#"["username", "password", "tls", "tls-ca", "uris", "read-only-uris"]"#,
                ),
            ])
    };
    let mut relations: Vec<Relation> = DATABASES.into_iter().map(database).collect();
    for relation in &mut relations {
        // Providers keep what they were asked for where everybody can read it.
        let request = serde_json::json!(relation.local_app_data).to_string();
        relation.remote_app_data.insert("data".to_owned(), request);
    }
    relations.extend([
        Relation::to(integrator::SECRETS, "secrets", "resource-dispatcher"),
        Relation::to(integrator::POD_DEFAULTS, "pod-defaults", "resource-dispatcher"),
        Relation::to(integrator::FEAST_CONFIGURATION, "feast-configuration", "feast-ui"),
    ]);
    State { relations, ..State::leader() }
}

/// A leading unit of feast-ui that is related to everything but the ambient gateway.
pub fn configured() -> State {
    let mut configuration = Vec::new();
    for (id, endpoint, name, _, _) in DATABASES {
        configuration.extend([
            (format!("{name}_host"), format!("pg-{endpoint}-primary.kubeflow.svc.cluster.local")),
            (format!("{name}_port"), "5432".to_owned()),
            (format!("{name}_database"), name.to_owned()),
            (format!("{name}_user"), format!("relation_id_{id}")),
            (format!("{name}_password"), password(name)),
        ]);
    }
    let said: Vec<(&str, &str)> = configuration.iter().map(|(k, v)| (&**k, &**v)).collect();
    let relations = vec![
        Relation::to(ui::FEAST_CONFIGURATION, "feast-configuration", "feast-integrator")
            .saying(&said),
        Relation::to(ui::DASHBOARD_LINKS, "dashboard-links", "kubeflow-dashboard"),
        Relation::to(ui::INGRESS, "ingress", "istio-pilot")
            .saying(&[("_supported_versions", "- v1\n- v2\n")]),
    ];
    State { relations, ..State::leader() }
}

/// The same with a beacon, and with an application of another model on either side.
pub fn meshed() -> State {
    let mut state = configured();
    state.relations.extend([
        Relation::to(ui::SERVICE_MESH, "service-mesh", "istio-beacon-k8s").saying(&[
            ("labels", r#"{"istio.io/dataplane-mode": "ambient"}"#),
            ("mesh_type", "\"istio\""),
        ]),
        Relation::to(ui::REQUIRE_CMR_MESH, "require-cmr-mesh", "remote-server"),
        Relation::to(ui::PROVIDE_CMR_MESH, "provide-cmr-mesh", "remote-client")
            .saying(&[("cmr_data", r#"{"app_name": "client", "juju_model_name": "other"}"#)]),
    ]);
    state
}
