//! Units come and go at the moment in which relations do.

use stand::controller::Status;

use super::model::Model;
use super::{ACTIVE, FOLLOWS, INGRESS};

/// Relations that come and go together, and what comes of that.
struct Case {
    relations: &'static [(&'static str, &'static str)],
    /// Whether the UI loses its route and gets another one as well.
    is_routed: bool,
    /// The applications whose number of units changes at the same time.
    scaled: &'static [&'static str],
    /// What the leader of feast-integrator says without them.
    integrator: &'static str,
    /// What every unit of feast-ui says without them.
    ui: &'static str,
    /// What changes in databags when they go.
    going: &'static [&'static str],
    /// What changes in databags when they come.
    coming: &'static [&'static str],
}

const CASES: [Case; 3] = [
    Case {
        relations: &[
            ("feast-integrator:offline-store", "postgresql-k8s:database"),
            ("feast-integrator:online-store", "postgresql-k8s:database"),
            ("feast-integrator:registry", "postgresql-k8s:database"),
            ("feast-ui:dashboard-links", "kubeflow-dashboard:links"),
        ],
        is_routed: true,
        scaled: &["feast-integrator", "feast-ui"],
        integrator: "blocked [offline-store] Please add the missing relation: offline-store",
        ui: "waiting [feast-configuration] Waiting for relation data: No data found in relation feast-configuration data bag.",
        going: &[
            "dashboard-links ends",
            "feast-configuration without 15 keys",
            "offline-store ends",
            "online-store ends",
            "pod-defaults kubernetes_manifests",
            "registry ends",
            "secrets 2 keys",
        ],
        coming: &[
            "dashboard-links dashboard_links",
            "feast-configuration 15 keys",
            "offline-store 4 keys",
            "online-store 4 keys",
            "pod-defaults kubernetes_manifests",
            "registry 4 keys",
            "secrets kubernetes_manifests",
            "secrets without entity-key-serialization-version",
        ],
    },
    Case {
        relations: &[("feast-integrator:secrets", "resource-dispatcher:secrets")],
        is_routed: false,
        scaled: &["feast-integrator"],
        integrator: "blocked [secrets] Please add the missing relation: secrets",
        ui: ACTIVE,
        going: &["pod-defaults kubernetes_manifests", "secrets ends"],
        coming: &["pod-defaults kubernetes_manifests", "secrets kubernetes_manifests"],
    },
    Case {
        relations: &[
            ("feast-integrator:pod-defaults", "resource-dispatcher:pod-defaults"),
            ("feast-integrator:feast-configuration", "feast-ui:feast-configuration"),
        ],
        is_routed: false,
        scaled: &["feast-integrator", "feast-ui"],
        integrator: "blocked [pod-defaults] Please add the missing relation: pod-defaults",
        ui: "blocked [feast-configuration] Missing relation: feast-configuration",
        going: &["feast-configuration ends", "pod-defaults ends"],
        coming: &["feast-configuration 15 keys", "pod-defaults kubernetes_manifests"],
    },
];

/// A relation that gives the UI a route, of which there can be one at a time.
struct Route {
    relation: (&'static str, &'static str),
    going: &'static str,
    coming: &'static str,
}

const SIDECAR: Route = Route { relation: INGRESS, going: "ingress ends", coming: "ingress 2 keys" };

const AMBIENT: Route = Route {
    relation: ("feast-ui:istio-ingress-route", "istio-ingress-k8s:istio-ingress-route"),
    going: "istio-ingress-route ends",
    coming: "istio-ingress-route config",
};

/// Down while relations go and up while they come; then the other way round.
pub(crate) fn units_come_and_go_while_relations_do(model: &Model) {
    for case in &CASES {
        case.go(model, 1, &SIDECAR);
        case.come(model, 3, &AMBIENT);
    }
    for application in ["feast-integrator", "feast-ui"] {
        model.scale(application, 1);
    }
    settle(model, &[], ACTIVE, ACTIVE, (&["feast-integrator", "feast-ui"], 1));
    for case in &CASES {
        case.go(model, 3, &AMBIENT);
        case.come(model, 1, &SIDECAR);
    }
    model.every_ui_serves(1);
}

impl Case {
    fn go(&self, model: &Model, units: usize, route: &Route) {
        let route = self.is_routed.then_some(route);
        for relation in self.relations.iter().chain(route.map(|route| &route.relation)) {
            model.part(*relation);
        }
        self.scale(model, units);
        let going: Vec<_> =
            self.going.iter().copied().chain(route.map(|route| route.going)).collect();
        settle(model, &going, self.integrator, self.ui, (self.scaled, units));
    }

    fn come(&self, model: &Model, units: usize, route: &Route) {
        let route = self.is_routed.then_some(route);
        for relation in self.relations.iter().chain(route.map(|route| &route.relation)) {
            model.integrate(*relation);
        }
        self.scale(model, units);
        let coming: Vec<_> =
            self.coming.iter().copied().chain(route.map(|route| route.coming)).collect();
        settle(model, &coming, ACTIVE, ACTIVE, (self.scaled, units));
    }

    fn scale(&self, model: &Model, units: usize) {
        for application in self.scaled {
            model.scale(application, units);
        }
    }
}

/// Waits until all say what they should, and there are so many of them and as many pods.
fn settle(
    model: &Model,
    changes: &[&str],
    integrator: &str,
    ui: &str,
    (scaled, units): (&[&str], usize),
) {
    model.settle(changes, |status: &Status| {
        let pods = model.controller.pods().unwrap();
        let pods_of = |application: &str| {
            let prefix = format!("{application}-");
            pods.iter().filter(|pod| pod.pod.starts_with(&prefix)).count()
        };
        Model::says(status, "feast-integrator", integrator, FOLLOWS)
            && Model::says(status, "feast-ui", ui, ui)
            && scaled.iter().all(|&application| {
                status.applications[application].units.len() == units
                    && pods_of(application) == units
            })
    });
}
