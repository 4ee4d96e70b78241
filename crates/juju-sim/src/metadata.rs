//! What a charm declares.

use std::collections::BTreeMap;
use std::path::Path;
use std::{fs, io};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a charm declares in `metadata.yaml`, `config.yaml` and `actions.yaml`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Charm {
    /// Its name.
    pub name: String,
    /// Its endpoints by name.
    pub endpoints: BTreeMap<String, Endpoint>,
    /// Its containers, storages, resources and bindings by name.
    pub containers: Vec<String>,
    /// The names of its storages.
    pub storage: Vec<String>,
    /// The names of its resources.
    pub resources: Vec<String>,
    /// The names of its extra bindings.
    pub bindings: Vec<String>,
    /// Its options by name: type and default.
    pub options: BTreeMap<String, ConfigOption>,
    /// Its actions by name.
    pub actions: BTreeMap<String, Action>,
}

/// An endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    /// Which side of the relation it is.
    pub role: Role,
    /// The interface.
    pub interface: String,
}

/// The side of a relation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Role {
    /// In `provides`.
    Provides,
    /// In `requires`.
    Requires,
    /// In `peers`.
    Peers,
}

/// An option.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ConfigOption {
    /// `string`, `int`, `float`, `boolean` or `secret`.
    #[serde(rename = "type", default = "string")]
    pub kind: String,
    /// Its value as long as nobody sets one.
    #[serde(default)]
    pub default: Option<Value>,
}

/// An action.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Action {
    /// The JSON schema of each parameter.
    pub params: BTreeMap<String, Value>,
    /// The parameters that must be given.
    pub required: Vec<String>,
    /// Whether others may be given; the default depends on Juju.
    pub additional_properties: Option<bool>,
}

#[derive(Deserialize)]
struct Metadata {
    name: String,
    #[serde(default)]
    provides: BTreeMap<String, Value>,
    #[serde(default)]
    requires: BTreeMap<String, Value>,
    #[serde(default)]
    peers: BTreeMap<String, Value>,
    #[serde(default)]
    containers: BTreeMap<String, Value>,
    #[serde(default)]
    storage: BTreeMap<String, Value>,
    #[serde(default)]
    resources: BTreeMap<String, Value>,
    #[serde(default, rename = "extra-bindings")]
    bindings: BTreeMap<String, Value>,
}

#[derive(Default, Deserialize)]
struct Config {
    #[serde(default)]
    options: BTreeMap<String, ConfigOption>,
}

impl Charm {
    /// Reads the files of `folder`; only `metadata.yaml` must be there.
    ///
    /// # Errors
    ///
    /// What is wrong with which file.
    pub fn read(folder: &Path) -> Result<Self, String> {
        let metadata: Metadata = yaml(&folder.join("metadata.yaml"))?
            .ok_or_else(|| format!("{} has no metadata.yaml", folder.display()))?;
        let config: Config = yaml(&folder.join("config.yaml"))?.unwrap_or_default();
        let actions: BTreeMap<String, Option<Action>> =
            yaml(&folder.join("actions.yaml"))?.unwrap_or_default();
        let sides = [
            (Role::Provides, metadata.provides),
            (Role::Requires, metadata.requires),
            (Role::Peers, metadata.peers),
        ];
        let mut endpoints = BTreeMap::new();
        for (role, declared) in sides {
            for (name, value) in declared {
                let interface = value.as_str().or_else(|| value.get("interface")?.as_str());
                let interface =
                    interface.ok_or_else(|| format!("endpoint {name} has no interface"))?;
                endpoints.insert(name.clone(), Endpoint { role, interface: interface.to_owned() });
            }
        }
        Ok(Self {
            name: metadata.name,
            endpoints,
            containers: metadata.containers.into_keys().collect(),
            storage: metadata.storage.into_keys().collect(),
            resources: metadata.resources.into_keys().collect(),
            bindings: metadata.bindings.into_keys().collect(),
            options: config.options,
            actions: actions
                .into_iter()
                .map(|(name, action)| (name, action.unwrap_or_default()))
                .collect(),
        })
    }

    pub(crate) fn is_peer(&self, endpoint: &str) -> bool {
        self.role(endpoint) == Some(Role::Peers)
    }

    pub(crate) fn role(&self, endpoint: &str) -> Option<Role> {
        self.endpoints.get(endpoint).map(|endpoint| endpoint.role)
    }
}

impl ConfigOption {
    /// Whether `value` is of this type.
    pub(crate) fn takes(&self, value: &Value) -> bool {
        match self.kind.as_str() {
            "int" => value.is_i64() || value.is_u64(),
            "float" => value.is_number(),
            "boolean" => value.is_boolean(),
            "secret" => {
                value.as_str().is_some_and(|text| text.is_empty() || text.starts_with("secret:"))
            }
            _ => value.is_string(),
        }
    }
}

impl Action {
    /// The parameters with defaults filled in, or what Juju has against them.
    pub(crate) fn parameters(
        &self,
        given: &BTreeMap<String, Value>,
        others_allowed: bool,
    ) -> Result<BTreeMap<String, Value>, String> {
        if let Some(missing) = self.required.iter().find(|name| !given.contains_key(*name)) {
            return Err(format!(
                "validation failed: (root) : \"{missing}\" property is missing and required, given {{}}"
            ));
        }
        let mut parameters = given.clone();
        for (name, value) in given {
            let Some(schema) = self.params.get(name) else {
                if self.additional_properties.unwrap_or(others_allowed) {
                    continue;
                }
                return Err(format!(
                    "validation failed: (root) : additional property \"{name}\" is not allowed"
                ));
            };
            let right = match schema.get("type").and_then(Value::as_str) {
                Some("string") => value.is_string(),
                Some("integer") => value.is_i64() || value.is_u64(),
                Some("number") => value.is_number(),
                Some("boolean") => value.is_boolean(),
                Some("array") => value.is_array(),
                Some("object") => value.is_object(),
                _ => true,
            };
            if !right {
                return Err(format!("validation failed: (root).{name} : must be of another type"));
            }
        }
        for (name, schema) in &self.params {
            if let Some(default) = schema.get("default") {
                parameters.entry(name.clone()).or_insert_with(|| default.clone());
            }
        }
        Ok(parameters)
    }
}

fn yaml<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, String> {
    match fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(format!("reading {}: {error}", path.display())),
        Ok(text) if text.trim().is_empty() => Ok(None),
        Ok(text) => serde_yaml::from_str(&text)
            .map(Some)
            .map_err(|error| format!("reading {}: {error}", path.display())),
    }
}

fn string() -> String {
    "string".to_owned()
}
