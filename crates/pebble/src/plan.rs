//! `/v1/plan` and `/v1/layers`: what is to run.

use serde::de::IgnoredAny;
use serde_json::json;

use crate::layer::Layer;
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

    /// `POST /v1/layers` (`combine`): merges the YAML text of a layer into the one that is called `label`, or adds it
    /// on top. Services are not touched until a replan; checks start at once.
    pub async fn add_layer(&self, label: &str, layer: &str) -> Result<(), Error> {
        let body = json!({
            "action": "add", "combine": true, "label": label, "format": "yaml", "layer": layer,
        });
        let request = Request::post("/v1/layers", &body);
        self.ask::<IgnoredAny>(&format!("add layer {label}"), &request).await.map(drop)
    }
}
