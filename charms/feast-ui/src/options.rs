//! What the operator chose, in this charm's own terms.

use charm::{Observation, Options, Status};

/// What the operator chose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Choices {
    /// Whether a UI that no gateway leads to is an incomplete one.
    pub(crate) require_ingress: bool,
    /// The text of the link in the dashboard.
    pub(crate) dashboard_link_text: String,
    /// How much Feast logs, in its own words; `None` where it decides.
    pub(crate) log_level: Option<&'static str>,
    /// The path that the UI is reached under, without a slash at its end.
    pub(crate) path: String,
}

impl Default for Choices {
    fn default() -> Self {
        Self {
            require_ingress: false,
            dashboard_link_text: "Feast".to_owned(),
            log_level: None,
            path: "/feast".to_owned(),
        }
    }
}

impl Choices {
    /// The path with a slash at its end, as gateways and links want it.
    pub(crate) fn prefix(&self) -> String {
        format!("{}/", self.path)
    }
}

/// What the operator chose, or all that is wrong with it.
pub(crate) fn choices(seen: &Observation) -> Result<Choices, Vec<Status>> {
    let default = Choices::default();
    let mut options = Options::of(seen);
    let levels = ["debug", "info", "warning", "error", "critical"].map(|level| (level, level));
    let choices = Choices {
        require_ingress: options.boolean("require-ingress").unwrap_or(default.require_ingress),
        dashboard_link_text: options
            .text("dashboard-link-text")
            .map_or(default.dashboard_link_text, ToOwned::to_owned),
        log_level: options.choice("log-level", &levels),
        path: options.parsed("path", path).unwrap_or(default.path),
    };
    // It is crates/juju that follows it.
    options.choice("hook-commands", &[("auto", ()), ("processes", ())]);
    let troubles = options.troubles();
    if troubles.is_empty() { Ok(choices) } else { Err(troubles) }
}

/// It becomes a part of a command line and of routes, so only what is the same in all of them.
fn path(text: &str) -> Result<String, &'static str> {
    let path = text.strip_suffix('/').unwrap_or(text);
    let plain = |step: &str| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_~".contains(&byte);
        !step.is_empty() && step.bytes().all(plain)
    };
    match path.strip_prefix('/') {
        Some(steps) if steps.split('/').all(plain) => Ok(path.to_owned()),
        _ => Err("is not a path below / of letters, digits, hyphens and underscores"),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use charm::ConfigValue;
    use serde_yaml::Value;

    use super::*;

    const CONFIG: &str = include_str!("../../../metadata/feast-ui/config.yaml");

    fn text(text: &str) -> ConfigValue {
        ConfigValue::Text(text.to_owned())
    }

    fn with(values: &[(&str, ConfigValue)]) -> Observation {
        let config = values.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
        Observation { config: config.collect(), ..Observation::default() }
    }

    /// The defaults as `juju config` shows them.
    fn defaults() -> BTreeMap<String, ConfigValue> {
        let config: Value = serde_yaml::from_str(CONFIG).unwrap();
        let options = config["options"].as_mapping().unwrap();
        options
            .iter()
            .map(|(name, option)| {
                let value = match &option["default"] {
                    Value::String(text) => ConfigValue::Text(text.clone()),
                    Value::Bool(flag) => ConfigValue::Boolean(*flag),
                    other => panic!("{name:?} has the default {other:?}"),
                };
                (name.as_str().unwrap().to_owned(), value)
            })
            .collect()
    }

    #[test]
    fn the_defaults_are_those_of_the_code() {
        let seen = Observation { config: defaults(), ..Observation::default() };
        assert_eq!(choices(&seen), Ok(Choices::default()));
        assert_eq!(choices(&Observation::default()), Ok(Choices::default()));
    }

    #[test]
    fn every_option_has_its_effect() {
        let seen = with(&[
            ("require-ingress", ConfigValue::Boolean(true)),
            ("dashboard-link-text", text("Features")),
            ("log-level", text("debug")),
            ("path", text("/ml/feast/")),
            ("hook-commands", text("processes")),
        ]);
        assert_eq!(seen.config.len(), defaults().len());
        let chosen = Choices {
            require_ingress: true,
            dashboard_link_text: "Features".to_owned(),
            log_level: Some("debug"),
            path: "/ml/feast".to_owned(),
        };
        assert_eq!(choices(&seen), Ok(chosen));
    }

    #[test]
    fn a_value_that_does_not_fit_is_refused_by_the_name_of_its_option() {
        let path = "path is not a path below / of letters, digits, hyphens and underscores";
        for (name, value, told) in [
            ("require-ingress", text("yes"), "require-ingress is neither true nor false"),
            (
                "dashboard-link-text",
                ConfigValue::Boolean(true),
                "dashboard-link-text is not a text",
            ),
            (
                "log-level",
                text("loud"),
                "log-level is none of debug, info, warning, error, critical",
            ),
            ("hook-commands", text("sockets"), "hook-commands is none of auto, processes"),
            ("path", text("feast"), path),
            ("path", text("/"), path),
            ("path", text("/a b"), path),
            ("path", text("/a//b"), path),
            ("path", text("/a; rm -r /"), path),
        ] {
            let troubles = choices(&with(&[(name, value)])).unwrap_err();
            assert_eq!(troubles, [Status::Blocked(format!("[config] {told}"))]);
        }
    }
}
