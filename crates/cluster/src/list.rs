//! Lists of objects: in pages, and nothing is kept of them that is not asked for.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use charm::{ObjectContent, ObjectKind};
use kube::api::{DynamicObject, ListParams, Request};
use kube::core::{Resource as _, request};
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::{Map, Value};

use crate::client::resource;
use crate::error::Sent;
use crate::{Cluster, Error};

/// What is known of an object in a list.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
    /// Its namespace; none where its kind has none.
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Whether it is on its way out.
    pub terminating: bool,
    /// Those who have set fields of it.
    pub managers: BTreeSet<String>,
}

/// Objects per answer. Larger lists come in several.
const PAGE: u32 = 500;

/// How an object is listed: whole, or its metadata alone.
type Ask = fn(&Request, &ListParams) -> Result<http::Request<Vec<u8>>, request::Error>;

/// An answer. What is not named is skipped where it is read: which field is whose is more than most objects hold.
#[derive(Deserialize)]
struct Page<T> {
    #[serde(default)]
    metadata: PageMetadata,
    items: Option<Vec<T>>,
}

#[derive(Default, Deserialize)]
struct PageMetadata {
    #[serde(rename = "continue")]
    next: Option<String>,
}

#[derive(Deserialize)]
struct Partial {
    metadata: Metadata,
}

#[derive(Deserialize)]
struct Whole {
    metadata: Metadata,
    #[serde(flatten)]
    content: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    name: String,
    namespace: Option<String>,
    labels: Option<BTreeMap<String, String>>,
    deletion_timestamp: Option<IgnoredAny>,
    managed_fields: Option<Vec<ManagedFields>>,
}

#[derive(Deserialize)]
struct ManagedFields {
    manager: Option<String>,
}

impl Cluster {
    /// Lists what carries `labels` (a label selector; empty is everything), in one namespace or in all.
    ///
    /// # Errors
    ///
    /// [`Error::MissingCrd`] where the cluster does not know `kind`, and whatever keeps it from being listed.
    pub async fn list(
        &self,
        kind: &ObjectKind,
        namespace: Option<&str>,
        labels: &str,
    ) -> Result<Vec<Found>, Error> {
        self.partial(kind, namespace, ListParams::default().labels(labels)).await
    }

    /// Lists what is called `name` in all namespaces.
    ///
    /// # Errors
    ///
    /// As of [`Self::list`].
    pub async fn list_named(&self, kind: &ObjectKind, name: &str) -> Result<Vec<Found>, Error> {
        self.partial(kind, None, ListParams::default().fields(&format!("metadata.name={name}")))
            .await
    }

    /// The names of the namespaces that carry `labels`, without those on their way out.
    ///
    /// # Errors
    ///
    /// As of [`Self::list`].
    pub async fn namespaces(&self, labels: &str) -> Result<Vec<String>, Error> {
        let found = self.list(&ObjectKind::new("v1", "Namespace"), None, labels).await?;
        Ok(found.into_iter().filter(|one| !one.terminating).map(|one| one.name).collect())
    }

    /// Lists what carries `labels` (a label selector) in all namespaces, whole. What is the same in many of them is in
    /// memory once.
    ///
    /// # Errors
    ///
    /// As of [`Self::list`].
    pub async fn list_whole(
        &self,
        kind: &ObjectKind,
        labels: &str,
    ) -> Result<Vec<(Found, ObjectContent)>, Error> {
        let mut found = Vec::new();
        let mut contents = HashSet::new();
        let query = ListParams::default().labels(labels);
        self.pages(kind, None, query, Request::list, |Whole { metadata, content }| {
            let content = ObjectContent::of(content);
            let content = contents.get(&content).cloned().unwrap_or(content);
            contents.insert(content.clone());
            found.push((Found::from(metadata), content));
        })
        .await?;
        Ok(found)
    }

    async fn partial(
        &self,
        kind: &ObjectKind,
        namespace: Option<&str>,
        query: ListParams,
    ) -> Result<Vec<Found>, Error> {
        let mut found = Vec::new();
        self.pages(kind, namespace, query, Request::list_metadata, |Partial { metadata }| {
            found.push(Found::from(metadata));
        })
        .await?;
        Ok(found)
    }

    async fn pages<T: DeserializeOwned>(
        &self,
        kind: &ObjectKind,
        namespace: Option<&str>,
        query: ListParams,
        ask: Ask,
        mut take: impl FnMut(T),
    ) -> Result<(), Error> {
        let request = Request::new(DynamicObject::url_path(&resource(kind), namespace));
        let mut query = query.limit(PAGE);
        loop {
            let page: Page<T> = self
                .page(ask(&request, &query).map_err(kube::Error::BuildRequest))
                .await
                .map_err(|error| self.error(error, format!("list {kind}"), Sent::Nothing))?;
            page.items.into_iter().flatten().for_each(&mut take);
            match page.metadata.next.filter(|token| !token.is_empty()) {
                Some(token) => query.continue_token = Some(token),
                None => return Ok(()),
            }
        }
    }

    async fn page<T: DeserializeOwned>(
        &self,
        request: kube::Result<http::Request<Vec<u8>>>,
    ) -> kube::Result<T> {
        // kube itself would log an answer that it cannot read, with all the passwords in it.
        let text = self.client().request_text(request?).await?;
        serde_json::from_str(&text).map_err(kube::Error::SerdeError)
    }
}

impl From<Metadata> for Found {
    fn from(metadata: Metadata) -> Self {
        let managers = metadata.managed_fields.into_iter().flatten();
        Self {
            namespace: metadata.namespace,
            name: metadata.name,
            labels: metadata.labels.unwrap_or_default(),
            terminating: metadata.deletion_timestamp.is_some(),
            managers: managers.filter_map(|fields| fields.manager).collect(),
        }
    }
}
