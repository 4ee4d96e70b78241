//! The UI's own `feature_store.yaml`, and what belongs to it.

use std::num::NonZeroU16;

use charm::Secret;
use feast::{Error, FeatureStore, Host, Store, TlsMode};
use interfaces::feast_configuration::{self, Rendered, Stores};

/// The files for the UI.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Configuration {
    /// `feature_store.yaml`.
    pub(crate) file: Secret,
    /// The certificates that it names, in PEM.
    pub(crate) certificates: Option<String>,
    /// How long to wait for a database, in seconds.
    pub(crate) connect_timeout: NonZeroU16,
}

impl Configuration {
    /// What follows from the fifteen keys.
    pub(crate) fn of(stores: &Stores) -> Result<Self, Error> {
        let Stores { registry, offline_store, online_store } = stores;
        let store = FeatureStore::new(store(registry), store(offline_store), store(online_store));
        Ok(Self {
            file: store.render()?,
            certificates: None,
            connect_timeout: feast::CONNECT_TIMEOUT,
        })
    }
}

impl From<Rendered> for Configuration {
    fn from(rendered: Rendered) -> Self {
        let Rendered { feature_store, certificates, connect_timeout } = rendered;
        Self {
            file: feature_store,
            certificates,
            connect_timeout: connect_timeout.unwrap_or(feast::CONNECT_TIMEOUT),
        }
    }
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
