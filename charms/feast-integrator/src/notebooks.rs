//! What users' namespaces get: the Secret with the file, and the PodDefault that mounts it.

use std::collections::BTreeMap;

use charm::{ObjectContent, ObjectKind, Secret};
use cluster::k8s_openapi::api::core::v1::{EnvVar, SecretVolumeSource, Volume, VolumeMount};
use cluster::k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use cluster::{PodDefault, PodDefaultSpec, opaque_secret, opaque_secret_data};
use interfaces::kubernetes_manifest::Manifests;
use serde::Serialize;
use serde_json::Value;

use crate::names::Names;
use crate::options::Choices;

/// The key in the Secret, which is the name of the file in notebooks.
pub(crate) const FILE: &str = "feature_store.yaml";
/// The key of the certificates, which is the name of their file.
const CERTIFICATES: &str = "ca.crt";

/// The path of the certificates in notebooks.
pub(crate) fn certificates_path(choices: &Choices) -> String {
    format!("{}/{CERTIFICATES}", choices.mount_path)
}

/// The kind of the first object.
pub(crate) fn secret_kind() -> ObjectKind {
    ObjectKind::new("v1", "Secret")
}

/// The kind of the second object, which Kubeflow's admission webhook defines.
pub(crate) fn pod_default_kind() -> ObjectKind {
    ObjectKind::new("kubeflow.org/v1alpha1", "PodDefault")
}

/// The `Secret` with the file and the certificates, for the dispatcher.
pub(crate) fn secret(names: &Names, file: &Secret, certificates: Option<&str>) -> Manifests {
    manifests(&opaque_secret(&names.secret, entries(file, certificates)))
}

/// The same as it is in a namespace.
pub(crate) fn secret_content(
    names: &Names,
    file: &Secret,
    certificates: Option<&str>,
) -> ObjectContent {
    content(&opaque_secret_data(&names.secret, entries(file, certificates)))
}

/// The `PodDefault` that mounts them into the pods that ask for it, for the dispatcher.
pub(crate) fn pod_default(names: &Names, choices: &Choices) -> Manifests {
    manifests(&mounting(names, choices))
}

/// The same as it is in a namespace.
pub(crate) fn pod_default_content(names: &Names, choices: &Choices) -> ObjectContent {
    content(&mounting(names, choices))
}

fn entries(file: &Secret, certificates: Option<&str>) -> BTreeMap<String, String> {
    let file = (FILE.to_owned(), file.reveal().to_owned());
    let certificates = certificates.map(|ca| (CERTIFICATES.to_owned(), ca.to_owned()));
    [file].into_iter().chain(certificates).collect()
}

fn mounting(names: &Names, choices: &Choices) -> PodDefault {
    let Names { secret: secret_name, pod_default, pod_label: (label, value) } = names;
    let Choices { mount_path, connect_timeout, .. } = choices;
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
    PodDefault::new(pod_default, spec)
}

/// One object, as the dispatcher is handed it.
fn manifests(object: &impl Serialize) -> Manifests {
    Manifests::new(vec![json(object)]).expect("our objects have names and no namespace")
}

/// What an object holds, as the cluster gives it back.
fn content(object: &impl Serialize) -> ObjectContent {
    match json(object) {
        Value::Object(object) => ObjectContent::of(object),
        _ => unreachable!("an object is an object"),
    }
}

fn json(object: &impl Serialize) -> Value {
    serde_json::to_value(object).expect("typed objects have text keys only")
}
