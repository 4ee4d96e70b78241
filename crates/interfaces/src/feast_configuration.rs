//! `feast-configuration`: the integrator tells the UI how to reach the three databases.
//!
//! The provider's application databag holds exactly fifteen keys, `{registry,offline_store,online_store}_{user,password,
//! host,port,database}`, all in plain. A Python UI fails every hook if there is one more or one fewer, so the set is
//! published whole or not at all, and a withdrawal is an empty databag. The requirer publishes nothing.
//!
//! What they cannot say (another project, TLS, further keys), and everything where the operator wants no password in a
//! databag, is in a Juju secret that the provider's leader announces in its own unit's databag: see [`Rendered`].

mod rendered;

use charm::{Databag, Secret};

use crate::{Error, host, port};

pub use rendered::{ANNOUNCEMENT, CERTIFICATES, Rendered};

const STORES: [&str; 3] = ["registry", "offline_store", "online_store"];
const FIELDS: [&str; 5] = ["host", "port", "database", "user", "password"];

/// How to reach the three databases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stores {
    /// Where Feast keeps its definitions.
    pub registry: Store,
    /// Where historical features are.
    pub offline_store: Store,
    /// Where the latest features are.
    pub online_store: Store,
}

/// How to reach one database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Store {
    /// The name of a host or its address, an IPv6 address without brackets.
    pub host: String,
    /// Where PostgreSQL listens on it, never 0.
    pub port: u16,
    /// The name of the database.
    pub database: String,
    /// Who to be.
    pub user: String,
    /// As it is, not percent-encoded.
    pub password: Secret,
}

impl Stores {
    /// What the integrator publishes: all fifteen keys.
    ///
    /// Fails with the keys that would be empty, since Juju does not keep those.
    pub fn databag(&self) -> Result<Databag, Error> {
        let Self { registry, offline_store, online_store } = self;
        let pairs: Vec<(String, String)> = [
            ("registry", registry),
            ("offline_store", offline_store),
            ("online_store", online_store),
        ]
        .iter()
        .flat_map(|(prefix, store)| store.pairs(prefix))
        .collect();
        let empty: Vec<String> = pairs
            .iter()
            .filter(|(_, value)| value.is_empty())
            .map(|(key, _)| key.clone())
            .collect();
        if empty.is_empty() { Ok(pairs.into_iter().collect()) } else { Err(Error::Missing(empty)) }
    }

    /// What may stay of `local`, which the integrator or the charm that it was refreshed from has published, while there
    /// is nothing new to say: all fifteen keys, or else nothing.
    ///
    /// A Python integrator publishes an empty value as it is, which Juju takes for a key to be deleted.
    pub fn whole(local: &Databag) -> Databag {
        let keys =
            STORES.iter().flat_map(|prefix| FIELDS.map(|suffix| format!("{prefix}_{suffix}")));
        let pairs: Option<Databag> =
            keys.map(|key| local.get(&key).map(|value| (key.clone(), value.to_owned()))).collect();
        pairs.unwrap_or_default()
    }

    /// Reads what an integrator published. `Ok(None)` means that it has nothing to say yet, or any more.
    pub fn read(remote: &Databag) -> Result<Option<Self>, Error> {
        let mut missing = Vec::new();
        let fields = STORES.map(|prefix| {
            FIELDS.map(|suffix| {
                let key = format!("{prefix}_{suffix}");
                let value = remote.get(&key).map(ToOwned::to_owned);
                if value.is_none() {
                    missing.push(key.clone());
                }
                (key, value.unwrap_or_default())
            })
        });
        match missing.len() {
            0 => {}
            15 => return Ok(None),
            _ => return Err(Error::Missing(missing)),
        }
        let [registry, offline_store, online_store] = fields;
        Ok(Some(Self {
            registry: Store::read(registry)?,
            offline_store: Store::read(offline_store)?,
            online_store: Store::read(online_store)?,
        }))
    }
}

impl Store {
    fn pairs(&self, prefix: &str) -> [(String, String); 5] {
        let Self { host, port, database, user, password } = self;
        let port = if *port == 0 { String::new() } else { port.to_string() };
        [
            (format!("{prefix}_user"), user.clone()),
            (format!("{prefix}_password"), password.reveal().to_owned()),
            (format!("{prefix}_host"), host.clone()),
            (format!("{prefix}_port"), port),
            (format!("{prefix}_database"), database.clone()),
        ]
    }

