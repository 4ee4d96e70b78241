//! A refresh on real Juju: from one version to the next, from what a Python charm left behind, and back.

mod model;

use juju_sim::Bag;
use model::{INTEGRATOR, Model, NEIGHBOUR, Seen, UI, Whose, left_behind};
use serde_json::Value;
use stand::missing::{Need, needs};

const ACTIVE: [(&str, &str); 2] = [("feast-integrator/0", "active"), ("feast-ui/0", "active")];

/// Each of our endpoints, and that of the neighbour to which it is related.
const OF_INTEGRATOR: [(&str, &str); 6] = [
    ("offline-store", "offline-store"),
    ("online-store", "online-store"),
    ("registry", "registry"),
    ("secrets", "secrets"),
    ("pod-defaults", "pod-defaults"),
    ("feast-configuration", "ui"),
];
const OF_UI: [(&str, &str); 3] = [
    ("feast-configuration", "integrator"),
    ("dashboard-links", "dashboard-links"),
    ("ingress", "ingress"),
];

/// Replaces charms by their next version, one after the other. Nobody may notice: not the neighbour, to whom nothing new
/// is said at any time; not the operator, who reads the same; and no UI but those of refreshed pods, which are started
/// once where they `serve`.
fn unnoticed(model: &mut Model, applications: [&str; 2], serve: bool) {
    for application in applications {
        let (before, after) = model.refresh(application, Whose::Ours, 0);
        let restarts = usize::from(serve && application == UI);
        let starts =
            before.starts.iter().map(|(pod, starts)| (pod.clone(), starts + restarts)).collect();
        same(&Seen { starts, ..before }, &after);
    }
}

/// One after the other, because all of it together is more than anybody can read.
fn same(wanted: &Seen, seen: &Seen) {
    let Seen { statuses, databags, news, starts } = seen;
    assert_eq!(statuses, &wanted.statuses);
    assert_eq!(starts, &wanted.starts);
    assert_eq!(news, &wanted.news);
    for (relation, said) in databags {
        assert_eq!(Some(said), wanted.databags.get(relation), "{relation}");
    }
    assert_eq!(databags.len(), wanted.databags.len());
}

/// Relates an application as `endpoints` say, and has the neighbour answer as those of a Python charm did. What the
/// charm itself said is said for it where it does not speak.
fn relate(model: &Model, application: &str, whose: Whose, endpoints: &[(&str, &str)]) {
    for (ours, theirs) in endpoints {
        model.integrate(&format!("{application}:{ours}"), &format!("{NEIGHBOUR}:{theirs}"));
    }
    model.wait_related(application, endpoints);
    let left = if application == UI { "feast-ui-sidecar" } else { "feast-integrator-plain" };
    for relation in left_behind(left).relations {
        let name = &relation.endpoint;
        let Some((ours, theirs)) = endpoints.iter().find(|(ours, _)| ours == name) else {
            continue;
        };
        model.say(NEIGHBOUR, theirs, &relation.remote_app_data);
        if whose == Whose::Nobodys {
            model.say(application, ours, &relation.local_app_data);
            model.say_as_unit(application, ours, &relation.local_unit_data);
        }
    }
}

/// The keys in which what an application says differs, by unit and endpoint.
fn differences(before: &Seen, after: &Seen) -> Vec<String> {
    let mut different = Vec::new();
    for (relation, old) in &before.databags {
        let said = |bags: &Value| -> Bag {
            serde_json::from_value(bags["application-data"].clone()).unwrap_or_default()
        };
        let (old, new) = (said(old), said(&after.databags[relation]));
        let keys = old.keys().chain(new.keys()).filter(|key| old.get(*key) != new.get(*key));
        different.extend(keys.map(|key| format!("{relation} {key}")));
    }
    different.sort();
    different.dedup();
    different
}

#[test]
fn nobody_notices_a_refresh_but_by_one_restart_of_the_ui() {
    if !needs(&[Need::Go, Need::Gcc, Need::Python, Need::Namespaces]) {
        return;
    }
    let mut model = Model::start();
    model.wait(
        0,
        &[
            (
                "feast-integrator/0",
                "blocked [offline-store] Please add the missing relation: offline-store",
            ),
            ("feast-ui/0", "blocked [feast-configuration] Missing relation: feast-configuration"),
        ],
    );
    unnoticed(&mut model, [INTEGRATOR, UI], false);

    // Back to Python charms, and on from what they said.
    for application in [INTEGRATOR, UI] {
        model.refresh(application, Whose::Nobodys, 0);
    }
    relate(&model, INTEGRATOR, Whose::Nobodys, &OF_INTEGRATOR);
    relate(&model, UI, Whose::Nobodys, &OF_UI);
    model.wait(6 + 2, &[]);
    // The Secret has a better file in it.
    let (before, after) = model.refresh(INTEGRATOR, Whose::Ours, 1);
    assert_eq!(differences(&before, &after), ["feast-integrator/0 secrets kubernetes_manifests"]);
    let (before, after) = model.refresh(UI, Whose::Ours, 0);
    same(&Seen { starts: after.starts.clone(), ..before }, &after);
    assert_eq!(after.starts.values().collect::<Vec<_>>(), [&1]);
    model.wait(0, &ACTIVE);
    unnoticed(&mut model, [UI, INTEGRATOR], true);

    // Each beside an older one of the other, both ways.
    model.separate("feast-integrator:feast-configuration", "neighbour:ui");
    model.separate("feast-ui:feast-configuration", "neighbour:integrator");
    model.wait(
        0,
        &[("feast-ui/0", "blocked [feast-configuration] Missing relation: feast-configuration")],
    );
    model.integrate(INTEGRATOR, UI);
    model.wait(0, &ACTIVE);
    unnoticed(&mut model, [INTEGRATOR, UI], true);

    // A database is lost.
    model.separate("feast-integrator:registry", "neighbour:registry");
    let without_registry = [
        ("feast-integrator/0", "blocked [registry] Please add the missing relation: registry"),
        (
            "feast-ui/0",
            "waiting [feast-configuration] Waiting for relation data: No data found in relation feast-configuration data bag.",
        ),
    ];
    // Secret and PodDefault are withdrawn.
    model.wait(2, &without_registry);
    unnoticed(&mut model, [UI, INTEGRATOR], false);

    // It is back, and there are two gateways.
    relate(&model, INTEGRATOR, Whose::Ours, &OF_INTEGRATOR[2..3]);
    // The database is asked for, and they are handed out again.
    model.wait(1 + 2, &ACTIVE);
    model.integrate("feast-ui:istio-ingress-route", "neighbour:istio-ingress-route");
    model.wait(0, &[(
        "feast-ui/0",
        "blocked [istio-relations-conflict-detector] Cannot have both 'istio-ingress-route' and 'ingress' relations at the same time.",
    )]);
    unnoticed(&mut model, [INTEGRATOR, UI], true);

    // There are two units of each.
    model.separate("feast-ui:istio-ingress-route", "neighbour:istio-ingress-route");
    for application in [INTEGRATOR, UI] {
        model.controller.juju(["scale-application", application, "2"]).unwrap();
    }
    model.wait(0, &ACTIVE);
    model.wait(
        0,
        &[
            ("feast-integrator/1", "waiting [leadership-gate] Waiting for leadership"),
            ("feast-ui/1", "active"),
        ],
    );
    unnoticed(&mut model, [UI, INTEGRATOR], true);
}
