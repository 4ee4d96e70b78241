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
        /// The certificates to check it with, in PEM.
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
            Some("true") => match ca {
                Some(ca) if !ca.contains("-----BEGIN CERTIFICATE-----") => {
                    Err(Error::invalid("tls-ca", "has no certificate in PEM"))
                }
                ca => Ok(Self::On { ca: ca.map(ToOwned::to_owned) }),
            },
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
mod tests {
    use charm::SecretContent;

    use super::*;
    use crate::postgresql_client::{Answer, tls_secret, user_secret};

    const PEM: &str = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----";

    /// A provider's answer in which nothing is wrong.
    fn everything(tls: &Tls) -> (Databag, BTreeMap<String, SecretAnswer>) {
        let endpoints = Endpoints::only("pg-primary", 5432);
        let answer = Answer {
            endpoints: endpoints.clone(),
            read_only_endpoints: endpoints.clone(),
            database: "registry".to_owned(),
            version: "14.20".to_owned(),
            secret_user: "secret:user".to_owned(),
            secret_tls: "secret:tls".to_owned(),
        };
        let user =
            user_secret("relation_id_12", &"hunter2".into(), &endpoints, &endpoints, "registry");
        let secrets = BTreeMap::from([
            ("secret:user".to_owned(), SecretAnswer::Content(user)),
            ("secret:tls".to_owned(), SecretAnswer::Content(tls_secret(tls))),
        ]);
        (answer.databag(&Databag::new()), secrets)
    }

    fn connection(tls: Tls) -> Connection {
        Connection {
            endpoints: Endpoints::only("pg-primary", 5432),
            database: "registry".to_owned(),
            username: "relation_id_12".to_owned(),
            password: "hunter2".into(),
            tls,
        }
    }

