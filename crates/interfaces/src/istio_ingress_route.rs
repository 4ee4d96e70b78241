//! `istio_ingress_route`: an application (the requirer) asks istio-ingress-k8s (the provider) for a path of its gateway.
//!
//! The requirer's application databag holds `config`, a JSON document of listeners and routes; the provider's
//! `external_host`, absent until the gateway has an address, and `tls_enabled`, `True` or `False`. With TLS every listener
//! becomes an HTTPS one on its own port, so the port to ask for follows the provider's answer.

use charm::Databag;
use serde::Serialize;
use serde_json::Value;

use crate::{Error, port};

const CONFIG: &str = "config";
const EXTERNAL_HOST: &str = "external_host";
const TLS_ENABLED: &str = "tls_enabled";

/// A path of the gateway that leads to an application, with the path's prefix replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The model, which is the namespace, of the Service.
    pub model: String,
    /// The Kubernetes Service behind it, which must have the application's name.
    pub service: String,
    /// The port of the Service.
    pub port: u16,
    /// What the path begins with, with a slash at its end.
    pub prefix: String,
    /// What takes the prefix's place.
    pub rewrite: String,
    /// Whether the gateway has a certificate: port 443 is asked for, else 80.
    pub tls: bool,
}

/// What the provider says of its gateway.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gateway {
    /// A host, or behind another gateway a host and a path; none until it has an address.
    pub external_host: Option<String>,
    /// Whether it has a certificate.
    pub tls: bool,
}

impl Route {
    /// What the requirer publishes.
    pub fn databag(&self) -> Databag {
        Databag::from([(CONFIG, self.document().text())])
    }

    fn document(&self) -> Document<'_> {
        let Self { model, service, port, prefix, rewrite, tls } = self;
        let listener = Listener { port: if *tls { 443 } else { 80 }, protocol: "HTTP" };
        Document {
            model,
            listeners: [listener],
            http_routes: [HttpRoute {
                name: "http-route",
                listener,
                backends: [Backend { service, port: *port, weight: () }],
                hostnames: (),
                matches: [Match {
                    headers: (),
                    path: Path { r#type: "PathPrefix", value: prefix },
                    method: (),
                }],
                filters: [Filter {
                    url_rewrite: UrlRewrite {
                        hostname: (),
                        path: ReplacePrefix {
                            r#type: "ReplacePrefixMatch",
                            replace_prefix_match: rewrite,
                        },
                    },
                    r#type: "URLRewrite",
                }],
            }],
            grpc_routes: [],
        }
    }

    /// Reads what a requirer asks for, where it is one route as [`Self::databag`] writes it.
    pub fn read(remote: &Databag) -> Result<Option<Self>, Error> {
        let Some(text) = remote.get(CONFIG) else { return Ok(None) };
        let document: Value =
            serde_json::from_str(text).map_err(|_| Error::invalid(CONFIG, "is not JSON"))?;
        let at = |pointer: &str| {
            let field = format!("{CONFIG}{}", pointer.replace('/', "."));
            (document.pointer(pointer), field)
        };
        let text = |pointer: &str| {
            let (value, field) = at(pointer);
            value
                .and_then(Value::as_str)
                .map(ToOwned::to_owned)
                .ok_or_else(|| Error::invalid(field, "is not a text"))
        };
        let number = |pointer: &str| {
            let (value, field) = at(pointer);
            value
                .and_then(Value::as_u64)
                .and_then(|number| u16::try_from(number).ok())
                .filter(|port| *port != 0)
                .ok_or_else(|| Error::invalid(field, port::REASON))
        };
        if text("/http_routes/0/listener/protocol")? != "HTTP" {
            return Err(Error::invalid("config.http_routes.0.listener.protocol", "is not HTTP"));
        }
        Ok(Some(Self {
            model: text("/model")?,
            service: text("/http_routes/0/backends/0/service")?,
            port: number("/http_routes/0/backends/0/port")?,
            prefix: text("/http_routes/0/matches/0/path/value")?,
            rewrite: text("/http_routes/0/filters/0/urlRewrite/path/replacePrefixMatch")?,
            tls: number("/http_routes/0/listener/port")? == 443,
        }))
    }
}

impl Gateway {
    /// What the provider publishes.
    pub fn databag(&self) -> Databag {
        let Self { external_host, tls } = self;
        Databag::from([
            (EXTERNAL_HOST, external_host.as_deref().unwrap_or_default()),
            (TLS_ENABLED, if *tls { "True" } else { "False" }),
        ])
    }

    /// Reads what the provider says. `Ok(None)` means nothing yet, or that it sees our route in conflict with another.
    pub fn read(remote: &Databag) -> Result<Option<Self>, Error> {
        let host = remote.get(EXTERNAL_HOST);
        if host.is_some_and(|host| host.chars().any(|c| c.is_whitespace() || c.is_control())) {
            return Err(Error::invalid(EXTERNAL_HOST, "is not a host, or a host and a path"));
        }
        let external_host = host.map(ToOwned::to_owned);
        Ok(Self::tls(remote)?.map(|tls| Self { external_host, tls }))
    }

