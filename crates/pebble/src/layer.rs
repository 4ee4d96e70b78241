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
pub fn layer_text(
    services: &BTreeMap<String, Service>,
    checks: &BTreeMap<String, Check>,
) -> Result<String, serde_yaml::Error> {
    let services =
        services.iter().map(|(name, service)| (name.clone(), WireService::of(service))).collect();
    let checks = checks
        .iter()
        .filter(|(_, check)| check.probe != Probe::Other)
        .map(|(name, check)| (name.clone(), WireCheck::of(check)))
        .collect();
    serde_yaml::to_string(&WireLayer { services, checks })
}

impl Layer {
    /// Reads the YAML of a plan or layer.
    pub(crate) fn read(text: &str) -> Result<Self, Cause> {
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
