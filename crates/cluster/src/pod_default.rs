//! Kubeflow's `PodDefault`: what the admission webhook adds to pods that carry a label.

use k8s_openapi::api::core::v1::{EnvVar, Volume, VolumeMount};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use kube::CustomResource;
use serde::{Deserialize, Serialize};

/// The `spec` of a `kubeflow.org/v1alpha1` [`PodDefault`], as far as it is of use here.
///
/// The schema belongs to Kubeflow's admission webhook, which installs the definition.
#[derive(CustomResource, Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[kube(
    group = "kubeflow.org",
    version = "v1alpha1",
    kind = "PodDefault",
    namespaced,
    schema = "disabled",
    derive = "Default",
    derive = "PartialEq"
)]
pub struct PodDefaultSpec {
    /// What people see when they choose among those of their namespace.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub desc: String,
    /// The pods that it is added to.
    pub selector: LabelSelector,
    /// Environment variables for every container.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub env: Vec<EnvVar>,
    /// Mounts for every container.
    #[serde(default, rename = "volumeMounts", skip_serializing_if = "Vec::is_empty")]
    pub volume_mounts: Vec<VolumeMount>,
    /// Volumes for the pod.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub volumes: Vec<Volume>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pod_default_reads_as_it_is_written() {
        let written = serde_json::json!({
            "apiVersion": "kubeflow.org/v1alpha1",
            "kind": "PodDefault",
            "metadata": {"name": "access"},
            "spec": {
                "desc": "Allow access",
                "selector": {"matchLabels": {"access": "true"}},
                "env": [{"name": "FILE", "value": "/x/y"}],
                "volumeMounts": [{"mountPath": "/x", "name": "files"}],
                "volumes": [{"name": "files", "secret": {"secretName": "s"}}],
            },
        });
        let read: PodDefault = serde_json::from_value(written.clone()).unwrap();
        assert_eq!(read.spec.env[0].name, "FILE");
        assert_eq!(serde_json::to_value(read).unwrap(), written);
    }
}
