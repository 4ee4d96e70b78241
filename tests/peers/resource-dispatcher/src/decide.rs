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
/// The option with the version of the library that this charm behaves as.
const LIBRARY_PATCH: &str = "library-patch";
/// From this version of the library on, manifests may be in a secret.
const KNOWS_SECRETS: i64 = 2;

/// What the charm wants of the cluster.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Wanted {
    /// The label selector of the namespaces that get the objects.
    pub(crate) label: String,
    /// What they get.
    pub(crate) templates: Vec<Template>,
}

/// Why everything is to stay as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The operator is told.
    Told(Status),
    /// The hook fails, for this reason.
    Failed(String),
}

/// What the charm wants, given what it sees; or why everything is to stay as it is.
pub(crate) fn decide(seen: &Observation) -> Result<Wanted, Refusal> {
    if !seen.leader {
        let text = "[leadership-gate] Waiting for leadership".to_owned();
        return Err(Refusal::Told(Status::Waiting(text)));
    }
    let label = match seen.config.get(LABEL) {
        Some(ConfigValue::Text(label)) if !label.is_empty() => label.clone(),
        _ => {
            let text = format!("[{LABEL}] Please set the label");
            return Err(Refusal::Told(Status::Blocked(text)));
        }
    };
    let mut templates = Vec::new();
    for endpoint in [SECRETS, POD_DEFAULTS] {
        templates.extend(templates_of(endpoint, seen)?);
    }
    Ok(Wanted { label, templates })
}

fn templates_of(endpoint: &str, seen: &Observation) -> Result<Vec<Template>, Refusal> {
    let old = match seen.config.get(LIBRARY_PATCH) {
        Some(ConfigValue::Integer(patch)) => *patch < KNOWS_SECRETS,
        _ => false,
    };
    let mut by_name: BTreeMap<(Option<String>, String), Template> = BTreeMap::new();
    for relation in seen.relations(endpoint) {
        let application = &relation.application;
        let invalid = |error: &dyn ToString| {
            let text = format!("[{endpoint}] {application}: {}", error.to_string());
            // The older library lets its charm fail on what is no JSON, and takes the URI of a secret for that.
            if old { Refusal::Failed(text) } else { Refusal::Told(Status::Blocked(text)) }
        };
        let mut bag = relation.remote.clone();
        if old {
            bag.insert("is_secret", "");
        }
        let manifests = Manifests::read(&bag, &seen.secrets).map_err(|error| invalid(&error))?;
        let Some(manifests) = manifests else {
            if bag.get("is_secret") == Some("true") {
                let text = format!("[{endpoint}] Waiting for the secret of {application}");
                return Err(Refusal::Told(Status::Waiting(text)));
            }
            continue;
        };
        for object in manifests.objects() {
            let text = |pointer| object.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
            let namespace = text("/metadata/namespace");
            let name = text("/metadata/name").unwrap_or_default();
            let template =
                Template::new(object, namespace.clone()).map_err(|error| invalid(&error))?;
            // The older charm writes a file by the name alone.
            let key = (namespace.filter(|_| !old), name);
            if by_name.insert(key.clone(), template).is_some() {
                return Err(Refusal::Told(Status::Blocked(conflict(old, key.0, &key.1))));
            }
        }
    }
    Ok(by_name.into_values().collect())
}

fn conflict(old: bool, namespace: Option<String>, name: &str) -> String {
    if old {
        return "Failed to process invalid manifest. See debug logs.".to_owned();
    }
    let namespace = namespace.map_or("None".to_owned(), |name| format!("'{name}'"));
    format!("Conflicting manifests (namespace={namespace} name='{name}'). See debug logs.")
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

    fn told(seen: &Observation) -> Status {
        match decide(seen) {
            Err(Refusal::Told(status)) => status,
            other => panic!("{other:?}"),
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
            told(&seen),
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
        let status = told(&seen);
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
            told(&seen),
            Status::Waiting("[secrets] Waiting for the secret of app-1".to_owned())
        );
    }

    #[test]
    fn the_older_library_knows_no_secrets_and_fails_on_one() {
        let mut seen = everything();
        seen.config.insert(LIBRARY_PATCH.to_owned(), ConfigValue::Integer(1));
        assert_eq!(decide(&seen).unwrap().templates.len(), 2);
        let bag = Databag::from([("kubernetes_manifests", "secret:1"), ("is_secret", "true")]);
        seen.relations.get_mut(SECRETS).unwrap()[0].remote = bag;
        let why = "[secrets] app-1: kubernetes_manifests is not a JSON array";
        assert_eq!(decide(&seen), Err(Refusal::Failed(why.to_owned())));
    }

    #[test]
    fn the_older_library_takes_no_name_twice_even_in_other_namespaces() {
        let mut seen = everything();
        let object = |namespace: &str| {
            let metadata = json!({"name": "same", "namespace": namespace});
            json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata})
        };
        let text = json!([object("alice"), object("bob")]).to_string();
        let bag = Databag::from([("kubernetes_manifests", text)]);
        seen.relations.get_mut(SECRETS).unwrap()[0].remote = bag;
        assert_eq!(decide(&seen).unwrap().templates.len(), 3);
        seen.config.insert(LIBRARY_PATCH.to_owned(), ConfigValue::Integer(1));
        assert_eq!(
            told(&seen),
            Status::Blocked("Failed to process invalid manifest. See debug logs.".to_owned())
        );
    }

    #[test]
    fn a_unit_that_does_not_lead_wants_nothing() {
        let seen = Observation { leader: false, ..everything() };
        assert!(matches!(told(&seen), Status::Waiting(_)));
    }
}
