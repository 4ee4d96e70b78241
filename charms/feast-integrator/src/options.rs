//! What the operator chose, in this charm's own terms.

use std::collections::BTreeSet;
use std::num::NonZeroU16;

use charm::{Observation, Options, SecretAnswer, Status};
use cluster::{is_dns_label, is_dns_subdomain, is_label_key, is_label_value};
use feast::{CONNECT_TIMEOUT, EntityKeys, Extra, REGISTRY_CACHE_TTL};

use crate::destination::Delivery;

/// Further keys for the file, or the secret that holds them.
pub const EXTRA_CONFIGURATION: &str = "extra-configuration";

/// What the operator chose.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own")]
pub(crate) struct Choices {
    /// The name of Feast's project.
    pub(crate) project: String,
    /// In seconds.
    pub(crate) registry_cache_ttl: u32,
    /// `None` where earlier deliveries decide.
    pub(crate) entity_keys: Option<EntityKeys>,
    /// The name of the Secret, and of the volume that it is mounted by.
    pub(crate) secret_name: String,
    /// `None` where the application's name decides.
    pub(crate) pod_default_name: Option<String>,
    /// What users read.
    pub(crate) pod_default_description: String,
    /// By which label a pod asks for the file.
    pub(crate) pod_label: (String, String),
    /// The folder of the file in notebooks.
    pub(crate) mount_path: String,
    /// Whether a database without TLS is no database.
    pub(crate) tls_required: bool,
    /// `None` where what the database offers decides.
    pub(crate) sslmode: Option<SslMode>,
    /// `None` where Feast decides.
    pub(crate) pool_size: Option<NonZeroU16>,
    /// In seconds; `None` where nobody chose.
    pub(crate) connect_timeout: Option<NonZeroU16>,
    /// Further keys for the file.
    pub(crate) extra: Extra,
    /// Whether what was delivered outlives its databases.
    pub(crate) keep_last_configuration: bool,
    /// Whether the dispatcher gets the Secret in a Juju secret.
    pub(crate) manifests_as_secret: bool,
    /// Whether the UI gets everything in a Juju secret.
    pub(crate) configuration_as_secret: bool,
    /// By which way users' namespaces get their objects.
    pub(crate) delivery: Delivery,
    /// The namespaces that get them; empty where the selector decides.
    pub(crate) namespaces: BTreeSet<String>,
    /// The labels of the namespaces that get them.
    pub(crate) namespace_selector: String,
    /// Namespaces that do not get them in any case.
    pub(crate) excluded_namespaces: BTreeSet<String>,
    /// Whether the dispatcher puts an object with a namespace there and nowhere else.
    pub(crate) dispatcher_pins: bool,
}

/// libpq's word for what is asked of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SslMode {
    Disable,
    Prefer,
    Require,
    VerifyCa,
    VerifyFull,
}

impl Default for Choices {
    fn default() -> Self {
        Self {
            project: "feast_project".to_owned(),
            registry_cache_ttl: REGISTRY_CACHE_TTL,
            entity_keys: None,
            secret_name: "feature-store-yaml".to_owned(),
            pod_default_name: None,
            pod_default_description: "Allow access to Feast".to_owned(),
            pod_label: ("access-feast".to_owned(), "true".to_owned()),
            mount_path: "/feast".to_owned(),
            tls_required: false,
            sslmode: None,
            pool_size: None,
            connect_timeout: None,
            extra: Extra::default(),
            keep_last_configuration: false,
            manifests_as_secret: false,
            configuration_as_secret: false,
            delivery: Delivery::Auto,
            namespaces: BTreeSet::new(),
            namespace_selector: "app.kubernetes.io/part-of=kubeflow-profile".to_owned(),
            excluded_namespaces: BTreeSet::new(),
            dispatcher_pins: false,
        }
    }
}

impl Choices {
    /// The file's own default applies to the registry's URL alone.
    pub(crate) fn registry_connect_timeout(&self) -> NonZeroU16 {
        self.connect_timeout.unwrap_or(CONNECT_TIMEOUT)
    }

    /// The label selector of the namespaces to be looked at; empty is all of them.
    pub(crate) fn selector(&self) -> &str {
        if self.namespaces.is_empty() { &self.namespace_selector } else { "" }
    }

    /// The namespaces that the operator has listed, without those that are excluded nevertheless.
    pub(crate) fn listed(&self) -> impl Iterator<Item = &str> {
        self.namespaces.difference(&self.excluded_namespaces).map(String::as_str)
    }
}

