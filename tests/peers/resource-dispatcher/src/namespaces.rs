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
    let made = match Cluster::connect(application).await {
        Ok(cluster) => make(&cluster, application, wanted).await,
        Err(error) => Err(error),
    };
    match made {
        Ok(()) => Status::active(),
        Err(error @ Error::Unavailable { .. }) => Status::Waiting(error.to_string()),
        Err(error) => Status::Blocked(error.to_string()),
    }
}

/// One object that cannot be made does not hold up the others: it is told when they are done.
async fn make(cluster: &Cluster, application: &str, wanted: &Wanted) -> Result<(), Error> {
    let namespaces = cluster.namespaces(&wanted.label).await?;
    let mut kept = BTreeSet::new();
    let mut trouble = None;
    for object in objects(wanted, &namespaces) {
        let object = object.labelled(OURS, application);
        match cluster.apply(&object, OnConflict::Refuse).await {
            // It went away in the meantime, with everything in it.
            Err(Error::NamespaceTerminating { .. } | Error::NotFound { .. }) => continue,
            Err(
                error @ (Error::Conflict { .. } | Error::Invalid { .. } | Error::MissingCrd { .. }),
            ) => {
                trouble.get_or_insert(error);
            }
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
    trouble.map_or(Ok(()), Err)
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

#[cfg(test)]
mod tests {
    use kube::config::{Config, KubeConfigOptions, Kubeconfig};
    use serde_json::{Value, json};
    use stand::cache::Cache;
    use stand::kubernetes::Kubernetes;
    use stand::missing::{Need, needs};

    use super::*;
    use crate::manifest::Template;

    fn wanted(manifests: &[Value]) -> Wanted {
        let templates = manifests.iter().map(|manifest| Template::new(manifest, None).unwrap());
        Wanted { label: "user".to_owned(), templates: templates.collect() }
    }

    async fn cluster(kubernetes: &Kubernetes) -> Cluster {
        let kubeconfig = Kubeconfig::read_from(kubernetes.kubeconfig()).unwrap();
        let options = KubeConfigOptions::default();
        let config = Config::from_custom_kubeconfig(kubeconfig, &options).await.unwrap();
        Cluster::new(kube::Client::try_from(config).unwrap(), "dispatcher")
    }

    #[tokio::test]
    async fn a_real_cluster_gets_what_is_wanted_and_loses_what_is_not() {
        if !needs(&[Need::Go]) {
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(|line| println!("{line}")).unwrap();
        let kubernetes = Kubernetes::start(&cache, &folder.path().join("kubernetes")).unwrap();
        let cluster = cluster(&kubernetes).await;
        let secret = json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "store"},
            "stringData": {"for": "{{ namespace }}"},
        });
        let map = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "map"}});
        let both = wanted(&[secret, map.clone()]);
        let data = |namespace: &str| {
            let secret = kubernetes.read("secret", namespace, "store").unwrap()?;
            Some(secret["data"]["for"].as_str().unwrap().to_owned())
        };
        let map_in = |namespace: &str| kubernetes.read("configmap", namespace, "map").unwrap();

        // Namespaces with the label, and those that come later.
        kubernetes.create_namespace("alice", &[("user", "yes")]).unwrap();
        kubernetes.create_namespace("other", &[]).unwrap();
        make(&cluster, "dispatcher", &both).await.unwrap();
        assert_eq!(data("alice").as_deref(), Some("YWxpY2U="));
        assert_eq!(data("other"), None);
        kubernetes.create_namespace("bob", &[("user", "")]).unwrap();
        make(&cluster, "dispatcher", &both).await.unwrap();
        assert_eq!(data("bob").as_deref(), Some("Ym9i"));

        // What somebody else made stays theirs, is told, and holds up nobody.
        let theirs = json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "store", "namespace": "aaa"},
            "data": {"for": "b3duZXI="},
        });
        kubernetes.create_namespace("aaa", &[("user", "yes")]).unwrap();
        kubernetes.apply(&theirs.to_string()).unwrap();
        let error = make(&cluster, "dispatcher", &both).await.unwrap_err();
        assert!(error.to_string().contains("owns .data.for"), "{error}");
        assert_eq!(data("aaa").as_deref(), Some("b3duZXI="));
        assert!(map_in("aaa").is_some());

        // What is not wanted any more goes, theirs stays.
        make(&cluster, "dispatcher", &wanted(&[map])).await.unwrap();
        assert_eq!((data("alice"), data("bob")), (None, None));
        assert!(data("aaa").is_some() && map_in("alice").is_some());
    }
}
