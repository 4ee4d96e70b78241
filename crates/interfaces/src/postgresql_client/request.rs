//! What the requirer asks for.

use charm::Databag;

use crate::{Error, python_json};

const DATABASE: &str = "database";
const REQUESTED_SECRETS: &str = "requested-secrets";
const PROVIDED_SECRETS: &str = "provided-secrets";
const SECRET_FIELDS: [&str; 6] =
    ["username", "password", "tls", "tls-ca", "uris", "read-only-uris"];

/// What the requirer asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The name of the database to be made.
    pub database: String,
    /// The fields that are to be sent in Juju secrets; every other one comes in plain.
    pub secret_fields: Vec<String>,
}

impl Request {
    /// Asks for a database, and for everything that must not be read by others in secrets.
    pub fn new(database: impl Into<String>) -> Self {
        Self {
            database: database.into(),
            secret_fields: SECRET_FIELDS.map(ToOwned::to_owned).to_vec(),
        }
    }

    /// What the requirer publishes on a relation on which it has not spoken yet.
    pub fn databag(&self) -> Databag {
        self.databag_after(&Databag::new())
    }

    /// What the requirer publishes on a relation on which it, or the charm that it was refreshed from, has already
    /// published `local`.
    ///
    /// A request cannot be taken back: the name of the database stays as it is, because a provider ignores a change or
    /// fails on it, and no field is taken from the list of secret ones, because the provider would send it in plain.
    pub fn databag_after(&self, local: &Databag) -> Databag {
        let Self { database, secret_fields } = self;
        let earlier = local.get(REQUESTED_SECRETS).unwrap_or_default();
        let fields = match serde_json::from_str::<Vec<String>>(earlier) {
            Err(_) => python_json::text(secret_fields),
            // A list that has all of ours keeps its bytes.
            Ok(known) if secret_fields.iter().all(|field| known.contains(field)) => {
                earlier.to_owned()
            }
            Ok(known) => {
                let others = known.iter().filter(|field| !secret_fields.contains(field));
                let fields: Vec<&String> = secret_fields.iter().chain(others).collect();
                python_json::text(&fields)
            }
        };
        Databag::from([
            (DATABASE, local.get(DATABASE).unwrap_or(database).to_owned()),
            (REQUESTED_SECRETS, fields),
            (
                PROVIDED_SECRETS,
                local.get(PROVIDED_SECRETS).unwrap_or(r#"["mtls-cert"]"#).to_owned(),
            ),
        ])
    }

    /// Reads what a requirer asks for. `Ok(None)` means that it asks for nothing, or not in this version.
    pub fn read(remote: &Databag) -> Result<Option<Self>, Error> {
        let Some(database) = remote.get(DATABASE) else { return Ok(None) };
        let secret_fields = match remote.get(REQUESTED_SECRETS) {
            None => Vec::new(),
            Some(text) => serde_json::from_str(text)
                .map_err(|_| Error::invalid(REQUESTED_SECRETS, "is not a JSON array of strings"))?,
        };
        if database.chars().any(char::is_control) {
            return Err(Error::invalid(DATABASE, "has a control character"));
        }
        Ok(Some(Self { database: database.to_owned(), secret_fields }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIX: &str = r#"["username", "password", "tls", "tls-ca", "uris", "read-only-uris"]"#;

    #[test]
    fn a_request_lists_its_secret_fields_beside_the_database_and_reads_back() {
        let request = Request::new("registry");
        let bag = request.databag();
        assert_eq!(
            bag,
            Databag::from([
                ("database", "registry"),
                ("requested-secrets", SIX),
                ("provided-secrets", r#"["mtls-cert"]"#),
            ])
        );
        assert_eq!(Request::read(&bag), Ok(Some(request)));
    }

    #[test]
    fn a_request_never_speaks_version_1() {
        let bag = Request::new("registry").databag();
        assert!(bag.get("version").is_none() && bag.get("requests").is_none());
        let v1 = Databag::from([("version", "v1"), ("requests", "[]")]);
        assert_eq!(Request::read(&v1), Ok(None));
    }

    #[test]
    fn what_the_python_charm_asked_for_is_left_as_it_is() {
        let python = Databag::from([
            ("database", "registry"),
            ("requested-secrets", SIX),
            ("provided-secrets", r#"["mtls-chain"]"#),
        ]);
        assert_eq!(Request::new("registry").databag_after(&python), python);
    }

    #[test]
    fn the_database_once_asked_for_does_not_change() {
        let local = Databag::from([("database", "other")]);
        let bag = Request::new("registry").databag_after(&local);
        assert_eq!(bag.get("database"), Some("other"));
    }

    #[test]
    fn the_list_of_secret_fields_never_shrinks() {
        for (earlier, later) in [
            (
                r#"["entity-name", "username"]"#,
                r#"["username", "password", "tls", "tls-ca", "uris", "read-only-uris", "entity-name"]"#,
            ),
            ("not JSON", SIX),
            ("{}", SIX),
            (r#"["username"]"#, SIX),
        ] {
            let local = Databag::from([("requested-secrets", earlier)]);
            let bag = Request::new("registry").databag_after(&local);
            assert_eq!(bag.get("requested-secrets"), Some(later));
            assert_eq!(Request::new("registry").databag_after(&bag), bag);
        }
        let more =
            r#"["username","password","tls","tls-ca","uris","read-only-uris","entity-name"]"#;
        let local = Databag::from([("requested-secrets", more)]);
        let bag = Request::new("registry").databag_after(&local);
        assert_eq!(bag.get("requested-secrets"), Some(more));
    }

    #[test]
    fn a_request_that_makes_no_sense_is_named() {
        let bag = Databag::from([("database", "a"), ("requested-secrets", "username")]);
        assert_eq!(
            Request::read(&bag).unwrap_err().to_string(),
            "requested-secrets is not a JSON array of strings"
        );
        let error = Request::read(&Databag::from([("database", "a\nb")])).unwrap_err();
        assert_eq!(error.to_string(), "database has a control character");
        assert_eq!(Request::read(&Databag::new()), Ok(None));
    }
}
