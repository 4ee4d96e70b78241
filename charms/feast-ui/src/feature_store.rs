//! The three stores, as the UI's own `feature_store.yaml`.

use charm::Secret;
use feast::{Error, FeatureStore, Host, Store, TlsMode};
use interfaces::feast_configuration;

/// The file for these stores.
pub(crate) fn render(stores: &feast_configuration::Stores) -> Result<Secret, Error> {
    let feast_configuration::Stores { registry, offline_store, online_store } = stores;
    FeatureStore::new(store(registry), store(offline_store), store(online_store)).render()
}

fn store(store: &feast_configuration::Store) -> Store {
    let feast_configuration::Store { host, port, database, user, password } = store;
    Store {
        hosts: vec![Host { name: host.clone(), port: *port }],
        database: database.clone(),
        user: user.clone(),
        password: password.clone(),
        tls: TlsMode::Prefer,
    }
}
