//! What others rely on, whatever happens: in every recorded situation, and in many like them.

mod dashboard_links;
mod databases;
mod every_hook;
mod feast_configuration;
mod ingress;
mod istio_ingress_route;
mod manifests;
mod mesh;

use juju_sim::{Bag, Relation};
use serde_json::Value;

use crate::case::{Case, Hook};

/// The endpoints of the databases, with the names that are asked for and those that the UI is told.
pub(crate) const DATABASES: [(&str, &str); 3] = [
    ("offline-store", "offline_store"),
    ("online-store", "online_store"),
    ("registry", "registry"),
];

/// A value of a databag as JSON; `null` if it is none.
pub(crate) fn json(bag: &Bag, key: &str) -> Value {
    bag.get(key).and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}

/// Whether a store has no database any more, or not yet.
pub(crate) fn is_without_a_database(hook: &Hook) -> bool {
    DATABASES.iter().any(|(endpoint, _)| hook.case.live(endpoint).count() == 0)
}

/// The user and the password that the database of a relation has told, by secret or in plain.
pub(crate) fn credentials(case: &Case, relation: &Relation) -> Option<(String, String)> {
    let bag = &relation.remote_app_data;
    let secret = match bag.get("secret-user") {
        Some(uri) => Some(case.state.secret(uri).filter(|secret| secret.readable)?.newest()?),
        None => None,
    };
    let told = |key: &str| {
        let value = secret.and_then(|content| content.get(key)).or_else(|| bag.get(key));
        value.filter(|value| !value.is_empty()).cloned()
    };
    Some((told("username")?, told("password")?))
}
