//! What an application asks for on `istio_ingress_route`, by the grammar that the real charm holds it to: unknown keys are
//! ignored, what may be absent may be null, and a number may be a text.

use charm::Databag;
use serde::de::{Deserialize, Deserializer, Error};

const CONFIG: &str = "config";

/// The document under `config`.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
pub(crate) struct Document {
    /// The namespace of the backends.
    pub(crate) model: String,
    /// Where the gateway is to listen.
    #[serde(default)]
    pub(crate) listeners: Vec<Listener>,
    /// Routes for HTTP. Those for gRPC are not looked at.
    #[serde(default)]
    pub(crate) http_routes: Vec<HttpRoute>,
}

/// Where the gateway is to listen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
pub(crate) struct Listener {
    /// 1 to 65535.
    #[serde(deserialize_with = "number")]
    pub(crate) port: u16,
    /// The protocol without TLS: whether there is TLS is not the application's to say.
    pub(crate) protocol: Protocol,
}

/// What is spoken at a listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Protocol {
    Http,
    Grpc,
}

/// A route for HTTP.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
pub(crate) struct HttpRoute {
    /// Unique within the application.
    pub(crate) name: String,
    /// The listener that it is at.
    pub(crate) listener: Listener,
    /// Where it leads.
    pub(crate) backends: Vec<Backend>,
    /// Which requests it is for; of a match only the path counts.
    #[serde(default)]
    pub(crate) matches: Option<Vec<Match>>,
    /// What is changed on the way.
    #[serde(default)]
    pub(crate) filters: Option<Vec<Filter>>,
}

/// A Service of the document's namespace.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
pub(crate) struct Backend {
    pub(crate) service: String,
    #[serde(deserialize_with = "number")]
    pub(crate) port: u16,
}

/// Which requests a route is for.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
pub(crate) struct Match {
    #[serde(default)]
    pub(crate) path: Option<Path>,
}

/// What the path of a request has to be.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
pub(crate) struct Path {
    #[serde(default, rename = "type")]
    pub(crate) kind: PathKind,
    pub(crate) value: String,
}

/// How a path is compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
pub(crate) enum PathKind {
    #[default]
    PathPrefix,
    Exact,
    RegularExpression,
}

/// What is changed on the way.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(tag = "type")]
pub(crate) enum Filter {
    #[serde(rename = "URLRewrite")]
    UrlRewrite {
        #[serde(rename = "urlRewrite")]
        rewrite: Rewrite,
    },
    RequestRedirect {
        #[serde(rename = "requestRedirect")]
        _redirect: serde_json::Map<String, serde_json::Value>,
    },
}

/// Another path, and another host, which is not looked at.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
pub(crate) struct Rewrite {
    #[serde(default)]
    pub(crate) path: Option<PathChange>,
}

/// Another path.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(tag = "type")]
pub(crate) enum PathChange {
    ReplacePrefixMatch {
        #[serde(rename = "replacePrefixMatch")]
        prefix: String,
    },
    ReplaceFullPath {
        #[serde(rename = "replaceFullPath")]
        _path: String,
    },
}

impl Document {
    /// Reads what an application asks for. One that violates the grammar asks for nothing: the real charm logs that, and
    /// tells nobody.
    pub(crate) fn read(remote: &Databag) -> Result<Option<Self>, String> {
        let Some(text) = remote.get(CONFIG) else { return Ok(None) };
        serde_json::from_str(text).map(Some).map_err(|error| error.to_string())
    }
}

fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u16, D::Error> {
    #[derive(serde::Deserialize)]
    #[serde(untagged)]
    enum Number {
        Number(u16),
        Text(String),
    }
    let number = match Number::deserialize(deserializer)? {
        Number::Number(number) => number,
        Number::Text(text) => text.parse().map_err(D::Error::custom)?,
    };
    if number == 0 { Err(D::Error::custom("0 is no port")) } else { Ok(number) }
}

#[cfg(test)]
mod tests {
    use interfaces::istio_ingress_route::Route;
    use serde_json::{Value, json};

    use super::*;

    fn read(document: &Value) -> Result<Option<Document>, String> {
        Document::read(&Databag::from([(CONFIG, document.to_string())]))
    }

    #[test]
    fn what_feasts_ui_asks_for_is_understood() {
        let route = Route {
            model: "kubeflow".to_owned(),
            service: "feast-ui".to_owned(),
            port: 8888,
            prefix: "/feast/".to_owned(),
            rewrite: "/".to_owned(),
            tls: true,
        };
        let document = Document::read(&route.databag()).unwrap().unwrap();
        let listener = Listener { port: 443, protocol: Protocol::Http };
        assert_eq!(
            (document.model.as_str(), &document.listeners[..]),
            ("kubeflow", &[listener][..])
        );
        let [route] = &document.http_routes[..] else { panic!("{document:?}") };
        assert_eq!(route.backends, [Backend { service: "feast-ui".to_owned(), port: 8888 }]);
        assert_eq!(route.matches.as_ref().unwrap()[0].path.as_ref().unwrap().value, "/feast/");
    }

    #[test]
    fn what_may_be_absent_may_be_null_and_a_number_may_be_a_text() {
        let route = json!({
            "name": "a", "listener": {"port": "80", "protocol": "HTTP"}, "colour": "red",
            "backends": [{"service": "s", "port": "8080", "weight": null}],
            "matches": [{"path": {"value": "/a"}, "method": null}], "filters": null,
        });
        let document = read(&json!({"model": "k", "http_routes": [route]})).unwrap().unwrap();
        assert_eq!(document.http_routes[0].listener.port, 80);
        assert_eq!(document.http_routes[0].filters, None);
        assert_eq!(Document::read(&Databag::new()), Ok(None));
    }

    #[test]
    fn a_document_is_refused_as_a_whole() {
        let listener = json!({"port": 80, "protocol": "HTTP"});
        let route = |key: &str, value: Value| {
            let mut route = json!({"name": "a", "listener": listener, "backends": []});
            route[key] = value;
            json!({"model": "k", "http_routes": [route]})
        };
        assert!(read(&route("name", json!("b"))).is_ok());
        for document in [
            json!([]),
            json!({"listeners": [listener]}),
            json!({"model": "k", "listeners": [{"port": 443, "protocol": "HTTPS"}]}),
            json!({"model": "k", "listeners": [{"port": 80, "protocol": "http"}]}),
            json!({"model": "k", "listeners": [{"port": 0, "protocol": "HTTP"}]}),
            json!({"model": "k", "listeners": [{"port": 65536, "protocol": "HTTP"}]}),
            route("name", Value::Null),
            route("backends", json!([{"service": "s"}])),
            route("filters", json!([{"type": "ResponseHeaderModifier"}])),
            route(
                "filters",
                json!([{"type": "URLRewrite", "urlRewrite": {"path": {"type": "Replace"}}}]),
            ),
            route("matches", json!([{"path": {"type": "Glob", "value": "/"}}])),
        ] {
            assert!(read(&document).is_err(), "{document}");
        }
    }
}
