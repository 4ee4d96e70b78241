//! The three databases, as Feast and as the UI are told about them.

use std::collections::BTreeSet;

use charm::{Secret, Status};
use feast::{EntityKeys, Error, FeatureStore, Host, Store, TlsMode};
use interfaces::feast_configuration;
use interfaces::postgresql_client::{Connection, Tls};

use crate::inputs::{Databases, OFFLINE_STORE, ONLINE_STORE, REGISTRY};
use crate::options::{Choices, SslMode};

/// `feature_store.yaml`, where the certificates are at the path `ca`.
pub(crate) fn feature_store(
    databases: &Databases,
    choices: &Choices,
    entity_keys: EntityKeys,
    ca: &str,
) -> Result<Secret, Error> {
    let Databases { offline_store, online_store, registry } = databases;
    let store = |connection| store(connection, choices.sslmode, ca);
    FeatureStore {
        project: choices.project.clone(),
        entity_keys,
        registry_cache_ttl: choices.registry_cache_ttl,
        connect_timeout: choices.registry_connect_timeout(),
        pool_size: choices.pool_size,
        extra: choices.extra.clone(),
        ..FeatureStore::new(store(registry), store(offline_store), store(online_store))
    }
    .render()
}

/// What the UI is told in plain.
pub(crate) fn configuration(databases: &Databases) -> feast_configuration::Stores {
    let Databases { offline_store, online_store, registry } = databases;
    feast_configuration::Stores {
        registry: plain(registry),
        offline_store: plain(offline_store),
        online_store: plain(online_store),
    }
}

/// Whether the UI cannot make the same file of what it is told in plain.
pub(crate) fn is_more_than_plain(databases: &Databases, choices: &Choices) -> bool {
    let default = Choices::default();
    let as_default = Choices {
        project: choices.project.clone(),
        registry_cache_ttl: choices.registry_cache_ttl,
        sslmode: choices.sslmode,
        pool_size: choices.pool_size,
        connect_timeout: choices.connect_timeout,
        extra: choices.extra.clone(),
        ..default.clone()
    };
    as_default != default || databases.iter().any(|(_, database)| database.tls != Tls::Off)
}

/// The certificates of all three authorities, each once: the file that the clients are to have beside the other.
pub(crate) fn certificates(databases: &Databases, choices: &Choices) -> Option<String> {
    let verifies = matches!(choices.sslmode, None | Some(SslMode::VerifyCa | SslMode::VerifyFull));
    let authorities: BTreeSet<&str> = databases
        .iter()
        .filter(|_| verifies)
        .filter_map(|(_, database)| authority(database))
        .collect();
    let texts: Vec<&str> = authorities.into_iter().collect();
    (!texts.is_empty()).then(|| texts.join("\n") + "\n")
}

/// The status of databases that have nothing wrong. Stores can share one, as Feast names its tables apart; but whoever
/// empties or restores it has to know.
pub(crate) fn in_order(databases: &Databases) -> Status {
    let place =
        |database: &Connection| (database.endpoints.first().clone(), database.database.clone());
    let stores: Vec<_> =
        databases.iter().map(|(endpoint, database)| (endpoint, place(database))).collect();
    let sharing = stores.iter().find_map(|(_, place)| {
        let there = stores.iter().filter(|(_, other)| other == place);
        let there: Vec<&str> = there.map(|(endpoint, _)| *endpoint).collect();
        (there.len() > 1).then(|| format!("{} share the database {}", there.join(", "), place.1))
    });
    Status::Active(sharing.unwrap_or_default())
}

/// What keeps a database from being used as the operator wants it.
pub(crate) fn tls_trouble(
    endpoint: &str,
    database: &Connection,
    choices: &Choices,
) -> Option<Status> {
    let wants_authority = matches!(choices.sslmode, Some(SslMode::VerifyCa | SslMode::VerifyFull));
    let text = if choices.tls_required && database.tls == Tls::Off {
        "The database does not offer TLS, which tls=required asks for: enable it there, or set tls=auto"
    } else if wants_authority && authority(database).is_none() {
        "The database offers no certificate authority, which sslmode asks for: enable TLS there, or reset sslmode"
    } else {
        return None;
    };
    Some(Status::Blocked(format!("[{endpoint}] {text}")))
}

impl Databases {
    fn iter(&self) -> impl Iterator<Item = (&'static str, &Connection)> {
        let Self { offline_store, online_store, registry } = self;
        [(OFFLINE_STORE, offline_store), (ONLINE_STORE, online_store), (REGISTRY, registry)]
            .into_iter()
    }
}

fn authority(database: &Connection) -> Option<&str> {
    match &database.tls {
        Tls::On { ca: Some(ca) } => Some(ca.trim()),
        Tls::On { ca: None } | Tls::Off => None,
    }
}

/// The first endpoint alone, because the UI can be told only one, and both files have to mean the same.
fn store(connection: &Connection, sslmode: Option<SslMode>, ca: &str) -> Store {
    let Connection { endpoints, database, username, password, tls } = connection;
    let first = endpoints.first();
    let ca = ca.to_owned();
    Store {
        hosts: vec![Host { name: first.host.clone(), port: first.port }],
        database: database.clone(),
        user: username.clone(),
        password: password.clone(),
        tls: match (sslmode, tls) {
            (Some(SslMode::Disable), _) => TlsMode::Disable,
            (Some(SslMode::Prefer), _) | (None, Tls::Off) => TlsMode::Prefer,
            (Some(SslMode::Require), _) | (None, Tls::On { ca: None }) => TlsMode::Require,
            (Some(SslMode::VerifyCa), _) => TlsMode::VerifyCa { ca },
            (Some(SslMode::VerifyFull), _) | (None, Tls::On { ca: Some(_) }) => {
                TlsMode::VerifyFull { ca }
            }
        },
    }
}

fn plain(connection: &Connection) -> feast_configuration::Store {
    let Connection { endpoints, database, username, password, tls: _ } = connection;
    let first = endpoints.first();
    feast_configuration::Store {
        host: first.host.clone(),
        port: first.port,
        database: database.clone(),
        user: username.clone(),
        password: password.clone(),
    }
}
