//! `/v1/notices`: what happened in a container, or what its workload has to say.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::json;

use crate::transport::Request;
use crate::{Client, Error};

/// Something that happened, once or repeatedly.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Notice {
    /// Its number.
    pub id: String,
    /// `custom`, `change-update` or `warning`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Such as `example.com/backup-done`; of a `change-update` the number of the change.
    pub key: String,
    /// How often.
    pub occurrences: u64,
    /// RFC 3339.
    #[serde(rename = "last-repeated")]
    pub last_repeated: String,
    /// What came with the last one.
    #[serde(rename = "last-data")]
    pub last_data: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
struct Added {
    id: String,
}

impl Client {
    /// `GET /v1/notices`: those that are kept, of these types (of all if none is named), without waiting for new ones.
    pub async fn notices(&self, kinds: &[&str]) -> Result<Vec<Notice>, Error> {
        let query: Vec<(&str, &str)> = kinds.iter().map(|kind| ("types", *kind)).collect();
        self.ask("list the notices", &Request::fetch("/v1/notices", &query)).await
    }

    /// `POST /v1/notices`: adds a custom notice, and answers its number. The key is like `example.com/backup-done`.
    pub async fn notify(
        &self,
        key: &str,
        data: &BTreeMap<String, String>,
    ) -> Result<String, Error> {
        let body = json!({"action": "add", "type": "custom", "key": key, "data": data});
        let request = Request::post("/v1/notices", &body);
        self.ask::<Added>(&format!("add notice {key}"), &request).await.map(|added| added.id)
    }
}
