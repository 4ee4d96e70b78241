//! Where a database is, and who to be there.

use charm::Secret;

/// Where a database is, and who to be there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    /// The name of a host or its address, an IPv6 address without brackets.
    pub host: String,
    /// Never 0.
    pub port: u16,
    /// The name of the database.
    pub database: String,
    /// The schema whose tables are looked at.
    pub schema: String,
    /// Who to be.
    pub user: String,
    /// As it is, not encoded in any way.
    pub password: Secret,
    /// What is asked of TLS.
    pub sslmode: SslMode,
}

/// What is asked of TLS, with libpq's meaning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SslMode {
    /// No TLS, even where the server has it.
    Disable,
    /// TLS, and else none.
    Prefer,
    /// TLS, with whomever.
    Require,
    /// TLS, with any server that the certificates (in PEM) vouch for.
    VerifyCa(String),
    /// TLS, with the server that the certificates (in PEM) vouch for by its name.
    VerifyFull(String),
}

impl SslMode {
    /// libpq's word for it.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Disable => "disable",
            Self::Prefer => "prefer",
            Self::Require => "require",
            Self::VerifyCa(_) => "verify-ca",
            Self::VerifyFull(_) => "verify-full",
        }
    }
}
