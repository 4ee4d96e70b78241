//! The three databases, as Feast and as the UI are told about them.

use charm::Secret;
use feast::{Error, FeatureStore, Host, Store, TlsMode};
use interfaces::feast_configuration;
use interfaces::postgresql_client::{Connection, Tls};

use crate::inputs::Databases;

/// `feature_store.yaml` for notebooks.
pub(crate) fn feature_store(databases: &Databases) -> Result<Secret, Error> {
    let Databases { offline_store, online_store, registry } = databases;
    FeatureStore::new(store(registry), store(offline_store), store(online_store)).render()
}

/// What the UI is told, which renders its own file.
pub(crate) fn configuration(databases: &Databases) -> feast_configuration::Stores {
    let Databases { offline_store, online_store, registry } = databases;
    feast_configuration::Stores {
        registry: plain(registry),
        offline_store: plain(offline_store),
        online_store: plain(online_store),
    }
}

/// The first endpoint alone, because the UI can be told only one, and both files have to mean the same.
fn store(connection: &Connection) -> Store {
    let Connection { endpoints, database, username, password, tls } = connection;
    let first = endpoints.first();
    Store {
        hosts: vec![Host { name: first.host.clone(), port: first.port }],
        database: database.clone(),
        user: username.clone(),
        password: password.clone(),
        tls: match tls {
            Tls::Off => TlsMode::Prefer,
            // The certificates of `ca` are of use only where they are delivered as a file.
            Tls::On { ca: _ } => TlsMode::Require,
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
