//! What the requirer makes of the provider's answer.

use std::collections::BTreeMap;

use charm::{Databag, Secret, SecretAnswer};

use super::Endpoints;
use crate::Error;

/// How to connect to the database that was asked for. It is usable as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// Where to write.
    pub endpoints: Endpoints,
    /// The database that was made, which need not be the one that was asked for.
    pub database: String,
    /// Who to be.
    pub username: String,
    /// As it is, not percent-encoded.
    pub password: Secret,
    /// Whether the server speaks TLS.
    pub tls: Tls,
}

/// Whether the server speaks TLS.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Tls {
    /// It does not, or does not say.
    #[default]
    Off,
    /// It takes nothing else.
    On {
        /// The certificates to check it with, in PEM. What is no certificate counts as none: the connection is
        /// encrypted all the same.
        ca: Option<String>,
    },
}

impl Connection {
    /// Reads the provider's answer. `Ok(None)` means that it has not answered in full yet, or that a secret of its
    /// cannot be read (yet).
    ///
    /// `secrets` holds the answers by URI as it stands in the databag. `units` are the databags of the provider's units,
    /// which matter only to a provider that says `subordinated`: it is ready when one of them is. A plain field counts
    /// where the secret of its group has none.
    pub fn read(
        remote: &Databag,
        secrets: &BTreeMap<String, SecretAnswer>,
        units: Option<&BTreeMap<String, Databag>>,
    ) -> Result<Option<Self>, Error> {
        let fields = Fields { remote, secrets };
        let (user, tls) = (fields.group("secret-user")?, fields.group("secret-tls")?);
        let (Some(user), Some(tls)) = (user, tls) else { return Ok(None) };
        let (Some(endpoints), Some(database), Some(username), Some(password)) = (
            remote.get("endpoints"),
            remote.get("database"),
            fields.find(user, "username"),
            fields.find(user, "password"),
        ) else {
            return Ok(None);
        };
        let ready = |unit: &Databag| unit.get("state") == Some("ready");
        let subordinated = remote.get("subordinated") == Some("true");
        if subordinated && !units.is_some_and(|units| units.values().any(ready)) {
            return Ok(None);
        }
        for (field, text) in
            [("database", database), ("username", username), ("password", password)]
        {
            if text.contains('\0') {
                return Err(Error::invalid(field, "has a NUL, which PostgreSQL cannot take"));
            }
        }
        Ok(Some(Self {
            endpoints: Endpoints::read("endpoints", endpoints)?,
            database: database.to_owned(),
            username: username.to_owned(),
            password: password.into(),
            tls: Tls::read(fields.find(tls, "tls"), fields.find(tls, "tls-ca"))?,
        }))
    }
}

impl Tls {
    fn read(tls: Option<&str>, ca: Option<&str>) -> Result<Self, Error> {
        match tls.map(str::to_ascii_lowercase).as_deref() {
            None | Some("false") => Ok(Self::Off),
            Some("true") => {
                let ca = ca.filter(|ca| ca.contains("-----BEGIN CERTIFICATE-----"));
                Ok(Self::On { ca: ca.map(ToOwned::to_owned) })
            }
            Some(_) => Err(Error::invalid("tls", "is neither True nor False")),
        }
    }
}

/// The fields of an answer, wherever they are.
struct Fields<'a> {
    remote: &'a Databag,
    secrets: &'a BTreeMap<String, SecretAnswer>,
}

/// The secret of a group of fields, where there is one.
type Group<'a> = Option<&'a BTreeMap<String, Secret>>;

impl<'a> Fields<'a> {
    /// `None` where there is a secret and it cannot be read (yet).
    fn group(&self, key: &'static str) -> Result<Option<Group<'a>>, Error> {
        let Some(uri) = self.remote.get(key) else { return Ok(Some(None)) };
        match self.secrets.get(uri) {
            Some(SecretAnswer::Content(content)) => Ok(Some(Some(content))),
            Some(SecretAnswer::NotAUri) => Err(Error::invalid(key, "is not the URI of a secret")),
            None | Some(SecretAnswer::Denied | SecretAnswer::NotFound) => Ok(None),
        }
    }

    fn find(&self, group: Group<'a>, field: &str) -> Option<&'a str> {
        group
            .and_then(|content| content.get(field))
            .map(Secret::reveal)
            .filter(|text| !text.is_empty())
            .or_else(|| self.remote.get(field))
    }
}

#[cfg(test)]
mod tests;
