//! The three stores, and looking at them.

use std::time::Duration;

use charm::Secret;
use feast::{Database, Databases, TlsMode};
use postgresql::{Findings, Login, Session, SslMode};

use crate::Repaired;

/// The names of the stores in answers, which are those of feast-integrator's endpoints.
pub const STORES: [&str; 3] = ["offline-store", "online-store", "registry"];

/// A store, and how to get there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Store {
    /// One of [`STORES`].
    pub name: &'static str,
    /// How to get there, or why that is not known: a sentence.
    pub login: Result<Login, String>,
}

/// Rows of text, or why the server gives none.
pub type Rows = Result<Vec<Vec<Option<String>>>, postgresql::Error>;

/// A store that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Examined {
    /// One of [`STORES`].
    pub name: &'static str,
    /// How to get there and what was found, or why that is not known.
    pub found: Result<(Login, Findings), String>,
}

impl Store {
    /// Looks at all three at the same time, for as long as `limit`.
    pub async fn examine(stores: [Self; 3], limit: Duration) -> [Examined; 3] {
        let [a, b, c] = stores.map(|store| store.look(limit));
        let (a, b, c) = tokio::join!(a, b, c);
        [a, b, c]
    }

    /// The rows that `sql` gives in this store, or why there are none: a sentence.
    pub async fn rows(self, sql: &str, limit: Duration) -> Result<Rows, String> {
        let session = open(&self.login?, limit).await?;
        Ok(session.rows(sql).await)
    }

    /// Gives this user the tables that belong to others, if `wanted`, within `limit`.
    pub async fn repair(self, limit: Duration, wanted: bool) -> Repaired {
        let Self { name, login } = self;
        let outcomes = async {
            let login = login?;
            let session = open(&login, limit).await?;
            let facts = session.facts(&login.schema).await.map_err(|error| error.to_string())?;
            if facts.recovery || facts.read_only {
                return Err("nothing can be changed in this database: it is read-only".to_owned());
            }
            Ok(session.take_over(&login.schema, &facts, wanted).await)
        };
        Repaired { name, outcomes: outcomes.await }
    }

    async fn look(self, limit: Duration) -> Examined {
        let Self { name, login } = self;
        let found = match login {
            Ok(login) => {
                let findings = postgresql::observe(&login, limit).await;
                Ok((login, findings))
            }
            Err(reason) => Err(reason),
        };
        Examined { name, found }
    }
}

/// A session, or why there is none.
async fn open(login: &Login, limit: Duration) -> Result<Session, String> {
    let mut steps = Vec::new();
    let session = Session::open(login, limit, &mut steps).await;
    let findings = Findings { steps, facts: None };
    session.ok_or_else(|| findings.trouble().map_or_else(String::new, ToString::to_string))
}

/// The logins of a `feature_store.yaml` of ours, in the order of [`STORES`], with the certificates that lie beside it.
pub fn logins(file: &Secret, certificates: Option<&str>) -> Option<[Login; 3]> {
    let Databases { registry, offline_store, online_store } = Databases::read(file)?;
    let login = |database| login(database, certificates.unwrap_or_default());
    Some([login(offline_store)?, login(online_store)?, login(registry)?])
}

fn login(database: Database, certificates: &str) -> Option<Login> {
    let Database { store, schema } = database;
    let host = store.hosts.into_iter().next()?;
    Some(Login {
        host: host.name,
        port: host.port,
        database: store.database,
        schema,
        user: store.user,
        password: store.password,
        sslmode: match store.tls {
            TlsMode::Disable => SslMode::Disable,
            TlsMode::Prefer => SslMode::Prefer,
            TlsMode::Require => SslMode::Require,
            TlsMode::VerifyCa { .. } => SslMode::VerifyCa(certificates.to_owned()),
            TlsMode::VerifyFull { .. } => SslMode::VerifyFull(certificates.to_owned()),
        },
    })
}

#[cfg(test)]
mod tests {
    use feast::{FeatureStore, Host};

    use super::*;

    #[test]
    fn a_login_asks_of_tls_what_the_file_does() {
        let ca = || "/feast/ca.crt".to_owned();
        for (tls, sslmode) in [
            (TlsMode::Disable, SslMode::Disable),
            (TlsMode::Prefer, SslMode::Prefer),
            (TlsMode::Require, SslMode::Require),
            (TlsMode::VerifyCa { ca: ca() }, SslMode::VerifyCa("PEM".to_owned())),
            (TlsMode::VerifyFull { ca: ca() }, SslMode::VerifyFull("PEM".to_owned())),
        ] {
            let store = |name: &str| feast::Store {
                hosts: vec![Host { name: name.to_owned(), port: 5433 }],
                database: name.to_owned(),
                user: "u".to_owned(),
                password: "p".into(),
                tls: tls.clone(),
            };
            let file = FeatureStore::new(store("r"), store("off"), store("on")).render().unwrap();
            let logins = logins(&file, Some("PEM")).unwrap();
            assert_eq!(logins.each_ref().map(|login| login.host.as_str()), ["off", "on", "r"]);
            assert!(logins.iter().all(|login| login.sslmode == sslmode), "{sslmode:?}");
            assert!(logins.iter().all(|login| login.port == 5433 && login.schema == "public"));
        }
        assert_eq!(logins(&"project: x".into(), None), None);
    }
}