    fn read([host, port, database, user, password]: [(String, String); 5]) -> Result<Self, Error> {
        Ok(Self {
            host: host::read(&host.1).ok_or_else(|| Error::invalid(host.0, host::REASON))?,
            port: port::read(&port.1).ok_or_else(|| Error::invalid(port.0, port::REASON))?,
            database: database.1,
            user: user.1,
            password: password.1.into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stores() -> Stores {
        let store = |number: u16, database: &str| Store {
            host: "pg-primary.kubeflow.svc.cluster.local".to_owned(),
            port: 5432,
            database: database.to_owned(),
            user: format!("relation_id_{number}"),
            password: format!("Pw {number}: a$b{{{{c").into(),
        };
        Stores {
            registry: store(12, "registry"),
            offline_store: store(10, "offline_store"),
            online_store: store(11, "online_store"),
        }
    }

    #[test]
    fn of_an_earlier_databag_all_fifteen_keys_may_stay_or_none() {
        let whole = stores().databag().unwrap();
        assert_eq!(Stores::whole(&whole), whole);
        let mut more = whole.clone();
        more.insert("removed_key", "x");
        assert_eq!(Stores::whole(&more), whole);
        let mut fewer = whole;
        fewer.insert("registry_password", "");
        assert_eq!(Stores::whole(&fewer), Databag::new());
        assert_eq!(Stores::whole(&Databag::new()), Databag::new());
    }

    #[test]
    fn the_databag_has_exactly_the_fifteen_keys_and_reads_back() {
        let bag = stores().databag().unwrap();
        let keys: Vec<&str> = bag.iter().map(|(key, _)| key).collect();
        assert_eq!(
            keys,
            [
                "offline_store_database",
                "offline_store_host",
                "offline_store_password",
                "offline_store_port",
                "offline_store_user",
                "online_store_database",
                "online_store_host",
                "online_store_password",
                "online_store_port",
                "online_store_user",
                "registry_database",
                "registry_host",
                "registry_password",
                "registry_port",
                "registry_user",
            ]
        );
        assert_eq!(Stores::read(&bag), Ok(Some(stores())));
    }

    #[test]
    fn ports_are_published_as_canonical_decimal_numbers() {
        assert_eq!(stores().databag().unwrap().get("registry_port"), Some("5432"));
    }

    #[test]
    fn passwords_are_published_as_they_are() {
        let bag = stores().databag().unwrap();
        assert_eq!(bag.get("registry_password"), Some("Pw 12: a$b{{c"));
    }

    #[test]
    fn nothing_is_published_while_one_of_the_fifteen_is_empty() {
        let mut stores = stores();
        stores.registry.password = Secret::default();
        stores.online_store.port = 0;
        let error = stores.databag().unwrap_err();
        assert_eq!(error.to_string(), "missing registry_password, online_store_port");
    }

    #[test]
    fn an_empty_databag_says_nothing() {
        assert_eq!(Stores::read(&Databag::new()), Ok(None));
        assert_eq!(Stores::read(&Databag::from([("greeting", "hello")])), Ok(None));
    }

    #[test]
    fn unknown_keys_are_ignored() {
        let mut bag = stores().databag().unwrap();
        bag.insert("registry_sslmode", "require");
        assert_eq!(Stores::read(&bag), Ok(Some(stores())));
    }

    #[test]
    fn missing_keys_are_named() {
        let mut bag = stores().databag().unwrap();
        bag.insert("online_store_user", "");
        bag.insert("registry_host", "");
        let error = Stores::read(&bag).unwrap_err();
        assert_eq!(error.to_string(), "missing registry_host, online_store_user");
    }

    #[test]
    fn a_port_that_is_none_is_named_and_not_shown() {
        for port in ["notaport", "0", "65536", "0x1538", "1e3", "  "] {
            let mut bag = stores().databag().unwrap();
            bag.insert("offline_store_port", port);
            let error = Stores::read(&bag).unwrap_err();
            assert_eq!(error.to_string(), "offline_store_port is not a port from 1 to 65535");
        }
    }

    #[test]
    fn an_ipv6_address_is_read_with_or_without_brackets() {
        for host in ["::1", "[::1]"] {
            let mut bag = stores().databag().unwrap();
            bag.insert("registry_host", host);
            assert_eq!(Stores::read(&bag).unwrap().unwrap().registry.host, "::1");
        }
    }

    #[test]
    fn a_host_that_is_none_is_named_and_not_shown() {
        let mut bag = stores().databag().unwrap();
        for host in ["pg9/x?sslmode=disable", " pg9", "pg9,pg8", "u:p@pg9"] {
            bag.insert("registry_host", host);
            let error = Stores::read(&bag).unwrap_err().to_string();
            assert!(error.starts_with("registry_host is not the name of a host"), "{error}");
            assert!(!error.contains("pg9"), "{error}");
        }
    }
}
