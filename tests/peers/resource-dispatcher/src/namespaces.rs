//! Making the objects in the cluster, and removing those that nobody wants any more.

use std::collections::BTreeSet;

use charm::Status;
use cluster::{Cluster, Error, Object, ObjectKind, OnConflict};

use crate::decide::Wanted;

/// The label of what we made; its value is our application.
const OURS: &str = "resource-dispatcher.charmed-feast/application";

/// The kinds that the real dispatcher's controller takes care of.
const KINDS: [(&str, &str); 6] = [
    ("v1", "ConfigMap"),
    ("v1", "Secret"),
    ("v1", "ServiceAccount"),
    ("kubeflow.org/v1alpha1", "PodDefault"),
    ("rbac.authorization.k8s.io/v1", "Role"),
    ("rbac.authorization.k8s.io/v1", "RoleBinding"),
];

/// Makes the cluster what `wanted` says, and tells how that went.
pub(crate) async fn dispatch(application: &str, wanted: &Wanted) -> Status {
    match make(application, wanted).await {
        Ok(()) => Status::active(),
        Err(error) => trouble(&error),
    }
}

async fn make(application: &str, wanted: &Wanted) -> Result<(), Error> {
    let cluster = Cluster::connect(application).await?;
    let namespaces = cluster.namespaces(&wanted.label).await?;
    let mut kept = BTreeSet::new();
    for object in objects(wanted, &namespaces) {
        let object = object.labelled(OURS, application);
        match cluster.apply(&object, OnConflict::Refuse).await {
            // It went away in the meantime, with everything in it.
            Err(Error::NamespaceTerminating { .. } | Error::NotFound { .. }) => continue,
            other => other?,
        }
        let namespace = object.namespace().map(str::to_owned);
        kept.insert((object.kind().clone(), namespace, object.name().to_owned()));
    }
    for (api_version, kind) in KINDS {
        let kind = ObjectKind::new(api_version, kind);
        let found = match cluster.list(&kind, None, &format!("{OURS}={application}")).await {
            Err(Error::MissingCrd { .. }) => continue,
            found => found?,
        };
        for one in found {
            let key = (kind.clone(), one.namespace, one.name);
            if !kept.contains(&key) {
                cluster.delete(&key.0, key.1.as_deref(), &key.2).await?;
            }
        }
    }
    Ok(())
}

/// Every object in every namespace that gets it. That each can be rendered was seen to before.
fn objects(wanted: &Wanted, namespaces: &[String]) -> Vec<Object> {
    let mut objects = Vec::new();
    for template in &wanted.templates {
        for namespace in namespaces {
            if template.namespace.as_ref().is_none_or(|only| only == namespace) {
                objects.extend(template.rendered(namespace));
            }
        }
    }
    objects
}

/// Who has to act.
fn trouble(error: &Error) -> Status {
    match error {
        Error::Unavailable { .. } => Status::Waiting(error.to_string()),
        _ => Status::Blocked(error.to_string()),
    }
}
