//! What users' namespaces get: the Secret with the file, and the PodDefault that mounts it.

use std::collections::BTreeMap;

use charm::Secret;
use cluster::k8s_openapi::api::core::v1::{EnvVar, SecretVolumeSource, Volume, VolumeMount};
use cluster::k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use cluster::{PodDefault, PodDefaultSpec, opaque_secret};
use interfaces::kubernetes_manifest::Manifests;
use serde::Serialize;

use crate::options::Choices;

/// The key in the Secret, which is the name of the file in notebooks.
pub(crate) const FILE: &str = "feature_store.yaml";
/// The key of the certificates, which is the name of their file.
const CERTIFICATES: &str = "ca.crt";

/// The path of the certificates in notebooks.
pub(crate) fn certificates_path(choices: &Choices) -> String {
    format!("{}/{CERTIFICATES}", choices.mount_path)
}

/// The `Secret` with the file and the certificates.
pub(crate) fn secret(choices: &Choices, file: &Secret, certificates: Option<&str>) -> Manifests {
    let file = (FILE.to_owned(), file.reveal().to_owned());
    let certificates = certificates.map(|ca| (CERTIFICATES.to_owned(), ca.to_owned()));
    let content = [file].into_iter().chain(certificates).collect();
    manifest(&opaque_secret(&choices.secret_name, content))
}

/// The `PodDefault` that mounts them into the pods that ask for it.
pub(crate) fn pod_default(application: &str, choices: &Choices) -> Manifests {
    let Choices { secret_name, mount_path, pod_label, connect_timeout, .. } = choices;
    let (label, value) = pod_label;
    let variable = |name: &str, value: String| EnvVar {
        name: name.to_owned(),
        value: Some(value),
        ..EnvVar::default()
    };
    let spec = PodDefaultSpec {
        desc: choices.pod_default_description.clone(),
        selector: LabelSelector {
            match_labels: Some(BTreeMap::from([(label.clone(), value.clone())])),
            ..LabelSelector::default()
        },
        env: [variable("FEAST_FS_YAML_FILE_PATH", format!("{mount_path}/{FILE}"))]
            .into_iter()
            // The file has no place for it but in the registry's URL.
            .chain(connect_timeout.map(|time| variable("PGCONNECT_TIMEOUT", time.to_string())))
            .collect(),
        volume_mounts: vec![VolumeMount {
            mount_path: mount_path.clone(),
            name: secret_name.clone(),
            ..VolumeMount::default()
        }],
        volumes: vec![Volume {
            name: secret_name.clone(),
            secret: Some(SecretVolumeSource {
                secret_name: Some(secret_name.clone()),
                ..SecretVolumeSource::default()
            }),
            ..Volume::default()
        }],
    };
    let default = format!("{application}-access-feast");
    let name = choices.pod_default_name.as_ref().unwrap_or(&default);
    manifest(&PodDefault::new(name, spec))
}

/// One object, as the dispatcher is handed it.
fn manifest(object: &impl Serialize) -> Manifests {
    let object = serde_json::to_value(object).expect("typed objects have text keys only");
    Manifests::new(vec![object]).expect("our objects have names and no namespace")
}
