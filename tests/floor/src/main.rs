//! What it costs anybody to put a Secret and a `PodDefault` into many namespaces: eight at a time, by server-side apply, and
//! nothing else. The seconds that took are printed; then all is deleted.
//!
//! The arguments are a kubeconfig and how many namespaces there are, called `user-0` and so on.
#![expect(clippy::print_stdout, reason = "this program answers its caller")]

use std::error::Error;
use std::time::Instant;

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use kube::api::{Api, ApiResource, DeleteParams, DynamicObject, Patch, PatchParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::core::GroupVersionKind;
use kube::{Client, Config};
use serde_json::{Value, json};

/// As many as the charm sends at a time.
const AT_ONCE: usize = 8;
/// What notebooks get is about as large, in bytes.
const SIZE: usize = 1_600;
const NAME: &str = "floor";

/// Objects of one kind, the same in all namespaces.
struct Objects<'a> {
    client: &'a Client,
    resource: ApiResource,
    namespaces: usize,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut argument = || arguments.next().ok_or("two arguments are needed");
    let kubeconfig = Kubeconfig::read_from(argument()?)?;
    let namespaces = argument()?.parse()?;
    let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await?;
    let client = &Client::try_from(config)?;
    let objects = |group, version, kind| {
        let resource = ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, kind));
        Objects { client, resource, namespaces }
    };
    let secrets = objects("", "v1", "Secret");
    let pod_defaults = objects("kubeflow.org", "v1alpha1", "PodDefault");
    let started = Instant::now();
    secrets.apply(&json!({"data": {"file": "eHh4".repeat(SIZE / 3)}, "type": "Opaque"})).await?;
    let spec = json!({"spec": {
        "desc": NAME, "selector": {"matchLabels": {NAME: "true"}},
        "env": [{"name": "FLOOR", "value": "/floor/file"}],
        "volumeMounts": [{"mountPath": "/floor", "name": NAME}],
        "volumes": [{"name": NAME, "secret": {"secretName": NAME}}],
    }});
    pod_defaults.apply(&spec).await?;
    println!("{}", started.elapsed().as_secs_f64());
    pod_defaults.delete().await?;
    secrets.delete().await?;
    Ok(())
}

impl Objects<'_> {
    async fn apply(&self, content: &Value) -> kube::Result<()> {
        let one = |index: usize| {
            let mut object = content.clone();
            object["apiVersion"] = json!(self.resource.api_version);
            object["kind"] = json!(self.resource.kind);
            object["metadata"] = json!({"name": NAME, "namespace": namespace(index)});
            async move {
                let how = PatchParams::apply(NAME);
                self.api(index).patch_metadata(NAME, &how, &Patch::Apply(&object)).await.map(drop)
            }
        };
        stream::iter(0..self.namespaces).map(one).buffer_unordered(AT_ONCE).try_collect().await
    }

    async fn delete(&self) -> kube::Result<()> {
        let one = async |index: usize| {
            self.api(index).delete(NAME, &DeleteParams::default()).await.map(drop)
        };
        stream::iter(0..self.namespaces).map(one).buffer_unordered(AT_ONCE).try_collect().await
    }

    fn api(&self, index: usize) -> Api<DynamicObject> {
        Api::namespaced_with(self.client.clone(), &namespace(index), &self.resource)
    }
}

fn namespace(index: usize) -> String {
    format!("user-{index}")
}
