//! Answers, whole and damaged.

use charm::SecretContent;

use super::*;
use crate::postgresql_client::{Answer, Group, Request, tls_secret, user_secret};

const PEM: &str = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----";

/// Keys and values.
type Pairs<'a> = &'a [(&'a str, &'a str)];

/// A provider's answer in which nothing is wrong.
fn everything(tls: &Tls) -> (Databag, BTreeMap<String, SecretAnswer>) {
    let endpoints = Endpoints::only("pg-primary", 5432);
    let user = user_secret("relation_id_12", &"hunter2".into(), &endpoints, &endpoints, "registry");
    let user = Group { uri: "secret:user".to_owned(), content: user };
    let tls = Group { uri: "secret:tls".to_owned(), content: tls_secret(tls) };
    let secrets = [&user, &tls]
        .map(|Group { uri, content }| (uri.clone(), SecretAnswer::Content(content.clone())));
    let answer = Answer {
        endpoints: endpoints.clone(),
        read_only_endpoints: endpoints,
        database: "registry".to_owned(),
        version: "14.20".to_owned(),
        user,
        tls,
    };
    let request = Request::new("registry");
    (answer.databag(&request, &request.databag()), secrets.into())
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

fn content(pairs: Pairs<'_>) -> SecretAnswer {
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
    let (remote, mut secrets) = everything(&Tls::Off);
    secrets.insert("secret:tls".to_owned(), content(&[("tls", "maybe"), ("tls-ca", PEM)]));
    let found = Connection::read(&remote, &secrets, None).unwrap_err();
    assert_eq!(found.to_string(), "tls is neither True nor False");
}

#[test]
fn an_authority_without_a_certificate_keeps_nobody_from_the_database() {
    let (remote, mut secrets) = everything(&Tls::Off);
    secrets.insert(
        "secret:tls".to_owned(),
        content(&[("tls", "True"), ("tls-ca", "-----BEGIN-----")]),
    );
    let found = Connection::read(&remote, &secrets, None);
    assert_eq!(found, Ok(Some(connection(Tls::On { ca: None }))));
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
        assert_eq!(error.to_string(), format!("{field} has a NUL, which PostgreSQL cannot take"));
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

/// What providers of several years publish, before and after they have handled a request.
#[test]
fn every_generation_of_providers_is_understood() {
    let user = content(&[("username", "u"), ("password", "p")]);
    let secrets = |tls: Pairs<'_>| {
        BTreeMap::from([
            ("secret:user".to_owned(), user.clone()),
            ("secret:tls".to_owned(), content(tls)),
        ])
    };
    let secret_user = ("secret-user", "secret:user");
    let (secret_tls, database) = (("secret-tls", "secret:tls"), ("database", "registry"));
    let primary = ("endpoints", "pg-primary:5432");
    let data = ("data", r#"{"resource": "registry", "requested-secrets": ["username"]}"#);
    let version = |text| ("version", text);
    let with_ca = || Tls::On { ca: Some(PEM.to_owned()) };

    // PostgreSQL 14 of 2024, without TLS fields; 14 and 16 of today; a version 1 library; after TLS was switched off.
    let answers: [(Pairs<'_>, Pairs<'_>, &str, Tls); 5] = [
        (&[secret_user, primary, database, version("14.12")], &[], "pg-primary:5432", Tls::Off),
        (
            &[secret_user, secret_tls, primary, database, version("14.20")],
            &[("tls", "True"), ("tls-ca", PEM)],
            "pg-primary:5432",
            with_ca(),
        ),
        (
            &[
                secret_user,
                secret_tls,
                primary,
                database,
                data,
                ("resource", "registry"),
                ("salt", "x"),
            ],
            &[("tls", "false")],
            "pg-primary:5432",
            Tls::Off,
        ),
        (
            &[secret_user, secret_tls, primary, database, version("16.10")],
            &[("tls", "False"), ("tls-ca", "")],
            "pg-primary:5432",
            Tls::Off,
        ),
        (
            &[secret_user, ("endpoints", "10.0.0.11:31234,10.0.0.12:31234"), database],
            &[],
            "10.0.0.11:31234,10.0.0.12:31234",
            Tls::Off,
        ),
    ];
    for (remote, tls_secret, endpoints, tls) in answers {
        let remote: Databag = remote.iter().copied().collect();
        let found = Connection::read(&remote, &secrets(tls_secret), None).unwrap().unwrap();
        assert_eq!((found.endpoints.to_string().as_str(), &found.tls), (endpoints, &tls));
        assert_eq!((found.username.as_str(), found.password.reveal()), ("u", "p"));
    }

    let unanswered: [Pairs<'_>; 4] = [
        &[primary],
        &[("read-only-endpoints", "pg-replicas:5432")],
        &[data, database],
        &[("data", r#"{"version": "v1", "requests": "[...]"}"#)],
    ];
    for remote in unanswered {
        let remote: Databag = remote.iter().copied().collect();
        assert_eq!(Connection::read(&remote, &secrets(&[]), None), Ok(None));
    }
}