    /// Whether the gateway has a certificate, whatever else the provider says; `Ok(None)` as in [`Self::read`].
    pub fn tls(remote: &Databag) -> Result<Option<bool>, Error> {
        match remote.get(TLS_ENABLED).map(str::to_ascii_lowercase).as_deref() {
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            None => Ok(remote.get(EXTERNAL_HOST).map(|_| false)),
            Some(_) => Err(Error::invalid(TLS_ENABLED, "is neither True nor False")),
        }
    }
}

// The document, in the order and with the nulls in which Python's library writes it.

#[derive(Serialize)]
struct Document<'a> {
    model: &'a str,
    listeners: [Listener; 1],
    http_routes: [HttpRoute<'a>; 1],
    grpc_routes: [(); 0],
}

impl Document<'_> {
    fn text(&self) -> String {
        serde_json::to_string(self).expect("texts and numbers can be written as JSON")
    }
}

#[derive(Clone, Copy, Serialize)]
struct Listener {
    port: u16,
    protocol: &'static str,
}

#[derive(Serialize)]
struct HttpRoute<'a> {
    name: &'static str,
    listener: Listener,
    backends: [Backend<'a>; 1],
    hostnames: (),
    matches: [Match<'a>; 1],
    filters: [Filter<'a>; 1],
}

#[derive(Serialize)]
struct Backend<'a> {
    service: &'a str,
    port: u16,
    weight: (),
}

#[derive(Serialize)]
struct Match<'a> {
    headers: (),
    path: Path<'a>,
    method: (),
}

#[derive(Serialize)]
struct Path<'a> {
    r#type: &'static str,
    value: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Filter<'a> {
    url_rewrite: UrlRewrite<'a>,
    r#type: &'static str,
}

#[derive(Serialize)]
struct UrlRewrite<'a> {
    hostname: (),
    path: ReplacePrefix<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ReplacePrefix<'a> {
    r#type: &'static str,
    replace_prefix_match: &'a str,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feast(tls: bool) -> Route {
        Route {
            model: "kubeflow".to_owned(),
            service: "feast-ui".to_owned(),
            port: 8888,
            prefix: "/feast/".to_owned(),
            rewrite: "/".to_owned(),
            tls,
        }
    }

    #[test]
    fn the_document_is_the_originals_and_reads_back() {
        let bag = feast(false).databag();
        assert_eq!(
            bag.get(CONFIG),
            Some(
                r#"{"model":"kubeflow","listeners":[{"port":80,"protocol":"HTTP"}],"http_routes":[{"name":"http-route","listener":{"port":80,"protocol":"HTTP"},"backends":[{"service":"feast-ui","port":8888,"weight":null}],"hostnames":null,"matches":[{"headers":null,"path":{"type":"PathPrefix","value":"/feast/"},"method":null}],"filters":[{"urlRewrite":{"hostname":null,"path":{"type":"ReplacePrefixMatch","replacePrefixMatch":"/"}},"type":"URLRewrite"}]}],"grpc_routes":[]}"#
            )
        );
        assert_eq!(Route::read(&bag), Ok(Some(feast(false))));
    }

    #[test]
    fn with_tls_port_443_is_asked_for_and_the_protocol_stays_http() {
        let bag = feast(true).databag();
        let text = bag.get(CONFIG).unwrap();
        assert_eq!(text.matches(r#"{"port":443,"protocol":"HTTP"}"#).count(), 2, "{text}");
        assert_eq!(Route::read(&bag), Ok(Some(feast(true))));
    }

    #[test]
    fn a_gateway_reads_back() {
        for gateway in [
            Gateway::default(),
            Gateway { external_host: Some("10.64.140.43".to_owned()), tls: false },
            Gateway { external_host: Some("example.com/istio-system-gw".to_owned()), tls: true },
        ] {
            assert_eq!(Gateway::read(&gateway.databag()), Ok(Some(gateway)));
        }
        assert_eq!(Gateway::read(&Databag::new()), Ok(None));
    }

    #[test]
    fn tls_enabled_is_read_in_any_case_and_absent_is_false() {
        for (text, tls) in
            [("True", true), ("true", true), ("TRUE", true), ("False", false), ("", false)]
        {
            let bag = Databag::from([(TLS_ENABLED, text), (EXTERNAL_HOST, "h")]);
            assert_eq!(Gateway::read(&bag).unwrap().unwrap().tls, tls, "{text:?}");
        }
    }

    #[test]
    fn an_answer_that_makes_no_sense_is_named() {
        for (key, text, error) in [
            (TLS_ENABLED, "maybe", "tls_enabled is neither True nor False"),
            (EXTERNAL_HOST, "a b", "external_host is not a host, or a host and a path"),
        ] {
            let found = Gateway::read(&Databag::from([(key, text)])).unwrap_err();
            assert_eq!(found.to_string(), error);
        }
    }

    #[test]
    fn a_document_that_makes_no_sense_is_named() {
        let good = feast(false).databag().get(CONFIG).unwrap().to_owned();
        for (from, to, error) in [
            ("{", "", "config is not JSON"),
            ("\"model\"", "\"m\"", "config.model is not a text"),
            ("\"HTTP\"", "\"HTTPS\"", "config.http_routes.0.listener.protocol is not HTTP"),
            ("8888", "0", "config.http_routes.0.backends.0.port is not a port from 1 to 65535"),
        ] {
            let bag = Databag::from([(CONFIG, good.replace(from, to))]);
            assert_eq!(Route::read(&bag).unwrap_err().to_string(), error);
        }
    }
}
