//! Services and checks, between a charm's terms and a layer's YAML.
//!
//! What is written is already what Pebble's rendering would make of it — durations as Go prints them, nothing empty — so
//! that what is read back equals what was written.

use std::collections::{BTreeMap, BTreeSet};

use charm::{Check, CheckLevel, OnCheckFailure, Probe, Service, Startup};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use crate::Cause;
use crate::duration::{from_go, to_go};

/// Pebble's defaults of a check.
const PERIOD_MS: u64 = 10_000;
const TIMEOUT_MS: u64 = 3000;
const THRESHOLD: u32 = 3;

/// The keys of a service that [`Service`] has a place for.
const SERVICE_KEYS: [&str; 7] =
    ["override", "summary", "command", "startup", "working-dir", "environment", "on-check-failure"];
/// The same of a check, of its `http` and of its `tcp`.
const CHECK_KEYS: [&str; 7] =
    ["override", "level", "period", "timeout", "threshold", "http", "tcp"];

/// Services and checks by name: a layer, or all of them together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layer {
    /// By name.
    pub services: BTreeMap<String, Service>,
    /// By name.
    pub checks: BTreeMap<String, Check>,
}

#[derive(Default, Serialize, Deserialize)]
struct WireLayer {
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    services: BTreeMap<String, WireService>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    checks: BTreeMap<String, WireCheck>,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct WireService {
    r#override: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    summary: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    startup: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    command: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    environment: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    working_dir: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    on_check_failure: BTreeMap<String, String>,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct WireCheck {
    r#override: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    level: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    period: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    timeout: String,
    threshold: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    http: Option<WireHttp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tcp: Option<WireTcp>,
}

#[derive(Serialize, Deserialize)]
struct WireHttp {
    url: String,
    #[serde(default, skip_serializing)]
    headers: Option<IgnoredAny>,
}

#[derive(Serialize, Deserialize)]
struct WireTcp {
    port: u16,
    #[serde(default, skip_serializing)]
    host: Option<String>,
}

/// Which keys each entry has, whatever they hold.
#[derive(Deserialize)]
struct Keys {
    #[serde(default)]
    services: BTreeMap<String, BTreeMap<String, serde_yaml::Value>>,
    #[serde(default)]
    checks: BTreeMap<String, BTreeMap<String, serde_yaml::Value>>,
}

/// The YAML of a layer.
///
/// An entry of a container's plan that holds what cannot be said here (see [`Service::other`]) is merged into what is
/// there, so that it keeps it; every other one replaces what is there.
pub(crate) fn layer_text(
    services: &BTreeMap<String, Service>,
    checks: &BTreeMap<String, Check>,
) -> Result<String, Cause> {
    let services =
        services.iter().map(|(name, service)| (name.clone(), WireService::of(service))).collect();
    let checks = checks
        .iter()
        .filter(|(_, check)| check.probe != Probe::Other)
        .map(|(name, check)| (name.clone(), WireCheck::of(check)))
        .collect();
    serde_yaml::to_string(&WireLayer { services, checks }).map_err(|error| Cause::yaml(&error))
}

impl Layer {
    /// Reads the YAML of a plan or layer.
    ///
    /// # Errors
    ///
    /// What is no layer, and a duration that makes no sense.
    pub fn read(text: &str) -> Result<Self, Cause> {
        let keys: Keys = serde_yaml::from_str(text).map_err(|error| Cause::yaml(&error))?;
        let wire: WireLayer = serde_yaml::from_str(text).map_err(|error| Cause::yaml(&error))?;
        let services = wire.services.into_iter().map(|(name, service)| {
            let other = others(keys.services.get(&name), &SERVICE_KEYS);
            (name, service.read(other))
        });
        let checks = wire.checks.into_iter().map(|(name, check)| {
            let other = others(keys.checks.get(&name), &CHECK_KEYS);
            let check = check.read(&other).ok_or_else(|| {
                Cause::Answer(format!("check {name} of the plan has a senseless duration"))
            });
            check.map(|check| (name, check))
        });
        Ok(Self { services: services.collect(), checks: checks.collect::<Result<_, Cause>>()? })
    }
}

fn others(found: Option<&BTreeMap<String, serde_yaml::Value>>, known: &[&str]) -> BTreeSet<String> {
    let found = found.into_iter().flat_map(BTreeMap::keys);
    found.filter(|key| !known.contains(&key.as_str())).cloned().collect()
}

impl WireService {
    fn of(service: &Service) -> Self {
        let Service {
            summary,
            command,
            startup,
            working_dir,
            environment,
            on_check_failure,
            other,
        } = service;
        let unsaid = !other.is_empty()
            || on_check_failure.values().any(|action| *action == OnCheckFailure::Other);
        let on_check_failure = on_check_failure.iter().filter_map(|(check, action)| {
            let action = match action {
                OnCheckFailure::Restart => "restart",
                OnCheckFailure::Ignore => "ignore",
                OnCheckFailure::Other => return None,
            };
            Some((check.clone(), action.to_owned()))
        });
        Self {
            r#override: if unsaid { "merge" } else { "replace" }.to_owned(),
            summary: summary.clone(),
            startup: match startup {
                Startup::Enabled => "enabled",
                Startup::Disabled => "disabled",
            }
            .to_owned(),
            command: command.clone(),
            environment: environment.clone(),
            working_dir: working_dir.clone(),
            on_check_failure: on_check_failure.collect(),
        }
    }