/// What the operator chose, or all that is wrong with it.
pub(crate) fn choices(seen: &Observation) -> Result<Choices, Vec<Status>> {
    let default = Choices::default();
    let mut options = Options::of(seen);
    let choices = Choices {
        project: options
            .parsed("project", |text| match feast::check_project(text) {
                Ok(()) => Ok(text.to_owned()),
                Err(error) => Err(error.reason),
            })
            .unwrap_or(default.project),
        registry_cache_ttl: options
            .integer("registry-cache-ttl", 0..=i32::MAX.unsigned_abs())
            .unwrap_or(default.registry_cache_ttl),
        entity_keys: entity_keys(&mut options),
        secret_name: options
            .parsed("secret-name", |text| name(text, is_dns_label(text)))
            .unwrap_or(default.secret_name),
        pod_default_name: options
            .parsed("pod-default-name", |text| name(text, is_dns_subdomain(text))),
        pod_default_description: options
            .text("pod-default-description")
            .map_or(default.pod_default_description, ToOwned::to_owned),
        pod_label: options.parsed("pod-label", label).unwrap_or(default.pod_label),
        mount_path: options.parsed("mount-path", folder).unwrap_or(default.mount_path),
        tls_required: options
            .choice("tls", &[("auto", false), ("required", true)])
            .unwrap_or(default.tls_required),
        sslmode: options.choice(
            "sslmode",
            &[
                ("disable", SslMode::Disable),
                ("prefer", SslMode::Prefer),
                ("require", SslMode::Require),
                ("verify-ca", SslMode::VerifyCa),
                ("verify-full", SslMode::VerifyFull),
            ],
        ),
        pool_size: options.integer("pool-size", 0_u16..=10_000).and_then(NonZeroU16::new),
        connect_timeout: options
            .integer("connect-timeout", 0_u16..=3_600)
            .and_then(NonZeroU16::new),
        extra: extra(&mut options, seen).unwrap_or_default(),
        keep_last_configuration: options.boolean("keep-last-configuration").unwrap_or_default(),
        manifests_as_secret: options.boolean("manifests-as-secret").unwrap_or_default(),
        configuration_as_secret: options.boolean("configuration-as-secret").unwrap_or_default(),
        delivery: options
            .choice(
                "delivery",
                &[
                    ("auto", Delivery::Auto),
                    ("dispatcher", Delivery::Dispatcher),
                    ("direct", Delivery::Direct),
                ],
            )
            .unwrap_or(default.delivery),
        namespaces: options.parsed("namespaces", namespaces).unwrap_or_default(),
        namespace_selector: options
            .parsed("namespace-selector", selector)
            .unwrap_or(default.namespace_selector),
        excluded_namespaces: options.parsed("exclude-namespaces", namespaces).unwrap_or_default(),
        dispatcher_pins: options.boolean("dispatcher-pins-namespaces").unwrap_or_default(),
    };
    // It is crates/juju that follows it.
    options.choice("hook-commands", &[("auto", ()), ("processes", ())]);
    let troubles = options.troubles();
    if troubles.is_empty() { Ok(choices) } else { Err(troubles) }
}

fn entity_keys(options: &mut Options<'_>) -> Option<EntityKeys> {
    const NAME: &str = "entity-key-serialization-version";
    match options.integer(NAME, 0_u8..=3)? {
        0 => None,
        2 => Some(EntityKeys::Version2),
        3 => Some(EntityKeys::Version3),
        _ => options.refuse(NAME, "is none of 0, 2, 3"),
    }
}

fn name(text: &str, fits: bool) -> Result<String, &'static str> {
    if fits { Ok(text.to_owned()) } else { Err("is not a name that Kubernetes takes") }
}

fn label(text: &str) -> Result<(String, String), &'static str> {
    let (key, value) = text.split_once('=').unwrap_or((text, "true"));
    if is_label_key(key) && is_label_value(value) {
        Ok((key.to_owned(), value.to_owned()))
    } else {
        Err("is not a label that Kubernetes takes, as <key>=<value>")
    }
}

/// Names between commas, blanks or lines.
fn namespaces(text: &str) -> Result<BTreeSet<String>, &'static str> {
    let names = text.split([',', ' ', '\n']).map(str::trim).filter(|name| !name.is_empty());
    let names: BTreeSet<String> = names.map(ToOwned::to_owned).collect();
    if names.iter().all(|name| is_dns_label(name)) {
        Ok(names)
    } else {
        Err("is not a list of names of namespaces, with commas between them")
    }
}

/// The part of Kubernetes' label selectors that is without parentheses, as kubectl takes it.
fn selector(text: &str) -> Result<String, &'static str> {
    let is_one = |one: &str| match one.split_once('=') {
        Some((key, value)) => {
            let key = key.strip_suffix('!').unwrap_or(key);
            is_label_key(key) && is_label_value(value.strip_prefix('=').unwrap_or(value))
        }
        None => is_label_key(one.strip_prefix('!').unwrap_or(one)),
    };
    let parts: Vec<&str> = text.split(',').map(str::trim).collect();
    if parts.iter().all(|part| is_one(part)) {
        Ok(parts.join(","))
    } else {
        Err(
            "is not a label selector, as <key>=<value>, <key>!=<value>, <key> or !<key>, with commas between them",
        )
    }
}

/// Kubernetes refuses a colon in a mount path, and nothing good comes of steps back.
fn folder(text: &str) -> Result<String, &'static str> {
    let path = text.strip_suffix('/').unwrap_or(text);
    let plain = |step: &str| {
        !["", ".", ".."].contains(&step) && !step.contains(|c: char| c == ':' || c.is_control())
    };
    match path.strip_prefix('/') {
        Some(steps) if steps.split('/').all(plain) => Ok(path.to_owned()),
        _ => Err("is not an absolute path of a folder below /"),
    }
}

/// The text itself, or that of the one key in the secret that it names.
fn extra(options: &mut Options<'_>, seen: &Observation) -> Option<Extra> {
    let text = options.text(EXTRA_CONFIGURATION)?;
    let yaml = if text.starts_with("secret:") {
        match seen.secrets.get(text) {
            Some(SecretAnswer::Content(content)) => {
                let mut values = content.values();
                match (values.next(), values.next()) {
                    (Some(value), None) => value.reveal(),
                    _ => {
                        return options.refuse(
                            EXTRA_CONFIGURATION,
                            "names a secret that does not have exactly one key",
                        );
                    }
                }
            }
            None | Some(SecretAnswer::Denied | SecretAnswer::NotFound | SecretAnswer::NotAUri) => {
                return options.refuse(
                    EXTRA_CONFIGURATION,
                    format!(
                        "names a secret that cannot be read; run: juju grant-secret <secret> {}",
                        seen.application
                    ),
                );
            }
        }
    } else {
        text
    };
    match Extra::read(yaml) {
        Ok(extra) => Some(extra),
        Err(error) => options.refuse(EXTRA_CONFIGURATION, format!("does not fit: {error}")),
    }
}

#[cfg(test)]
mod tests;
