//! `/v1/plan` and `/v1/layers`: what is to run.

use std::collections::BTreeMap;

use charm::{Check, Service};
use serde::de::IgnoredAny;
use serde_json::json;

use crate::layer::{Layer, layer_text};
use crate::transport::Request;
use crate::{Client, Error};

impl Client {
    /// `GET /v1/plan`: the services and checks of all layers together.
    pub async fn plan(&self) -> Result<Layer, Error> {
        let action = "read the plan";
        let text: String =
            self.ask(action, &Request::fetch("/v1/plan", &[("format", "yaml")])).await?;
        self.explain(action, Layer::read(&text))
    }

    /// `POST /v1/layers` (`combine`): puts these services and checks into the layer that is called `label`, or adds it
    /// on top. Each replaces what that layer had under its name; what it has besides stays. Services are not touched
    /// until a replan; checks start at once.
    ///
    /// A service with keys that have no place in [`Service`] (see [`Service::other`]) is merged into what is there, so
    /// that it keeps them. A check that cannot be said is left out.
    pub async fn add_layer(&self, label: &str, layer: &Layer) -> Result<(), Error> {
        self.add_services_and_checks(label, &layer.services, &layer.checks).await
    }

    /// The same for the YAML text of any layer.
    pub async fn add_layer_text(&self, label: &str, layer: &str) -> Result<(), Error> {
        let body = json!({
            "action": "add", "combine": true, "label": label, "format": "yaml", "layer": layer,
        });
        let request = Request::post("/v1/layers", &body);
        self.ask::<IgnoredAny>(&format!("add layer {label}"), &request).await.map(drop)
    }

    pub(crate) async fn add_services_and_checks(
        &self,
        label: &str,
        services: &BTreeMap<String, Service>,
        checks: &BTreeMap<String, Check>,
    ) -> Result<(), Error> {
        let text = self.explain(&format!("write layer {label}"), layer_text(services, checks))?;
        self.add_layer_text(label, &text).await
    }
}
