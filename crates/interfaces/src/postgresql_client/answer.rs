//! What the provider answers.

use charm::{Databag, Secret, SecretContent};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{Endpoints, Tls};
use crate::python_json;

/// Everything that could end a part of a URL.
const URL_PART: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What the provider answers in its application databag. Who may connect is in the secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Where to write.
    pub endpoints: Endpoints,
    /// Where to read.
    pub read_only_endpoints: Endpoints,
    /// The database that was made.
    pub database: String,
    /// The version of the server, such as `14.20`.
    pub version: String,
    /// The URI of the secret with the content of [`user_secret`].
    pub secret_user: String,
    /// The URI of the secret with the content of [`tls_secret`].
    pub secret_tls: String,
}

impl Answer {
    /// What the provider publishes in answer to `request`, the databag of the requirer, which it repeats as `data`.
    pub fn databag(&self, request: &Databag) -> Databag {
        let Self { endpoints, read_only_endpoints, database, version, secret_user, secret_tls } =
            self;
        let seen: serde_json::Map<String, serde_json::Value> = request
            .iter()
            .filter(|(key, _)| *key != "data")
            .map(|(key, value)| (key.to_owned(), value.into()))
            .collect();
        Databag::from([
            ("data", python_json::text(&seen)),
            ("database", database.clone()),
            ("endpoints", endpoints.to_string()),
            ("read-only-endpoints", read_only_endpoints.to_string()),
            ("secret-tls", secret_tls.clone()),
            ("secret-user", secret_user.clone()),
            ("version", version.clone()),
        ])
    }
}

/// The content of the secret that `secret-user` names: who may connect, and the same as URLs.
pub fn user_secret(
    username: &str,
    password: &Secret,
    endpoints: &Endpoints,
    read_only_endpoints: &Endpoints,
    database: &str,
) -> SecretContent {
    let encode = |text: &str| utf8_percent_encode(text, URL_PART).to_string();
    let url = |endpoints: &Endpoints| {
        let (user, password) = (encode(username), encode(password.reveal()));
        format!("postgresql://{user}:{password}@{endpoints}/{}", encode(database))
    };
    SecretContent::from([
        ("password".to_owned(), password.clone()),
        ("read-only-uris".to_owned(), url(read_only_endpoints).into()),
        ("uris".to_owned(), url(endpoints).into()),
        ("username".to_owned(), username.into()),
    ])
}

/// The content of the secret that `secret-tls` names.
pub fn tls_secret(tls: &Tls) -> SecretContent {
    let (word, ca) = match tls {
        Tls::Off => ("False", None),
        Tls::On { ca } => ("True", ca.as_deref()),
    };
    let ca = ca.map(|ca| ("tls-ca".to_owned(), ca.into()));
    [("tls".to_owned(), word.into())].into_iter().chain(ca).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_has_the_keys_of_the_real_provider() {
        let answer = Answer {
            endpoints: Endpoints::only("pg-primary.kubeflow.svc.cluster.local", 5432),
            read_only_endpoints: Endpoints::only("pg-replicas.kubeflow.svc.cluster.local", 5432),
            database: "registry".to_owned(),
            version: "14.20".to_owned(),
            secret_user: "secret:d2fjn1fmp25004or68b0".to_owned(),
            secret_tls: "secret:d2fjn2fmp25004or68bg".to_owned(),
        };
        let request =
            Databag::from([("database", "registry"), ("requested-secrets", r#"["tls"]"#)]);
        let bag = answer.databag(&request);
        let lines: Vec<String> = bag.iter().map(|(key, value)| format!("{key}: {value}")).collect();
        insta::assert_snapshot!(lines.join("\n"), @r#"
        data: {"database": "registry", "requested-secrets": "[\"tls\"]"}
        database: registry
        endpoints: pg-primary.kubeflow.svc.cluster.local:5432
        read-only-endpoints: pg-replicas.kubeflow.svc.cluster.local:5432
        secret-tls: secret:d2fjn2fmp25004or68bg
        secret-user: secret:d2fjn1fmp25004or68b0
        version: 14.20
        "#);
    }

    #[test]
    fn a_password_cannot_change_the_meaning_of_a_url() {
        let endpoints = Endpoints::only("::1", 5432);
        let content = user_secret(
            "relation_id_12",
            &"p@ss/w:rd#%".into(),
            &endpoints,
            &endpoints,
            "registry",
        );
        assert_eq!(content["password"].reveal(), "p@ss/w:rd#%");
        assert_eq!(
            content["uris"].reveal(),
            "postgresql://relation_id_12:p%40ss%2Fw%3Ard%23%25@[::1]:5432/registry"
        );
    }

    #[test]
    fn a_ca_is_only_there_with_tls() {
        let text = |tls: &Tls| -> Vec<String> {
            tls_secret(tls).iter().map(|(key, value)| format!("{key}={}", value.reveal())).collect()
        };
        assert_eq!(text(&Tls::Off), ["tls=False"]);
        assert_eq!(text(&Tls::On { ca: None }), ["tls=True"]);
        assert_eq!(text(&Tls::On { ca: Some("PEM".to_owned()) }), ["tls=True", "tls-ca=PEM"]);
    }
}