    fn content(pairs: &[(&str, &str)]) -> SecretAnswer {
        let content: SecretContent =
            pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).into())).collect();
        SecretAnswer::Content(content)
    }

    #[test]
    fn an_answer_reads_back() {
        for tls in [Tls::Off, Tls::On { ca: None }, Tls::On { ca: Some(PEM.to_owned()) }] {
            let (remote, secrets) = everything(&tls);
            assert_eq!(Connection::read(&remote, &secrets, None), Ok(Some(connection(tls))));
        }
    }

    #[test]
    fn every_field_is_needed_that_a_connection_is_made_of() {
        let (whole, secrets) = everything(&Tls::Off);
        for key in ["endpoints", "database", "secret-user"] {
            let mut remote = whole.clone();
            remote.insert(key, "");
            assert_eq!(Connection::read(&remote, &secrets, None), Ok(None), "{key}");
        }
        for pairs in [[("username", "u")], [("password", "p")], [("username", "")]] {
            let mut secrets = secrets.clone();
            secrets.insert("secret:user".to_owned(), content(&pairs));
            assert_eq!(Connection::read(&whole, &secrets, None), Ok(None));
        }
        assert_eq!(Connection::read(&Databag::new(), &secrets, None), Ok(None));
    }

    #[test]
    fn data_version_read_only_endpoints_and_tls_are_not_needed() {
        let (mut remote, secrets) = everything(&Tls::Off);
        for key in ["data", "version", "read-only-endpoints", "secret-tls"] {
            remote.insert(key, "");
        }
        assert_eq!(Connection::read(&remote, &secrets, None), Ok(Some(connection(Tls::Off))));
    }

    #[test]
    fn a_plain_field_counts_where_there_is_no_secret_field() {
        let remote = Databag::from([
            ("endpoints", "pg-primary:5432"),
            ("database", "registry"),
            ("username", "relation_id_12"),
            ("password", "hunter2"),
            ("tls", "true"),
        ]);
        let found = Connection::read(&remote, &BTreeMap::new(), None);
        assert_eq!(found, Ok(Some(connection(Tls::On { ca: None }))));

        let (mut remote, mut secrets) = everything(&Tls::Off);
        remote.insert("username", "plain");
        remote.insert("password", "hunter2");
        secrets.insert(
            "secret:user".to_owned(),
            content(&[("username", "relation_id_12"), ("password", "")]),
        );
        assert_eq!(Connection::read(&remote, &secrets, None), Ok(Some(connection(Tls::Off))));
    }

    #[test]
    fn a_secret_that_cannot_be_read_yet_is_waited_for() {
        for uri in ["secret:user", "secret:tls"] {
            for answer in [Some(SecretAnswer::Denied), Some(SecretAnswer::NotFound), None] {
                let (remote, mut secrets) = everything(&Tls::Off);
                secrets.remove(uri);
                secrets.extend(answer.map(|answer| (uri.to_owned(), answer)));
                assert_eq!(Connection::read(&remote, &secrets, None), Ok(None), "{uri}");
            }
        }
    }

    #[test]
    fn what_is_no_uri_of_a_secret_is_named_and_not_shown() {
        for (key, uri) in [("secret-user", "secret:user"), ("secret-tls", "secret:tls")] {
            let (remote, mut secrets) = everything(&Tls::Off);
            secrets.insert(uri.to_owned(), SecretAnswer::NotAUri);
            let error = Connection::read(&remote, &secrets, None).unwrap_err();
            assert_eq!(error.to_string(), format!("{key} is not the URI of a secret"));
        }
    }

    #[test]
    fn the_answered_database_is_the_one_that_counts() {
        let (mut remote, secrets) = everything(&Tls::Off);
        remote.insert("database", "another");
        let found = Connection::read(&remote, &secrets, None).unwrap().unwrap();
        assert_eq!(found.database, "another");
    }

    #[test]
    fn tls_is_read_in_any_case_and_an_empty_ca_is_none() {
        for (tls, found) in [
            ("True", Tls::On { ca: None }),
            ("true", Tls::On { ca: None }),
            ("FALSE", Tls::Off),
            ("", Tls::Off),
        ] {
            let (remote, mut secrets) = everything(&Tls::Off);
            secrets.insert("secret:tls".to_owned(), content(&[("tls", tls), ("tls-ca", "")]));
            assert_eq!(Connection::read(&remote, &secrets, None), Ok(Some(connection(found))));
        }
    }

    #[test]
    fn tls_that_makes_no_sense_is_named() {
        for (tls, ca, error) in [
            ("maybe", PEM, "tls is neither True nor False"),
            ("True", "hunter2", "tls-ca has no certificate in PEM"),
        ] {
            let (remote, mut secrets) = everything(&Tls::Off);
            secrets.insert("secret:tls".to_owned(), content(&[("tls", tls), ("tls-ca", ca)]));
            let found = Connection::read(&remote, &secrets, None).unwrap_err();
            assert_eq!(found.to_string(), error);
        }
    }

    #[test]
    fn a_nul_is_refused_by_the_name_of_its_field() {
        for (pairs, field) in [
            ([("username", "u\0"), ("password", "p")], "username"),
            ([("username", "u"), ("password", "\0p")], "password"),
        ] {
            let (remote, mut secrets) = everything(&Tls::Off);
            secrets.insert("secret:user".to_owned(), content(&pairs));
            let error = Connection::read(&remote, &secrets, None).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!("{field} has a NUL, which PostgreSQL cannot take")
            );
        }
    }

    #[test]
    fn endpoints_that_make_no_sense_are_an_error_only_in_a_full_answer() {
        let (mut remote, secrets) = everything(&Tls::Off);
        remote.insert("endpoints", "h1:notaport");
        assert!(Connection::read(&remote, &secrets, None).is_err());
        remote.insert("secret-user", "");
        assert_eq!(Connection::read(&remote, &secrets, None), Ok(None));
    }

    #[test]
    fn a_subordinated_provider_is_ready_when_one_of_its_units_is() {
        let (mut remote, secrets) = everything(&Tls::Off);
        remote.insert("subordinated", "true");
        let units = |state: &str| {
            BTreeMap::from([
                ("pg/0".to_owned(), Databag::new()),
                ("pg/1".to_owned(), Databag::from([("state", state)])),
            ])
        };
        assert_eq!(Connection::read(&remote, &secrets, None), Ok(None));
        assert_eq!(Connection::read(&remote, &secrets, Some(&units("starting"))), Ok(None));
        let found = Connection::read(&remote, &secrets, Some(&units("ready")));
        assert_eq!(found, Ok(Some(connection(Tls::Off))));
    }
}
