//! What the relations say, in this charm's own terms.

use charm::{Dispatch, Endpoint, Observation, Relation, Status};
use interfaces::postgresql_client::Connection;

use crate::options::Choices;
use crate::stores::tls_trouble;

/// The database of the offline store.
pub(crate) const OFFLINE_STORE: &str = "offline-store";
/// The database of the online store.
pub(crate) const ONLINE_STORE: &str = "online-store";
/// The database of the registry.
pub(crate) const REGISTRY: &str = "registry";
/// Who makes the Secret in users' namespaces.
pub(crate) const SECRETS: &str = "secrets";
/// Who makes the PodDefault in users' namespaces.
pub(crate) const POD_DEFAULTS: &str = "pod-defaults";
/// Who runs the UI.
pub(crate) const FEAST_CONFIGURATION: &str = "feast-configuration";

/// All endpoints, with what this charm reads of each.
pub const ENDPOINTS: [Endpoint; 6] = [
    database(OFFLINE_STORE),
    database(ONLINE_STORE),
    database(REGISTRY),
    Endpoint::named(SECRETS).with_local(),
    Endpoint::named(POD_DEFAULTS).with_local(),
    Endpoint::named(FEAST_CONFIGURATION).with_local().with_local_unit(),
];

/// The endpoints of the three databases, and the name of the database that is asked for on each.
pub(crate) const DATABASES: [(&str, &str); 3] =
    [(OFFLINE_STORE, "offline_store"), (ONLINE_STORE, "online_store"), (REGISTRY, "registry")];

const fn database(name: &'static str) -> Endpoint {
    // A provider repeats our request in its own databag, under `data`. Its units matter only to one that says
    // `subordinated`.
    Endpoint::named(name)
        .with_remote()
        .with_units_when("subordinated")
        .with_local()
        .with_echo("data")
        .with_secrets("secret-")
}

/// Hooks that can change nothing about what this charm wants.
pub fn is_of_no_interest(dispatch: &Dispatch) -> bool {
    ["start", "stop"].iter().any(|name| dispatch.is_hook(name))
}

/// The three databases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Databases {
    pub(crate) offline_store: Connection,
    pub(crate) online_store: Connection,
    pub(crate) registry: Connection,
}

/// Why there are no three databases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unready {
    /// What is wrong, by endpoint in the order of [`DATABASES`].
    pub(crate) troubles: Vec<Status>,
    /// Whether a database is not merely late but no longer (or not yet) related, or not as the operator wants it, so that
    /// what was made of it is void.
    pub(crate) missing: bool,
}

/// The three databases, if all of them have answered.
pub(crate) fn databases(seen: &Observation, choices: &Choices) -> Result<Databases, Unready> {
    let mut unready = Unready { troubles: Vec::new(), missing: false };
    let connections = DATABASES.map(|(endpoint, _)| {
        unready.missing |= seen.relations(endpoint).is_empty();
        let connection =
            connection(seen, endpoint).map_err(|trouble| unready.troubles.push(trouble)).ok()?;
        match tls_trouble(endpoint, &connection, choices) {
            None => Some(connection),
            Some(trouble) => {
                unready.missing = true;
                unready.troubles.push(trouble);
                None
            }
        }
    });
    match connections {
        [Some(offline_store), Some(online_store), Some(registry)] => {
            Ok(Databases { offline_store, online_store, registry })
        }
        _ => Err(unready),
    }
}

/// The database of an endpoint, if it has answered.
pub(crate) fn connection(seen: &Observation, endpoint: &str) -> Result<Connection, Status> {
    let relation = only(seen, endpoint)?.ok_or_else(|| missing(endpoint))?;
    match Connection::read(&relation.remote, &seen.secrets, Some(&relation.units)) {
        Ok(Some(connection)) => Ok(connection),
        Ok(None) => {
            Err(Status::Waiting(format!("[{endpoint}] Waiting for {endpoint} relation data")))
        }
        Err(error) => Err(Status::Blocked(format!(
            "[{endpoint}] Invalid relation data from {}: {error}",
            relation.application
        ))),
    }
}

/// The relation of an endpoint that makes sense once only.
fn only<'a>(seen: &'a Observation, endpoint: &str) -> Result<Option<&'a Relation>, Status> {
    match seen.relations(endpoint) {
        [] => Ok(None),
        [relation] => Ok(Some(relation)),
        several => {
            let applications: Vec<&str> =
                several.iter().map(|relation| relation.application.as_str()).collect();
            Err(Status::Blocked(format!(
                "[{endpoint}] Too many relations: keep one of {} and remove the others",
                applications.join(", ")
            )))
        }
    }
}

/// An endpoint that needs a relation and has none.
pub(crate) fn missing(endpoint: &str) -> Status {
    Status::Blocked(format!("[{endpoint}] Please add the missing relation: {endpoint}"))
}
