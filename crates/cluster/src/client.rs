//! Requests to the cluster.

use kube::Client;
use kube::api::{Api, ApiResource, DeleteParams, DynamicObject, Patch, PatchParams};
use kube::core::GroupVersionKind;

use crate::connect::configuration;
use crate::error::Sent;
use crate::{Error, Object, ObjectKind};

/// A cluster, and the application in whose name we act on it.
#[derive(Clone)]
pub struct Cluster {
    client: Client,
    application: String,
}

/// What to do about fields that another field manager owns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnConflict {
    /// Leave the object as it is, with [`Error::Conflict`].
    Refuse,
    /// Own them from now on.
    TakeOver,
}

impl Cluster {
    /// Finds the cluster: in a pod by its service account, else by the file that `KUBECONFIG` names.
    ///
    /// `application` is the field manager of what is applied, and the one whom an error asks to trust. Nothing is sent
    /// yet. It must be called within a tokio runtime.
    pub async fn connect(application: &str) -> Result<Self, Error> {
        let config = configuration(application).await?;
        let from = config.cluster_url.to_string();
        let client = Client::try_from(config)
            .map_err(|source| Error::Configuration { from, source: Box::new(source) })?;
        Ok(Self::new(client, application))
    }

    /// Acts through `client` in the name of `application`.
    pub fn new(client: Client, application: &str) -> Self {
        Self { client, application: application.to_owned() }
    }

    /// Makes the object what `object` says, by server-side apply: fields that it does not name are left alone, except
    /// those that we applied before, which go. An object that is right already is not written.
    pub async fn apply(&self, object: &Object, conflict: OnConflict) -> Result<(), Error> {
        let mut how = PatchParams::apply(&self.application);
        how.force = conflict == OnConflict::TakeOver;
        // The answer is asked for without content: it would only be one more copy of a password.
        self.api(object.kind(), object.namespace())
            .patch_metadata(object.name(), &how, &Patch::Apply(object.reveal()))
            .await
            .map(drop)
            .map_err(|error| self.error(error, format!("apply {object}"), Sent::Object(object)))
    }

    /// Reads an object; `None` where there is none.
    pub async fn read(
        &self,
        kind: &ObjectKind,
        namespace: Option<&str>,
        name: &str,
    ) -> Result<Option<Object>, Error> {
        let found = self.api(kind, namespace).get(name).await;
        match found.map_err(|error| self.error(error, format!("read {kind} {name}"), Sent::Nothing))
        {
            Ok(object) => Ok(Object::of(&object).ok()),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Deletes an object. Says whether there was one.
    pub async fn delete(
        &self,
        kind: &ObjectKind,
        namespace: Option<&str>,
        name: &str,
    ) -> Result<bool, Error> {
        let deleted = self.api(kind, namespace).delete(name, &DeleteParams::default()).await;
        match deleted
            .map_err(|error| self.error(error, format!("delete {kind} {name}"), Sent::Nothing))
        {
            Ok(_) => Ok(true),
            Err(Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    pub(crate) fn application(&self) -> &str {
        &self.application
    }

    pub(crate) fn api(&self, kind: &ObjectKind, namespace: Option<&str>) -> Api<DynamicObject> {
        let resource = resource(kind);
        match namespace {
            Some(namespace) => Api::namespaced_with(self.client.clone(), namespace, &resource),
            None => Api::all_with(self.client.clone(), &resource),
        }
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    pub(crate) fn error(&self, error: kube::Error, doing: String, sent: Sent<'_>) -> Error {
        Error::from_kube(error, doing, &self.application, sent)
    }
}

/// Where objects of a kind are.
pub(crate) fn resource(kind: &ObjectKind) -> ApiResource {
    let (group, version) = kind.api_version.split_once('/').unwrap_or(("", &kind.api_version));
    ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, &kind.kind))
}
