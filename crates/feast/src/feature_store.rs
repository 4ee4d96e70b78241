//! Three PostgreSQL databases as one feature store, and the file that tells Feast about them.

use std::borrow::Cow;
use std::num::NonZeroU16;

use charm::Secret;

use crate::node::Node;
use crate::{Extra, url};

/// A feature store on three PostgreSQL databases.
#[derive(Clone, Debug, PartialEq)]
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
    /// How old definitions may be before they are read again, in seconds; 0 means for ever.
    pub registry_cache_ttl: u32,
    /// How long to wait for the registry's server, in seconds. The other stores take the time from the environment
    /// variable `PGCONNECT_TIMEOUT` alone.
    pub connect_timeout: NonZeroU16,
    /// How many connections to the online store one process has at most; Feast's own choice where it is none.
    pub pool_size: Option<NonZeroU16>,
    /// What else the file is to say.
    pub extra: Extra,
}

/// The Python charms' choice, in seconds.
pub const REGISTRY_CACHE_TTL: u32 = 60;

/// Without it a client waits for two minutes. In seconds.
pub const CONNECT_TIMEOUT: NonZeroU16 = NonZeroU16::new(10).unwrap();

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
    /// No TLS, even where the server has it.
    Disable,
    /// TLS where the server has it.
    #[default]
    Prefer,
    /// TLS, with whomever.
    Require,
    /// TLS, with any server that the certificates vouch for.
    VerifyCa {
        /// The absolute path of the certificates, in PEM, wherever the file is used.
        ca: String,
    },
    /// TLS, with the server that the certificates vouch for by its name.
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
    pub reason: Cow<'static, str>,
}

impl TlsMode {
    /// libpq's word for it.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Disable => "disable",
            Self::Prefer => "prefer",
            Self::Require => "require",
            Self::VerifyCa { .. } => "verify-ca",
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
            registry_cache_ttl: REGISTRY_CACHE_TTL,
            connect_timeout: CONNECT_TIMEOUT,
            pool_size: None,
            extra: Extra::default(),
        }
    }

    /// The text of `feature_store.yaml`, all ASCII.
    ///
    /// Fails by the name of the field for a value that Feast or PostgreSQL cannot take.
    pub fn render(&self) -> Result<Secret, Error> {
        let Self {
            project,
            registry,
            offline_store,
            online_store,
            entity_keys,
            registry_cache_ttl,
            connect_timeout,
            pool_size,
            extra,
        } = self;
        check_project(project)?;
        for (name, store) in [
            ("registry", registry),
            ("offline_store", offline_store),
            ("online_store", online_store),
        ] {
            store.check(name)?;
        }
        let mut online = online_store.entries();
        // Its single connection would not come back after the server was restarted.
        online.push(("conn_type".to_owned(), Node::word("pool")));
        online.extend(pool_size.map(|size| ("max_conn".to_owned(), Node::word(&size))));
        let version = match entity_keys {
            EntityKeys::Version2 => 2,
            EntityKeys::Version3 => 3,
        };
        let registry = Node::mapping([
            ("registry_type", Node::word("sql")),
            ("path", Node::text(url::registry(registry, *connect_timeout))),
            ("cache_ttl_seconds", Node::word(&registry_cache_ttl)),
            (
                "sqlalchemy_config_kwargs",
                Node::mapping([("echo", Node::word(&false)), ("pool_pre_ping", Node::word(&true))]),
            ),
        ]);
        let mut file: Vec<(String, Node)> = [
            ("project", Node::text(project)),
            ("registry", registry),
            ("provider", Node::word("local")),
            ("offline_store", Node::Mapping(offline_store.entries())),
            ("online_store", Node::Mapping(online)),
            ("entity_key_serialization_version", Node::word(&version)),
        ]
        .map(|(key, value)| (key.to_owned(), value))
        .into();
        extra.merge_into(&mut file)?;
        Ok(Secret::new(Node::document(&file)))
    }
}

impl Store {
    fn check(&self, name: &str) -> Result<(), Error> {
        let Self { hosts, database, user, password, tls } = self;
        let refuse = |field: &str, reason: &'static str| {
            Err(Error { field: format!("{name}.{field}"), reason: reason.into() })
        };
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

    fn entries(&self) -> Vec<(String, Node)> {
        let Self { hosts, database, user, password, tls } = self;
        let port = hosts.first().map_or(0, |host| host.port);
        let names: Vec<&str> =
            hosts.iter().filter(|host| host.port == port).map(|host| host.name.as_str()).collect();
        let entries = [
            ("type", Node::word("postgres")),
            ("host", Node::text(names.join(","))),
            ("port", Node::word(&port)),
            ("database", Node::text(database)),
            ("db_schema", Node::text("public")),
            ("user", Node::text(user)),
            ("password", Node::text(password.reveal())),
            ("sslmode", Node::word(tls.word())),
        ];
        entries
            .into_iter()
            .chain(tls.ca().map(|ca| ("sslrootcert_path", Node::text(ca))))
            .map(|(key, value)| (key.to_owned(), value))
            .collect()
    }
}

impl TlsMode {
    /// The mode of this word; `ca` is asked for where one is needed.
    pub(crate) fn read(word: &str, ca: impl FnOnce() -> Option<String>) -> Option<Self> {
        Some(match word {
            "disable" => Self::Disable,
            "prefer" => Self::Prefer,
            "require" => Self::Require,
            "verify-ca" => Self::VerifyCa { ca: ca()? },
            "verify-full" => Self::VerifyFull { ca: ca()? },
            _ => return None,
        })
    }

    pub(crate) fn ca(&self) -> Option<&str> {
        match self {
            Self::Disable | Self::Prefer | Self::Require => None,
            Self::VerifyCa { ca } | Self::VerifyFull { ca } => Some(ca),
        }
    }
}

/// Whether a project can have this name: what both Feast's own rule, in all its versions, and PostgreSQL's names of
/// tables can take. The error names the field `project`.
pub fn check_project(project: &str) -> Result<(), Error> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    if project.bytes().all(plain) && project.as_bytes().first().is_some_and(|first| *first != b'_')
    {
        Ok(())
    } else {
        Err(Error {
            field: "project".to_owned(),
            reason: "is not ASCII letters, digits and underscores, the first no underscore".into(),
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
