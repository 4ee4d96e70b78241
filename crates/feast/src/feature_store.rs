//! Three PostgreSQL databases as one feature store, and the file that tells Feast about them.

use charm::Secret;

use crate::{scalar::quoted, url};

/// A feature store on three PostgreSQL databases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeatureStore {
    /// The name of the project, which is also a part of the names of its tables.
    pub project: String,
    /// Where definitions are.
    pub registry: Store,
    /// Where historical features are.
    pub offline_store: Store,
    /// Where the latest features are.
    pub online_store: Store,
    /// How the online store's rows are found.
    pub entity_keys: EntityKeys,
}

/// One database, and how to reach it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Store {
    /// Where PostgreSQL listens, best first; at least one. A store other than the registry has one port for all its
    /// hosts, so there the hosts with the first one's port count.
    pub hosts: Vec<Host>,
    /// The name of the database.
    pub database: String,
    /// Who to be.
    pub user: String,
    /// As it is, not encoded in any way.
    pub password: Secret,
    /// What is asked of TLS.
    pub tls: TlsMode,
}

/// Where a PostgreSQL listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// The name of a host or its address, an IPv6 address without brackets.
    pub name: String,
    /// Never 0.
    pub port: u16,
}

/// What is asked of TLS: libpq's `sslmode`. It is always written, because Feast's own default has changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum TlsMode {
    /// TLS where the server has it.
    #[default]
    Prefer,
    /// TLS, with whomever.
    Require,
    /// TLS, with the server that the certificates vouch for.
    VerifyFull {
        /// The absolute path of the certificates, in PEM, wherever the file is used.
        ca: String,
    },
}

/// How Feast encodes the keys of entities: its `entity_key_serialization_version`.
///
/// What was written in one is not found in the other, so it must not change under a store that has rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EntityKeys {
    /// The Python charms' choice.
    #[default]
    Version2,
    /// What Feast wants new stores to have.
    Version3,
}

/// A value that cannot be in the file. It names the field, never the value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field} {reason}")]
pub struct Error {
    /// The field, such as `registry.password`.
    pub field: String,
    /// What is wrong with it, to be read after its name.
    pub reason: &'static str,
}

impl TlsMode {
    /// libpq's word for it.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Prefer => "prefer",
            Self::Require => "require",
            Self::VerifyFull { .. } => "verify-full",
        }
    }
}

impl FeatureStore {
    /// A feature store under the name and with the keys that the Python charms gave it.
    pub fn new(registry: Store, offline_store: Store, online_store: Store) -> Self {
        Self {
            project: "feast_project".to_owned(),
            registry,
            offline_store,
            online_store,
            entity_keys: EntityKeys::default(),
        }
    }

    /// The text of `feature_store.yaml`, all ASCII.
    ///
    /// Fails by the name of the field for a value that Feast or PostgreSQL cannot take.
    pub fn render(&self) -> Result<Secret, Error> {
        let Self { project, registry, offline_store, online_store, entity_keys } = self;
        check_project(project)?;
        for (name, store) in [
            ("registry", registry),
            ("offline_store", offline_store),
            ("online_store", online_store),
        ] {
            store.check(name)?;
        }
        let mut lines = vec![
            format!("project: {}", quoted(project)),
            "registry:".to_owned(),
            "  registry_type: sql".to_owned(),
            format!("  path: {}", quoted(&url::registry(registry))),
            "  cache_ttl_seconds: 60".to_owned(),
            "  sqlalchemy_config_kwargs:".to_owned(),
            "    echo: false".to_owned(),
            "    pool_pre_ping: true".to_owned(),
            "provider: local".to_owned(),
            "offline_store:".to_owned(),
        ];
        lines.extend(offline_store.lines());
        lines.push("online_store:".to_owned());
        lines.extend(online_store.lines());
        // Its single connection would not come back after the server was restarted.
        lines.push("  conn_type: pool".to_owned());
        let version = match entity_keys {
            EntityKeys::Version2 => 2,
            EntityKeys::Version3 => 3,
        };
        lines.push(format!("entity_key_serialization_version: {version}"));
        lines.push(String::new());
        Ok(Secret::new(lines.join("\n")))
    }
}

impl Store {
    fn check(&self, name: &str) -> Result<(), Error> {
        let Self { hosts, database, user, password, tls } = self;
        let refuse = |field: &str, reason| Err(Error { field: format!("{name}.{field}"), reason });
        if hosts.is_empty() {
            return refuse("host", "is missing");
        }
        for Host { name, port } in hosts {
            if !is_host(name) {
                return refuse("host", "is not the name of a host or its address");
            }
            if *port == 0 {
                return refuse("port", "is not a port from 1 to 65535");
            }
        }
        let texts = [("database", database), ("user", user)]
            .map(|(field, text)| (field, text.as_str()))
            .into_iter()
            .chain([("password", password.reveal())])
            .chain(tls.ca().map(|ca| ("sslrootcert_path", ca)));
        for (field, text) in texts {
            if text.is_empty() {
                return refuse(field, "is empty");
            }
            if text.contains('\0') {
                return refuse(field, "has a NUL, which PostgreSQL cannot take");
            }
        }
        Ok(())
    }

    fn lines(&self) -> Vec<String> {
        let Self { hosts, database, user, password, tls } = self;
        let port = hosts.first().map_or(0, |host| host.port);
        let names: Vec<&str> =
            hosts.iter().filter(|host| host.port == port).map(|host| host.name.as_str()).collect();
        let mut lines = vec![
            "  type: postgres".to_owned(),
            format!("  host: {}", quoted(&names.join(","))),
            format!("  port: {port}"),
            format!("  database: {}", quoted(database)),
            "  db_schema: \"public\"".to_owned(),
            format!("  user: {}", quoted(user)),
            format!("  password: {}", quoted(password.reveal())),
            format!("  sslmode: {}", tls.word()),
        ];
        lines.extend(tls.ca().map(|ca| format!("  sslrootcert_path: {}", quoted(ca))));
        lines
    }
}

impl TlsMode {
    fn ca(&self) -> Option<&str> {
        match self {
            Self::Prefer | Self::Require => None,
            Self::VerifyFull { ca } => Some(ca),
        }
    }
}

/// What both Feast's own rule, in all its versions, and PostgreSQL's names of tables can take.
fn check_project(project: &str) -> Result<(), Error> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    if project.bytes().all(plain) && project.as_bytes().first().is_some_and(|first| *first != b'_')
    {
        Ok(())
    } else {
        Err(Error {
            field: "project".to_owned(),
            reason: "is not ASCII letters, digits and underscores, the first no underscore",
        })
    }
}

/// A host ends up in a URL and in a comma list, and one that begins with a slash is a Unix socket to libpq.
fn is_host(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    !name.is_empty() && name.bytes().all(plain) || name.parse::<std::net::Ipv6Addr>().is_ok()
}

#[cfg(test)]
mod tests;