    fn read(self, other: BTreeSet<String>) -> Service {
        let on_check_failure = self.on_check_failure.into_iter().map(|(check, action)| {
            let action = match action.as_str() {
                "restart" => OnCheckFailure::Restart,
                "ignore" => OnCheckFailure::Ignore,
                _ => OnCheckFailure::Other,
            };
            (check, action)
        });
        Service {
            summary: self.summary,
            command: self.command,
            startup: if self.startup == "enabled" { Startup::Enabled } else { Startup::Disabled },
            working_dir: self.working_dir,
            environment: self.environment,
            on_check_failure: on_check_failure.collect(),
            other,
        }
    }
}

impl WireCheck {
    fn of(check: &Check) -> Self {
        let Check { level, period_ms, timeout_ms, threshold, probe } = check;
        let (http, tcp) = match probe {
            Probe::Http(url) => (Some(WireHttp { url: url.clone(), headers: None }), None),
            Probe::Tcp(port) => (None, Some(WireTcp { port: *port, host: None })),
            Probe::Other => (None, None),
        };
        Self {
            r#override: "replace".to_owned(),
            level: match level {
                Some(CheckLevel::Alive) => "alive",
                Some(CheckLevel::Ready) => "ready",
                None => "",
            }
            .to_owned(),
            period: to_go(*period_ms),
            timeout: to_go(*timeout_ms),
            threshold: Some(*threshold),
            http,
            tcp,
        }
    }

    /// A check with a key that has no place here differs from every one of ours.
    fn read(self, other: &BTreeSet<String>) -> Option<Check> {
        let duration = |text: &str, default| match text {
            "" => Some(default),
            text => from_go(text),
        };
        let probe = match (self.http, self.tcp) {
            _ if !other.is_empty() => Probe::Other,
            (Some(WireHttp { url, headers: None }), None) => Probe::Http(url),
            (None, Some(WireTcp { port, host }))
                if host.as_deref().is_none_or(|host| host == "localhost") =>
            {
                Probe::Tcp(port)
            }
            _ => Probe::Other,
        };
        Some(Check {
            level: match self.level.as_str() {
                "alive" => Some(CheckLevel::Alive),
                "ready" => Some(CheckLevel::Ready),
                _ => None,
            },
            period_ms: duration(&self.period, PERIOD_MS)?,
            timeout_ms: duration(&self.timeout, TIMEOUT_MS)?,
            threshold: self.threshold.unwrap_or(THRESHOLD),
            probe,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::btree_map;
    use proptest::prelude::*;

    use super::*;

    prop_compose! {
        fn any_service()(
            texts in [".*", ".*", ".*"],
            enabled in any::<bool>(),
            environment in btree_map(".*", ".*", 0..4),
            on_check_failure in btree_map(
                ".*", prop_oneof![Just(OnCheckFailure::Restart), Just(OnCheckFailure::Ignore)], 0..3),
        ) -> Service {
            let [summary, command, working_dir] = texts;
            let startup = if enabled { Startup::Enabled } else { Startup::Disabled };
            let other = BTreeSet::new();
            Service { summary, command, startup, working_dir, environment, on_check_failure, other }
        }
    }

    prop_compose! {
        fn any_check()(
            level in prop_oneof![
                Just(None), Just(Some(CheckLevel::Alive)), Just(Some(CheckLevel::Ready))],
            period_ms in any::<u64>(),
            timeout_ms in any::<u64>(),
            threshold in any::<u32>(),
            probe in prop_oneof![".*".prop_map(Probe::Http), any::<u16>().prop_map(Probe::Tcp)],
        ) -> Check {
            Check { level, period_ms, timeout_ms, threshold, probe }
        }
    }

    proptest! {
        #[test]
        fn a_layer_reads_as_it_was_written(
            services in btree_map(".*", any_service(), 0..4),
            checks in btree_map(".*", any_check(), 0..4),
        ) {
            let text = layer_text(&services, &checks).unwrap();
            prop_assert_eq!(Layer::read(&text).unwrap(), Layer { services, checks });
        }

        #[test]
        fn no_text_makes_it_panic(text in "(services|checks|app|: |\\{|\\}|\\[|\\]|\n| |-|&a|\\*a|!x|.)*") {
            let _ = Layer::read(&text);
        }
    }

    #[test]
    fn an_empty_plan_is_an_empty_layer() {
        assert_eq!(Layer::read("{}\n").unwrap(), Layer::default());
    }

    #[test]
    fn what_is_absent_has_pebbles_defaults() {
        let plan = Layer::read(
            "services: {app: {override: merge, command: x}}\nchecks: {up: {http: {url: u}}}\n",
        )
        .unwrap();
        let service = Service { command: "x".to_owned(), ..Service::default() };
        assert_eq!(plan.services["app"], service);
        let check = Check {
            level: None,
            period_ms: 10_000,
            timeout_ms: 3000,
            threshold: 3,
            probe: Probe::Http("u".to_owned()),
        };
        assert_eq!(plan.checks["up"], check);
    }

    #[test]
    fn a_check_with_anything_else_is_none_of_ours() {
        for check in [
            "{exec: {command: x}}",
            "{http: {url: u, headers: {a: b}}}",
            "{tcp: {port: 1, host: example.com}}",
            "{tcp: {port: 1}, startup: disabled}",
        ] {
            let plan = Layer::read(&format!("checks: {{up: {check}}}\n")).unwrap();
            assert_eq!(plan.checks["up"].probe, Probe::Other, "{check}");
        }
    }

    #[test]
    fn what_a_service_has_besides_is_merged_into_and_the_rest_replaced() {
        let mut service = Service { command: "x".to_owned(), ..Service::default() };
        let text = |service: &Service| {
            layer_text(&BTreeMap::from([("app".to_owned(), service.clone())]), &BTreeMap::new())
                .unwrap()
        };
        assert_eq!(
            text(&service),
            "services:\n  app:\n    override: replace\n    startup: disabled\n    command: x\n"
        );
        service.other.insert("user".to_owned());
        assert!(text(&service).contains("override: merge"));
    }
}
