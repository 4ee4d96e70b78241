//! Where a PostgreSQL listens, as the lists `endpoints` and `read-only-endpoints` say it.

use std::fmt;

use crate::{Error, host, port};

const DEFAULT_PORT: u16 = 5432;

/// Where a PostgreSQL listens. It prints as `host:port`, an IPv6 address in brackets.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Endpoint {
    /// The name of a host or its address, an IPv6 address without brackets.
    pub host: String,
    /// Never 0.
    pub port: u16,
}

/// At least one endpoint, best first. It prints as the comma list of the databag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoints {
    first: Endpoint,
    others: Vec<Endpoint>,
}

impl Endpoint {
    /// `host:port`, with an IPv6 address in brackets, or a host alone, at which PostgreSQL's own port is meant.
    fn read(text: &str) -> Option<Self> {
        let whole = |text| Some(Self { host: host::read(text)?, port: DEFAULT_PORT });
        if text.ends_with(']') {
            return whole(text);
        }
        let Some((host, port)) = text.rsplit_once(':') else { return whole(text) };
        // An IPv6 address without brackets does not say where its port begins.
        if host.contains(':') && !host.starts_with('[') {
            return None;
        }
        Some(Self { host: host::read(host)?, port: port::read(port)? })
    }
}

impl Endpoints {
    /// A single endpoint.
    pub fn only(host: impl Into<String>, port: u16) -> Self {
        Self { first: Endpoint { host: host.into(), port }, others: Vec::new() }
    }

    /// Reads a comma list. Items that are no endpoint are left out; a list of nothing else is an error that names
    /// `field`.
    pub fn read(field: &'static str, text: &str) -> Result<Self, Error> {
        let mut found = text.split(',').map(str::trim).filter_map(Endpoint::read);
        let first = found.next().ok_or_else(|| {
            Error::invalid(field, "has no host with a port from 1 to 65535 (IPv6 in brackets)")
        })?;
        Ok(Self { first, others: found.collect() })
    }

    /// The one to use where only one can be.
    pub fn first(&self) -> &Endpoint {
        &self.first
    }

    /// All of them, in the provider's order.
    pub fn iter(&self) -> impl Iterator<Item = &Endpoint> {
        std::iter::once(&self.first).chain(&self.others)
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port } = self;
        if host.contains(':') { write!(f, "[{host}]:{port}") } else { write!(f, "{host}:{port}") }
    }
}

impl fmt::Display for Endpoints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts: Vec<String> = self.iter().map(ToString::to_string).collect();
        f.write_str(&texts.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> String {
        Endpoints::read("endpoints", text).unwrap().to_string()
    }

    #[test]
    fn every_form_of_an_endpoint_is_read() {
        for (text, endpoints) in [
            (
                "pg-primary.kubeflow.svc.cluster.local:5432",
                "pg-primary.kubeflow.svc.cluster.local:5432",
            ),
            ("10.1.2.3:6432", "10.1.2.3:6432"),
            ("h1", "h1:5432"),
            ("[::1]:5433", "[::1]:5433"),
            ("[fd00::10]", "[fd00::10]:5432"),
            ("10.0.0.11:31234,10.0.0.12:31234", "10.0.0.11:31234,10.0.0.12:31234"),
            (" pg-0:5432 , pg-1 ,", "pg-0:5432,pg-1:5432"),
            ("pg: 5432 ", "pg:5432"),
            ("pg:05432", "pg:5432"),
        ] {
            assert_eq!(read(text), endpoints, "{text:?}");
        }
    }

    #[test]
    fn the_first_that_makes_sense_is_the_single_one() {
        let endpoints = Endpoints::read("endpoints", "h1:notaport,h2:1,h3:2").unwrap();
        assert_eq!(endpoints.first().to_string(), "h2:1");
        assert_eq!(endpoints.to_string(), "h2:1,h3:2");
    }

    #[test]
    fn a_list_without_an_endpoint_is_named_and_not_shown() {
        for text in [
            ":",
            ",",
            " ",
            "pg:",
            "pg:0",
            "pg:65536",
            "pg:99999999999",
            "pg:0x1538",
            ":5432",
            "pg primary:5432",
            "pg :5432",
            "fd00::10",
            "fd00::10:5432",
            "[fd00::10",
            "/run/postgresql:5432",
            "u:p@h:5432",
            "bücher:5432",
        ] {
            let error = Endpoints::read("endpoints", text).unwrap_err().to_string();
            assert!(error.starts_with("endpoints has no host with a port"), "{text:?}: {error}");
        }
    }
}
