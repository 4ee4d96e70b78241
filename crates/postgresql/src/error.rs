//! Why a database cannot be reached or asked, in words for a person.

use std::error::Error as _;
use std::io;
use std::time::Duration;

use charm::Secret;
use tokio_postgres::error::SqlState;

/// Why a database cannot be reached or asked. It never shows a password, whatever a server says.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// There is no address.
    #[error("{host} has no address: {reason}")]
    Name {
        /// The name of the host.
        host: String,
        /// What the resolver says.
        reason: String,
    },
    /// No address takes a connection.
    #[error("nothing can be reached at {address}: {reason}")]
    Unreachable {
        /// The last address that was tried.
        address: String,
        /// What the system says.
        reason: String,
    },
    /// The time is up.
    #[error("no answer within {} s", .0.as_secs_f64())]
    Silent(Duration),
    /// The server has no TLS.
    #[error("the server does not offer TLS, which sslmode={0} asks for")]
    NoTls(&'static str),
    /// There is nothing to check a certificate with.
    #[error("sslmode={mode} needs the certificate of an authority: {reason}")]
    Authority {
        /// libpq's word.
        mode: &'static str,
        /// What is wrong with what there is.
        reason: String,
    },
    /// TLS could not be agreed on.
    #[error("TLS could not be agreed on: {0}")]
    Tls(String),
    /// The server says no.
    #[error("the server refuses: {message} (SQLSTATE {code})")]
    Refused {
        /// PostgreSQL's code of five characters.
        code: String,
        /// Its words.
        message: String,
    },
    /// The server hung up.
    #[error("the server closes the connection without a word")]
    Closed,
    /// It is another kind of server.
    #[error("what answers does not speak as PostgreSQL does: {0}")]
    Protocol(String),
}

impl Error {
    /// What `error` means after a connection was made by a user with this password.
    pub(crate) fn of(error: &tokio_postgres::Error, password: &Secret) -> Self {
        if let Some(refusal) = error.as_db_error() {
            let code = refusal.code().code().to_owned();
            let message = discreet(refusal.message().to_owned(), password);
            return Self::Refused { code, message };
        }
        let reset = |cause: &io::Error| {
            let closed = [io::ErrorKind::UnexpectedEof, io::ErrorKind::ConnectionReset];
            closed.contains(&cause.kind())
        };
        let cause = error.source().and_then(|cause| cause.downcast_ref::<io::Error>());
        if error.is_closed() || cause.is_some_and(reset) {
            return Self::Closed;
        }
        Self::Protocol(discreet(chain(error), password))
    }

    /// Whether the server says that a right is missing.
    pub fn is_missing_right(&self) -> bool {
        matches!(self, Self::Refused { code, .. } if code == SqlState::INSUFFICIENT_PRIVILEGE.code())
    }

    /// Whether the server says that there is no such table.
    pub fn is_missing_table(&self) -> bool {
        matches!(self, Self::Refused { code, .. } if code == SqlState::UNDEFINED_TABLE.code())
    }
}

/// An error with its causes.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

/// Who is given a password may repeat it.
fn discreet(text: String, password: &Secret) -> String {
    if !password.is_empty() && text.contains(password.reveal()) {
        "in words that hold the password, which are not shown".to_owned()
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_hold_the_password_are_not_shown() {
        let password = Secret::new("hunter2");
        assert!(!discreet("no hunter2 here".to_owned(), &password).contains("hunter2"));
        assert_eq!(discreet("no hunter3 here".to_owned(), &password), "no hunter3 here");
        assert_eq!(discreet("x".to_owned(), &Secret::default()), "x");
    }
}
