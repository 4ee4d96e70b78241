//! Which objects every namespace of users gets.

use std::collections::BTreeMap;

use charm::{ConfigValue, Observation, Status};
use interfaces::kubernetes_manifest::Manifests;
use serde_json::Value;

use crate::manifest::Template;

/// The endpoint of applications that hand out Secrets.
pub(crate) const SECRETS: &str = "secrets";
/// The endpoint of applications that hand out `PodDefaults`.
pub(crate) const POD_DEFAULTS: &str = "pod-defaults";
/// The option with the label of the namespaces.
const LABEL: &str = "target_namespace_label";

/// What the charm wants of the cluster.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Wanted {
    /// The label selector of the namespaces that get the objects.
    pub(crate) label: String,
    /// What they get.
    pub(crate) templates: Vec<Template>,
}

/// What the charm wants, given what it sees; or why everything is to stay as it is.
pub(crate) fn decide(seen: &Observation) -> Result<Wanted, Status> {
    if !seen.leader {
        return Err(Status::Waiting("[leadership-gate] Waiting for leadership".to_owned()));
    }
    let label = match seen.config.get(LABEL) {
        Some(ConfigValue::Text(label)) if !label.is_empty() => label.clone(),
        _ => return Err(Status::Blocked(format!("[{LABEL}] Please set the label"))),
    };
    let mut templates = Vec::new();
    for endpoint in [SECRETS, POD_DEFAULTS] {
        templates.extend(templates_of(endpoint, seen)?);
    }
    Ok(Wanted { label, templates })
}

fn templates_of(endpoint: &str, seen: &Observation) -> Result<Vec<Template>, Status> {
    let mut by_name: BTreeMap<(Option<String>, String), Template> = BTreeMap::new();
    for relation in seen.relations(endpoint) {
        let application = &relation.application;
        let invalid = |error: &dyn ToString| {
            Status::Blocked(format!("[{endpoint}] {application}: {}", error.to_string()))
        };
        let secret = relation.remote.get("is_secret") == Some("true");
        let manifests =
            Manifests::read(&relation.remote, &seen.secrets).map_err(|error| invalid(&error))?;
        let Some(manifests) = manifests else {
            if secret {
                return Err(Status::Waiting(format!(
                    "[{endpoint}] Waiting for the secret of {application}"
                )));
            }
            continue;
        };
        for object in manifests.objects() {
            let text = |pointer| object.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
            let namespace = text("/metadata/namespace");
            let name = text("/metadata/name").unwrap_or_default();
            let template =
                Template::new(object, namespace.clone()).map_err(|error| invalid(&error))?;
            if by_name.insert((namespace.clone(), name.clone()), template).is_some() {
                let namespace = namespace.map_or("None".to_owned(), |name| format!("'{name}'"));
                return Err(Status::Blocked(format!(
                    "Conflicting manifests (namespace={namespace} name='{name}'). See debug logs."
                )));
            }
        }
    }
    Ok(by_name.into_values().collect())
}

#[cfg(test)]
mod tests {
    use charm::{Databag, Relation, RelationId, SecretAnswer};
    use serde_json::json;

    use super::*;

    fn everything() -> Observation {
        let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "store"}});
        let pod_default = json!({"apiVersion": "kubeflow.org/v1alpha1", "kind": "PodDefault", "metadata": {"name": "access"}});
        Observation {
            leader: true,
            config: [(LABEL.to_owned(), ConfigValue::Text("user".to_owned()))].into(),
            relations: [
                (SECRETS.to_owned(), vec![related(1, vec![secret])]),
                (POD_DEFAULTS.to_owned(), vec![related(2, vec![pod_default])]),
            ]
            .into(),
            ..Observation::default()
        }
    }

    fn related(id: u32, objects: Vec<Value>) -> Relation {
        Relation {
            id: RelationId(id),
            application: format!("app-{id}"),
            remote: Manifests::new(objects).unwrap().databag(),
            ..Relation::default()
        }
    }

    #[test]
    fn the_objects_of_both_endpoints_are_wanted() {
        let wanted = decide(&everything()).unwrap();
        assert_eq!((wanted.label.as_str(), wanted.templates.len()), ("user", 2));
    }

    #[test]
    fn an_application_that_leaves_takes_its_objects_with_it() {
        let mut seen = everything();
        seen.relations.remove(SECRETS);
        assert_eq!(decide(&seen).unwrap().templates.len(), 1);
        seen.relations.insert(SECRETS.to_owned(), vec![related(1, Vec::new())]);
        assert_eq!(decide(&seen).unwrap().templates.len(), 1);
    }

    #[test]
    fn a_name_that_two_applications_use_blocks_and_nothing_moves() {
        let mut seen = everything();
        let other = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "store"}});
        seen.relations.get_mut(SECRETS).unwrap().push(related(3, vec![other]));
        assert_eq!(
            decide(&seen).unwrap_err(),
            Status::Blocked(
                "Conflicting manifests (namespace=None name='store'). See debug logs.".to_owned()
            )
        );
    }

    #[test]
    fn the_same_name_on_two_endpoints_is_no_conflict() {
        let mut seen = everything();
        let other =
            json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "access"}});
        seen.relations.get_mut(SECRETS).unwrap().push(related(3, vec![other]));
        assert_eq!(decide(&seen).unwrap().templates.len(), 3);
    }

    #[test]
    fn what_is_no_manifest_blocks_and_names_the_application() {
        let mut seen = everything();
        let bag = Databag::from([("kubernetes_manifests", "secret:1")]);
        seen.relations.get_mut(SECRETS).unwrap()[0].remote = bag;
        let status = decide(&seen).unwrap_err();
        assert_eq!(
            status,
            Status::Blocked("[secrets] app-1: kubernetes_manifests is not a JSON array".to_owned())
        );
    }

    #[test]
    fn a_secret_that_cannot_be_read_yet_is_waited_for() {
        let mut seen = everything();
        let bag = Databag::from([("kubernetes_manifests", "secret:1"), ("is_secret", "true")]);
        seen.relations.get_mut(SECRETS).unwrap()[0].remote = bag;
        seen.secrets.insert("secret:1".to_owned(), SecretAnswer::Denied);
        assert_eq!(
            decide(&seen).unwrap_err(),
            Status::Waiting("[secrets] Waiting for the secret of app-1".to_owned())
        );
    }

    #[test]
    fn a_unit_that_does_not_lead_wants_nothing() {
        let seen = Observation { leader: false, ..everything() };
        assert!(matches!(decide(&seen), Err(Status::Waiting(_))));
    }
}
