//! `ingress` as istio-pilot speaks it (serialized-data-interface): an application (the requirer) asks the gateway (the
//! provider) for a path.
//!
//! Both application databags hold `_supported_versions`, a YAML list; the requirer's also `data`, a YAML mapping. The
//! provider never answers with a URL. One related application without versions makes the pilot skip everybody's routes,
//! and data that violates its schema makes its hook fail, so versions come first and data is complete.
//!
//! Traefik and others speak another protocol under the same name, with other keys: [`Provider::PerApplication`].

use std::collections::BTreeSet;

use charm::Databag;
use serde::Serialize;
use serde_yaml::Value;

use crate::{Error, port};

const VERSIONS: &str = "_supported_versions";
const DATA: &str = "data";
const PER_APPLICATION: &str = "ingress";
const LATEST: u32 = 2;

/// A path of the gateway that leads to an application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The Kubernetes Service behind it; the gateway's object has its name.
    pub service: String,
    /// The port of the Service.
    pub port: u16,
    /// The namespace of the Service. The first version of the interface may leave it out.
    pub namespace: Option<String>,
    /// What the path begins with, with a slash at its end.
    pub prefix: String,
    /// What takes the prefix's place; the prefix itself if left out.
    pub rewrite: Option<String>,
}

/// What a requirer asks the gateway for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Nothing, and it has not said its versions: the real pilot routes nobody until it does.
    NoVersions,
    /// To be related and have no route.
    NoRoute,
    /// A route.
    Route(Route),
}

/// What the other side of `ingress` turns out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Provider {
    /// A gateway that speaks as described here, in these versions.
    Sdi(BTreeSet<u32>),
    /// One that gives each application a URL of its own choice, in a protocol that is not spoken here.
    PerApplication,
}

impl Route {
    /// What the requirer publishes to have this route.
    pub fn databag(&self) -> Databag {
        // In the order of the alphabet, as Python's `yaml.dump` has it.
        #[derive(Serialize)]
        struct Wire<'a> {
            #[serde(skip_serializing_if = "Option::is_none")]
            namespace: Option<&'a str>,
            port: u16,
            prefix: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            rewrite: Option<&'a str>,
            service: &'a str,
        }
        let Self { service, port, namespace, prefix, rewrite } = self;
        let wire = Wire {
            namespace: namespace.as_deref(),
            port: *port,
            prefix,
            rewrite: rewrite.as_deref(),
            service,
        };
        let mut bag = Self::withdrawal();
        bag.insert(DATA, yaml(&wire));
        bag
    }

    /// What the requirer publishes to be related and have no route: versions alone.
    pub fn withdrawal() -> Databag {
        Databag::from([(VERSIONS, yaml(&["v1"]))])
    }
}

impl Asked {
    /// Reads what a requirer asks for.
    pub fn read(remote: &Databag) -> Result<Self, Error> {
        let Some(versions) = remote.get(VERSIONS) else { return Ok(Self::NoVersions) };
        let versions = read_versions(versions)?;
        let Some(data) = remote.get(DATA) else { return Ok(Self::NoRoute) };
        let version = versions
            .into_iter()
            .rfind(|version| (1..=LATEST).contains(version))
            .ok_or_else(|| Error::invalid(VERSIONS, "has no version that is spoken here"))?;
        let data: Value =
            serde_yaml::from_str(data).map_err(|_| Error::invalid(DATA, "is not YAML"))?;
        let optional = |key: &str| match data.get(key) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(Error::invalid(format!("{DATA}.{key}"), "is not a text")),
        };
        let required = |key: &str| {
            optional(key)?.ok_or_else(|| Error::invalid(format!("{DATA}.{key}"), "is missing"))
        };
        let number = data.get("port").and_then(Value::as_u64);
        let port = number
            .and_then(|number| u16::try_from(number).ok())
            .filter(|port| *port != 0)
            .ok_or_else(|| Error::invalid("data.port", port::REASON))?;
        let namespace =
            if version >= 2 { Some(required("namespace")?) } else { optional("namespace")? };
        Ok(Self::Route(Route {
            service: required("service")?,
            port,
            namespace,
            prefix: required("prefix")?,
            rewrite: optional("rewrite")?,
        }))
    }
}

impl Provider {
    /// A gateway that speaks all versions known here.
    pub fn sdi() -> Self {
        Self::Sdi((1..=LATEST).collect())
    }

    /// What the gateway publishes: its versions. Nothing where the protocol is not spoken here.
    pub fn databag(&self) -> Databag {
        match self {
            Self::Sdi(versions) => {
                let versions: Vec<String> =
                    versions.iter().map(|version| format!("v{version}")).collect();
                Databag::from([(VERSIONS, yaml(&versions))])
            }
            Self::PerApplication => Databag::new(),
        }
    }

    /// Finds out who is on the other side. Whatever else a provider publishes is not looked at.
    pub fn read(remote: &Databag) -> Result<Option<Self>, Error> {
        match (remote.get(VERSIONS), remote.get(PER_APPLICATION)) {
            (Some(versions), _) => read_versions(versions).map(Self::Sdi).map(Some),
            (None, Some(_)) => Ok(Some(Self::PerApplication)),
            (None, None) => Ok(None),
        }
    }

