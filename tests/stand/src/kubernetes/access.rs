//! Who may do what: the administrator, and applications as Juju gives them rights.

use std::path::{Path, PathBuf};

use charm::Secret;
use serde_json::{Value, json};

use super::certificates::private;
use super::{Error, Kubernetes};

/// What an application may do in the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// As deployed without `--trust`: reads all namespaces, and pods and services of its own.
    None,
    /// As after `juju trust --scope=cluster`: everything.
    Cluster,
}

impl Kubernetes {
    /// Creates the `ServiceAccount` `name` in `namespace`, both if they are not there, with the rights that Juju gives the
    /// pods of an application. Another `trust` replaces the one before.
    pub fn service_account(&self, namespace: &str, name: &str, trust: Trust) -> Result<(), Error> {
        let objects = json!({
            "apiVersion": "v1",
            "kind": "List",
            "items": rights(namespace, name, trust),
        });
        self.create_namespace(namespace, &[])?;
        self.apply(&objects.to_string())
    }

    /// A token of a `ServiceAccount`, good for a day.
    pub fn token(&self, namespace: &str, name: &str) -> Result<Secret, Error> {
        let token =
            self.kubectl(["create", "token", name, "--namespace", namespace, "--duration=24h"])?;
        Ok(Secret::new(token.trim()))
    }

    /// A kubeconfig of a `ServiceAccount`, whose default namespace is its own.
    pub fn kubeconfig_for(&self, namespace: &str, name: &str) -> Result<PathBuf, Error> {
        let file = format!("{namespace}.{name}.kubeconfig");
        let token = self.token(namespace, name)?;
        let config =
            kubeconfig(&self.folder, self.server(), namespace, &json!({ "token": token.reveal() }));
        private(&self.folder, &file, &config)?;
        Ok(self.folder.join(file))
    }
}

/// Writes the administrator's `kubeconfig` to `folder`.
pub(super) fn write_admin(folder: &Path, server: &str) -> Result<(), Error> {
    let user = json!({ "client-certificate": folder.join("admin.crt"), "client-key": folder.join("admin.key") });
    private(folder, "kubeconfig", &kubeconfig(folder, server, "default", &user))
}

/// A kubeconfig as JSON, which is YAML.
fn kubeconfig(folder: &Path, server: &str, namespace: &str, user: &Value) -> String {
    json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{
            "name": "stand",
            "cluster": { "server": server, "certificate-authority": folder.join("ca.crt") },
        }],
        "users": [{ "name": "user", "user": user }],
        "contexts": [{ "name": "stand", "context": { "cluster": "stand", "user": "user", "namespace": namespace } }],
        "current-context": "stand",
    })
    .to_string()
}

/// The rules of Juju's `internal/provider/kubernetes/application/trust.go`.
fn rights(namespace: &str, name: &str, trust: Trust) -> [Value; 5] {
    const GROUP: &str = "rbac.authorization.k8s.io";
    let everywhere = format!("{namespace}-{name}");
    let all = json!([{ "apiGroups": ["*"], "resources": ["*"], "verbs": ["*"] }]);
    let (here, cluster) = match trust {
        Trust::None => (
            json!([
                { "apiGroups": [""], "resources": ["namespaces"], "resourceNames": [namespace], "verbs": ["get", "list"] },
                { "apiGroups": [""], "resources": ["pods", "services"], "verbs": ["get", "list", "patch"] },
                { "apiGroups": [""], "resources": ["pods/exec"], "verbs": ["create"] },
            ]),
            json!([{ "apiGroups": [""], "resources": ["namespaces"], "verbs": ["get", "list"] }]),
        ),
        Trust::Cluster => (all.clone(), all),
    };
    let subjects = json!([{ "kind": "ServiceAccount", "name": name, "namespace": namespace }]);
    let own = json!({ "name": name, "namespace": namespace });
    let version = format!("{GROUP}/v1");
    [
        json!({ "apiVersion": "v1", "kind": "ServiceAccount", "metadata": own }),
        json!({ "apiVersion": version, "kind": "Role", "metadata": own, "rules": here }),
        json!({
            "apiVersion": version, "kind": "RoleBinding", "metadata": own,
            "roleRef": { "apiGroup": GROUP, "kind": "Role", "name": name }, "subjects": subjects,
        }),
        json!({ "apiVersion": version, "kind": "ClusterRole", "metadata": { "name": everywhere }, "rules": cluster }),
        json!({
            "apiVersion": version, "kind": "ClusterRoleBinding", "metadata": { "name": everywhere },
            "roleRef": { "apiGroup": GROUP, "kind": "ClusterRole", "name": everywhere }, "subjects": subjects,
        }),
    ]
}
