//! What the provider answers.

use charm::{Databag, Secret, SecretContent};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{Endpoints, Request, Tls};
use crate::python_json;

/// Everything that could end a part of a URL.
const URL_PART: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What the provider answers in its application databag.
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
    /// Who may connect, with the content of [`user_secret`].
    pub user: Group,
    /// Whether the server speaks TLS, with the content of [`tls_secret`].
    pub tls: Group,
}

/// Fields that go together, and the secret that holds them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The URI of the secret.
    pub uri: String,
    /// Its content.
    pub content: SecretContent,
}

impl Answer {
    /// What the provider publishes in answer to `request`, which stands in `remote`, the databag of the requirer. The
    /// provider repeats all of that as `data`.
    ///
    /// As with the real provider, a field that was not asked for in a secret is published in plain, and a secret of
    /// which no field was asked for is not named.
    pub fn databag(&self, request: &Request, remote: &Databag) -> Databag {
        let Self { endpoints, read_only_endpoints, database, version, user, tls } = self;
        let seen: serde_json::Map<String, serde_json::Value> = remote
            .iter()
            .filter(|(key, _)| *key != "data")
            .map(|(key, value)| (key.to_owned(), value.into()))
            .collect();
        let mut bag = Databag::from([
            ("data", python_json::text(&seen)),
            ("database", database.clone()),
            ("endpoints", endpoints.to_string()),
            ("read-only-endpoints", read_only_endpoints.to_string()),
            ("version", version.clone()),
        ]);
        for (key, Group { uri, content }) in [("secret-user", user), ("secret-tls", tls)] {
            for (field, value) in content {
                if request.secret_fields.contains(field) {
                    bag.insert(key, uri);
                } else {
                    bag.insert(field, value.reveal());
                }
            }
        }
        bag
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

    fn answer() -> Answer {
        let endpoints = Endpoints::only("pg-primary.kubeflow.svc.cluster.local", 5432);
        let replicas = Endpoints::only("pg-replicas.kubeflow.svc.cluster.local", 5432);
        let user =
            user_secret("relation_id_12", &"hunter2".into(), &endpoints, &replicas, "registry");
        Answer {
            endpoints,
            read_only_endpoints: replicas,
            database: "registry".to_owned(),
            version: "14.20".to_owned(),
            user: Group { uri: "secret:d2fjn1fmp25004or68b0".to_owned(), content: user },
            tls: Group {
                uri: "secret:d2fjn2fmp25004or68bg".to_owned(),
                content: tls_secret(&Tls::Off),
            },
        }
    }

    fn lines(remote: &Databag) -> String {
        let request = Request::read(remote).unwrap().unwrap();
        let bag = answer().databag(&request, remote);
        let lines: Vec<String> = bag.iter().map(|(key, value)| format!("{key}: {value}")).collect();
        lines.join("\n")
    }

    #[test]
    fn an_answer_has_the_keys_of_the_real_provider() {
        insta::assert_snapshot!(lines(&Request::new("registry").databag()), @r#"
        data: {"database": "registry", "provided-secrets": "[\"mtls-cert\"]", "requested-secrets": "[\"username\", \"password\", \"tls\", \"tls-ca\", \"uris\", \"read-only-uris\"]"}
        database: registry
        endpoints: pg-primary.kubeflow.svc.cluster.local:5432
        read-only-endpoints: pg-replicas.kubeflow.svc.cluster.local:5432
        secret-tls: secret:d2fjn2fmp25004or68bg
        secret-user: secret:d2fjn1fmp25004or68b0
        version: 14.20
        "#);
    }

    #[test]
    fn what_is_not_asked_for_in_secrets_comes_in_plain() {
        insta::assert_snapshot!(lines(&Databag::from([("database", "registry")])), @r#"
        data: {"database": "registry"}
        database: registry
        endpoints: pg-primary.kubeflow.svc.cluster.local:5432
        password: hunter2
        read-only-endpoints: pg-replicas.kubeflow.svc.cluster.local:5432
        read-only-uris: postgresql://relation_id_12:hunter2@pg-replicas.kubeflow.svc.cluster.local:5432/registry
        tls: False
        uris: postgresql://relation_id_12:hunter2@pg-primary.kubeflow.svc.cluster.local:5432/registry
        username: relation_id_12
        version: 14.20
        "#);
        let fields = r#"["password", "uris", "read-only-uris"]"#;
        let some = lines(&Databag::from([("database", "registry"), ("requested-secrets", fields)]));
        assert!(some.contains("secret-user") && some.contains("\nusername"), "{some}");
        assert!(!some.contains("hunter2") && !some.contains("secret-tls"), "{some}");
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
