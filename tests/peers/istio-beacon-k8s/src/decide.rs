//! What applications are told of the mesh, and what they ask of it.

use std::collections::BTreeMap;

use charm::{Answer, ConfigValue, Observation, Plan, Publication, Status};
use interfaces::service_mesh::{Mesh, Policies};
use serde_json::json;

/// The endpoint of applications that come into the mesh.
pub(crate) const SERVICE_MESH: &str = "service-mesh";

/// From this version of the library on, the kind of mesh is told.
const TELLS_ITS_KIND: i64 = 11;
/// From this version of the library on, an application may be silent about its policies.
const TAKES_SILENCE: i64 = 13;

/// An application has not told its policies, and the library of this version does not take that.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("KeyError: 'policies' of {0}")]
pub(crate) struct Unspoken(String);

/// What the charm wants, given what it sees; or why its hook fails.
pub(crate) fn decide(seen: &Observation) -> Result<Plan, Unspoken> {
    if !seen.leader {
        let why = "Waypoint can only be provided on the leader unit.";
        return Ok(Plan::only(Status::Blocked(why.to_owned())));
    }
    let patch = match seen.config.get("library-patch") {
        Some(ConfigValue::Integer(patch)) => *patch,
        _ => i64::MAX,
    };
    let mut plan = Plan::only(Status::active());
    let mut asked = BTreeMap::new();
    let mesh = mesh(seen, patch).databag();
    // What the real charm does in these hooks is to tell an application of the mesh, not to ask what it wants.
    let telling = ["created", "joined"]
        .iter()
        .any(|what| seen.dispatch.is_hook(&format!("{SERVICE_MESH}-relation-{what}")));
    for relation in seen.relations(SERVICE_MESH) {
        plan.databags.insert(relation.id, Publication::Exactly(mesh.clone()));
        let application = &relation.application;
        match Policies::read(&relation.remote) {
            Ok(Some(policies)) => {
                asked.insert(application.clone(), policies.objects);
            }
            Ok(None) if patch < TAKES_SILENCE && !telling => {
                return Err(Unspoken(application.clone()));
            }
            Ok(None) => {}
            Err(error) => {
                plan.status = Status::Blocked(format!("[{SERVICE_MESH}] {application}: {error}"));
            }
        }
    }
    if seen.dispatch.action_name() == Some("policies") {
        let results = [("policies".to_owned(), json!(asked).to_string())];
        plan.answer = Some(Answer::Results(results.into()));
    }
    Ok(plan)
}

fn mesh(seen: &Observation, patch: i64) -> Mesh {
    let Observation { application, model, .. } = seen;
    let whole_model = seen.config.get("model-on-mesh") == Some(&ConfigValue::Boolean(true));
    let labels = [
        ("istio.io/dataplane-mode", "ambient".to_owned()),
        ("istio.io/use-waypoint", format!("{model}-{application}-waypoint")),
        ("istio.io/use-waypoint-namespace", model.clone()),
    ];
    let labels = labels.into_iter().filter(|_| !whole_model);
    Mesh {
        labels: labels.map(|(label, value)| (label.to_owned(), value)).collect(),
        kind: (patch >= TELLS_ITS_KIND).then(|| "istio".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use charm::{Databag, Dispatch, Relation, RelationId};

    use super::*;

    fn related(remote: Databag, patch: i64) -> Observation {
        let relation = Relation {
            id: RelationId(1),
            application: "feast-ui".to_owned(),
            remote,
            ..Relation::default()
        };
        Observation {
            application: "istio-beacon-k8s".to_owned(),
            model: "kubeflow".to_owned(),
            leader: true,
            config: [("library-patch".to_owned(), ConfigValue::Integer(patch))].into(),
            dispatch: Dispatch::hook("service-mesh-relation-changed"),
            relations: [(SERVICE_MESH.to_owned(), vec![relation])].into(),
            ..Observation::default()
        }
    }

    fn told(seen: &Observation) -> Vec<(String, String)> {
        let plan = decide(seen).unwrap();
        let Publication::Exactly(bag) = &plan.databags[&RelationId(1)] else { panic!("{plan:?}") };
        bag.iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
    }

    const LABELS: &str = r#"{"istio.io/dataplane-mode": "ambient", "istio.io/use-waypoint": "kubeflow-istio-beacon-k8s-waypoint", "istio.io/use-waypoint-namespace": "kubeflow"}"#;

    #[test]
    fn an_application_is_told_the_labels_and_by_newer_versions_the_kind_of_mesh() {
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        let (labels, kind) = (pair("labels", LABELS), pair("mesh_type", r#""istio""#));
        let policies = Policies::default().databag();
        assert_eq!(told(&related(policies.clone(), 20)), [labels.clone(), kind.clone()]);
        assert_eq!(told(&related(policies.clone(), 10)), [labels]);

        let mut seen = related(policies, 20);
        seen.config.insert("model-on-mesh".to_owned(), ConfigValue::Boolean(true));
        assert_eq!(told(&seen), [pair("labels", "{}"), kind]);
    }

    #[test]
    fn older_versions_fail_on_an_application_that_has_not_told_its_policies() {
        let mut seen = related(Databag::new(), 12);
        assert_eq!(decide(&seen), Err(Unspoken("feast-ui".to_owned())));
        seen.dispatch = Dispatch::hook("service-mesh-relation-created");
        assert_eq!(decide(&seen).unwrap().status, Status::active());
        assert_eq!(decide(&related(Databag::new(), 13)).unwrap().status, Status::active());
    }

    #[test]
    fn the_action_tells_what_every_application_asks_for() {
        let mut seen = related(Policies::default().databag(), 20);
        seen.dispatch = Dispatch::action("policies");
        let Some(Answer::Results(results)) = decide(&seen).unwrap().answer else {
            panic!("an answer")
        };
        assert_eq!(results["policies"], r#"{"feast-ui":[]}"#);
    }

    #[test]
    fn policies_that_make_no_sense_block_and_name_the_application() {
        let status = decide(&related([("policies", "{}")].into(), 20)).unwrap().status;
        assert_eq!(
            status,
            Status::Blocked("[service-mesh] feast-ui: policies is not a JSON array".to_owned())
        );
    }

    #[test]
    fn a_second_run_changes_nothing_but_the_status() {
        let seen = related(Policies::default().databag(), 20);
        let after = seen.after(&decide(&seen).unwrap().changes(&seen));
        assert_eq!(decide(&after).unwrap().changes(&after).len(), 1);
    }
}