    /// Whether this provider understands what [`Route::databag`] says.
    pub fn understands_us(&self) -> bool {
        matches!(self, Self::Sdi(versions) if versions.contains(&1))
    }
}

/// A list in any order of `v1` or `1`; what is no version of that kind is not one that we share.
fn read_versions(text: &str) -> Result<BTreeSet<u32>, Error> {
    let items: Vec<Value> = serde_yaml::from_str(text)
        .map_err(|_| Error::invalid(VERSIONS, "is not a YAML list of versions"))?;
    let version = |item: &Value| match item {
        Value::String(text) => text.strip_prefix('v').unwrap_or(text).parse().ok(),
        other => other.as_u64().and_then(|number| u32::try_from(number).ok()),
    };
    Ok(items.iter().filter_map(version).collect())
}

fn yaml(value: &impl Serialize) -> String {
    serde_yaml::to_string(value).expect("texts and numbers can be written as YAML")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feast() -> Route {
        Route {
            service: "feast-ui".to_owned(),
            port: 8888,
            namespace: Some("kubeflow".to_owned()),
            prefix: "/feast/".to_owned(),
            rewrite: Some("/".to_owned()),
        }
    }

    #[test]
    fn the_databag_is_the_originals_and_reads_back() {
        let bag = feast().databag();
        assert_eq!(bag.get(VERSIONS), Some("- v1\n"));
        assert_eq!(
            bag.get(DATA),
            Some(
                "namespace: kubeflow\nport: 8888\nprefix: /feast/\nrewrite: /\nservice: feast-ui\n"
            )
        );
        assert_eq!(Asked::read(&bag), Ok(Asked::Route(feast())));
    }

    #[test]
    fn a_withdrawal_keeps_the_versions_and_is_not_silence() {
        assert_eq!(Route::withdrawal(), Databag::from([(VERSIONS, "- v1\n")]));
        assert_eq!(Asked::read(&Route::withdrawal()), Ok(Asked::NoRoute));
        let silent = Databag::from([(DATA, "{")]);
        assert_eq!(Asked::read(&silent), Ok(Asked::NoVersions));
    }

    #[test]
    fn names_that_yaml_takes_for_something_else_stay_names() {
        for name in ["123", "yes", "null", "1e5", "~"] {
            let route = Route { service: name.to_owned(), ..feast() };
            assert_eq!(Asked::read(&route.databag()), Ok(Asked::Route(route)));
        }
    }

    #[test]
    fn versions_are_a_set_of_numbers_or_words() {
        for text in
            ["- v1\n- v2\n", "- v2\n- v1\n", "[1, 2]", "[\"v1\", 2, v2]", "- v1\n- v2\n- next"]
        {
            let found = Provider::read(&Databag::from([(VERSIONS, text)])).unwrap().unwrap();
            assert_eq!(found, Provider::sdi(), "{text:?}");
        }
        assert_eq!(Provider::read(&Databag::new()), Ok(None));
        let only_v2 = Provider::read(&Databag::from([(VERSIONS, "- v2")])).unwrap().unwrap();
        assert!(!only_v2.understands_us());
        assert!(Provider::sdi().understands_us());
    }

    #[test]
    fn versions_that_are_no_list_are_named() {
        for text in ["v1", "{", "a: b", "3"] {
            let error = Provider::read(&Databag::from([(VERSIONS, text)])).unwrap_err();
            assert_eq!(error.to_string(), "_supported_versions is not a YAML list of versions");
        }
    }

    #[test]
    fn data_from_a_provider_is_not_looked_at() {
        let bag = Databag::from([(VERSIONS, "- v1"), (DATA, "{")]);
        assert!(Provider::read(&bag).unwrap().unwrap().understands_us());
    }

    #[test]
    fn a_provider_of_urls_per_application_is_recognised() {
        let bag = Databag::from([(
            PER_APPLICATION,
            r#"{"url": "http://10.64.140.43/kubeflow-feast-ui"}"#,
        )]);
        assert_eq!(Provider::read(&bag), Ok(Some(Provider::PerApplication)));
    }

    #[test]
    fn a_request_in_json_is_read_as_yaml() {
        let bag = Databag::from([
            (VERSIONS, r#"["v1","v2"]"#),
            (
                DATA,
                r#"{"namespace":"kubeflow","port":8888,"prefix":"/feast/","rewrite":"/","service":"feast-ui"}"#,
            ),
        ]);
        assert_eq!(Asked::read(&bag), Ok(Asked::Route(feast())));
    }

    #[test]
    fn a_request_that_violates_its_schema_is_named() {
        for (versions, data, error) in [
            ("- v1", "{", "data is not YAML"),
            (
                "- v1",
                "port: '8888'\nprefix: /\nservice: a",
                "data.port is not a port from 1 to 65535",
            ),
            ("- v1", "port: 8888\nservice: a", "data.prefix is missing"),
            ("- v1", "port: 8888\nprefix: 1\nservice: a", "data.prefix is not a text"),
            ("- v2", "port: 8888\nprefix: /\nservice: a", "data.namespace is missing"),
            ("v1", "", "_supported_versions is not a YAML list of versions"),
            ("- v9", "port: 8888", "_supported_versions has no version that is spoken here"),
        ] {
            let found = Asked::read(&Databag::from([(VERSIONS, versions), (DATA, data)]));
            assert_eq!(found.unwrap_err().to_string(), error);
        }
    }
}
