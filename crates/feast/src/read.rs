//! The three databases of a `feature_store.yaml` that [`FeatureStore::render`](crate::FeatureStore::render) has written.

use charm::Secret;
use serde_yaml::Value;

use crate::{Host, Store, TlsMode, url};

/// The three databases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Databases {
    /// Where definitions are.
    pub registry: Database,
    /// Where historical features are.
    pub offline_store: Database,
    /// Where the latest features are.
    pub online_store: Database,
}

/// One of them, as Feast uses it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Database {
    /// Where it is.
    pub store: Store,
    /// The schema that Feast makes its tables in.
    pub schema: String,
}

impl Databases {
    /// Reads a file of ours, whatever else was merged into it; none where it is not one.
    pub fn read(file: &Secret) -> Option<Self> {
        let file: Value = serde_yaml::from_str(file.reveal()).ok()?;
        let registry = url::read(file.get("registry")?.get("path")?.as_str()?)?;
        Some(Self {
            registry: Database { store: registry, schema: "public".to_owned() },
            offline_store: database(file.get("offline_store")?)?,
            online_store: database(file.get("online_store")?)?,
        })
    }
}

fn database(section: &Value) -> Option<Database> {
    let text = |key| section.get(key).and_then(Value::as_str).map(str::to_owned);
    let port = u16::try_from(section.get("port")?.as_u64()?).ok()?;
    let hosts = text("host")?;
    let hosts = hosts.split(',').map(|name| Host { name: name.to_owned(), port }).collect();
    let tls = TlsMode::read(&text("sslmode")?, || text("sslrootcert_path"))?;
    let store = Store {
        hosts,
        database: text("database")?,
        user: text("user")?,
        password: text("password")?.into(),
        tls,
    };
    Some(Database { store, schema: text("db_schema").unwrap_or_else(|| "public".to_owned()) })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Extra, FeatureStore};

    fn store(user: &str, password: &str, tls: TlsMode) -> Store {
        Store {
            hosts: vec![Host { name: "pg.kubeflow".to_owned(), port: 5432 }],
            database: "feast".to_owned(),
            user: user.to_owned(),
            password: password.into(),
            tls,
        }
    }

    #[test]
    fn what_was_merged_is_no_hindrance_and_a_schema_is_seen() {
        let ca = "/feast/ca.crt".to_owned();
        let stores =
            [TlsMode::Disable, TlsMode::VerifyCa { ca: ca.clone() }, TlsMode::VerifyFull { ca }]
                .map(|tls| store("u", "p", tls));
        let [registry, offline, online] = stores.clone();
        let yaml = "{online_store: {db_schema: feast}, auth: {type: no_auth}}";
        let file = FeatureStore {
            extra: Extra::read(yaml).unwrap(),
            ..FeatureStore::new(registry, offline, online)
        };
        let read = Databases::read(&file.render().unwrap()).unwrap();
        let Databases { registry, offline_store, online_store } = read;
        assert_eq!([&registry.store, &offline_store.store, &online_store.store], stores.each_ref());
        assert_eq!([registry.schema, offline_store.schema], ["public"; 2]);
        assert_eq!(online_store.schema, "feast");
    }

    #[test]
    fn what_is_no_file_of_ours_is_nothing() {
        for text in ["", "[", "registry: data/registry.db\n", "registry: {path: x}"] {
            assert_eq!(Databases::read(&text.into()), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_user_and_password_is_read(user in "[^\\x00]+", password in "[^\\x00]+") {
            let store = store(&user, &password, TlsMode::Prefer);
            let file = FeatureStore::new(store.clone(), store.clone(), store.clone()).render().unwrap();
            let read = Databases::read(&file).unwrap();
            for database in [read.registry, read.offline_store, read.online_store] {
                prop_assert_eq!(&database.store, &store);
            }
        }
    }
}
