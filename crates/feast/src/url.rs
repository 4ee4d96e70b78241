//! The registry's URL, as SQLAlchemy reads it.

use std::num::NonZeroU16;

use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::{Host, Store, TlsMode};

/// The driver that Feast has.
const SCHEME: &str = "postgresql+psycopg://";

/// `text` with everything but ASCII letters and digits percent-encoded, a blank as `%20`.
///
/// SQLAlchemy decodes these and nothing else (a `+` stays one), and Feast looks for `postgresql://` anywhere in a URL.
pub(crate) fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// The URL of a checked store. The time-out is in seconds.
///
/// It is written by hand because SQLAlchemy is not of one mind with the URL standard: it has forms for several hosts
/// that the standard does not know, and decodes the database's name in some versions only. The name therefore goes into
/// the query, which all versions decode, unless it is plain. Every part from outside is percent-encoded.
pub(crate) fn registry(store: &Store, connect_timeout: NonZeroU16) -> String {
    let Store { hosts, database, user, password, tls } = store;
    let mut query: Vec<(&str, String)> = Vec::new();
    let authority = if let [Host { name, port }] = hosts.as_slice() {
        if name.contains(':') { format!("[{name}]:{port}") } else { format!("{name}:{port}") }
    } else {
        let names: Vec<String> = hosts.iter().map(|host| encoded(&host.name)).collect();
        let ports: Vec<String> = hosts.iter().map(|host| host.port.to_string()).collect();
        query.push(("host", names.join(",")));
        query.push(("port", ports.join(",")));
        String::new()
    };
    let plain = database.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
    let path = if plain {
        database.as_str()
    } else {
        query.push(("dbname", encoded(database)));
        ""
    };
    query.push(("sslmode", tls.word().to_owned()));
    if let Some(ca) = tls.ca() {
        query.push(("sslrootcert", encoded(ca)));
    }
    query.push(("connect_timeout", connect_timeout.to_string()));
    let query: Vec<String> = query.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let (user, password) = (encoded(user), encoded(password.reveal()));
    format!("{SCHEME}{user}:{password}@{authority}/{path}?{}", query.join("&"))
}

/// The store of a URL that [`registry`] has written, for which it is the inverse.
pub(crate) fn read(url: &str) -> Option<Store> {
    let (login, rest) = url.strip_prefix(SCHEME)?.split_once('@')?;
    let (user, password) = login.split_once(':')?;
    let (authority, rest) = rest.split_once('/')?;
    let (path, query) = rest.split_once('?')?;
    let query: Vec<(&str, &str)> =
        query.split('&').map(|pair| pair.split_once('=')).collect::<Option<_>>()?;
    let find = |key| query.iter().find(|(known, _)| *known == key).map(|(_, value)| *value);
    let hosts = match (find("host"), find("port")) {
        (Some(hosts), Some(ports)) => hosts.split(',').zip(ports.split(',')).map(host).collect(),
        _ => authority.rsplit_once(':').map(|pair| host(pair).map(|host| vec![host]))?,
    };
    let ca = || find("sslrootcert").and_then(decoded);
    Some(Store {
        hosts: hosts?,
        database: decoded(find("dbname").unwrap_or(path))?,
        user: decoded(user)?,
        password: decoded(password)?.into(),
        tls: TlsMode::read(find("sslmode")?, ca)?,
    })
}

fn host((name, port): (&str, &str)) -> Option<Host> {
    let name = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    Some(Host { name: decoded(name)?, port: port.parse().ok()? })
}

fn decoded(text: &str) -> Option<String> {
    percent_decode_str(text).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}

/// The URL with something else in the place of the password; none where it is not one of ours.
pub(crate) fn redacted(url: &str, instead: &str) -> Option<String> {
    let (login, rest) = url.strip_prefix(SCHEME)?.split_once('@')?;
    let (user, _) = login.split_once(':')?;
    Some(format!("{SCHEME}{user}:{instead}@{rest}"))
}

#[cfg(test)]
mod tests {
    use ::url::Url;
    use percent_encoding::percent_decode_str;
    use proptest::prelude::*;

    use super::*;
    use crate::{CONNECT_TIMEOUT, TlsMode};

    fn registry(store: &Store) -> String {
        super::registry(store, CONNECT_TIMEOUT)
    }

    fn store(hosts: &[(&str, u16)]) -> Store {
        Store {
            hosts: hosts
                .iter()
                .map(|(name, port)| Host { name: (*name).to_owned(), port: *port })
                .collect(),
            database: "registry".to_owned(),
            user: "relation_id_12".to_owned(),
            password: "p@ss/w:rd#% +".into(),
            tls: TlsMode::Prefer,
        }
    }

    #[test]
    fn user_and_password_are_percent_encoded() {
        insta::assert_snapshot!(
            registry(&store(&[("pg-primary.kubeflow.svc.cluster.local", 5432)])),
            @"postgresql+psycopg://relation%5Fid%5F12:p%40ss%2Fw%3Ard%23%25%20%2B@pg-primary.kubeflow.svc.cluster.local:5432/registry?sslmode=prefer&connect_timeout=10"
        );
    }

    #[test]
    fn an_ipv6_address_is_in_brackets() {
        let url = registry(&store(&[("::1", 5433)]));
        assert!(url.contains("@[::1]:5433/registry?sslmode="), "{url}");
    }

    #[test]
    fn several_hosts_are_in_the_query() {
        let url = registry(&store(&[("pg-0", 31234), ("fd00::1", 5432)]));
        let end =
            "@/registry?host=pg%2D0,fd00%3A%3A1&port=31234,5432&sslmode=prefer&connect_timeout=10";
        assert!(url.ends_with(end), "{url}");
    }

    #[test]
    fn a_name_of_a_database_that_is_not_plain_is_in_the_query() {
        let url = registry(&Store { database: "a/b ?%41".to_owned(), ..store(&[("h", 1)]) });
        assert!(
            url.ends_with("@h:1/?dbname=a%2Fb%20%3F%2541&sslmode=prefer&connect_timeout=10"),
            "{url}"
        );
    }

    #[test]
    fn what_was_written_is_read() {
        let ca = || "/feast/ca.crt".to_owned();
        let modes = [
            TlsMode::Disable,
            TlsMode::Prefer,
            TlsMode::Require,
            TlsMode::VerifyCa { ca: ca() },
            TlsMode::VerifyFull { ca: ca() },
        ];
        for hosts in [&[("h", 1)][..], &[("::1", 5433)], &[("pg-0", 31234), ("fd00::1", 5432)]] {
            for tls in modes.clone() {
                let store = Store { tls, ..store(hosts) };
                assert_eq!(read(&registry(&store)), Some(store));
            }
        }
        for other in [
            "",
            "sqlite:///x",
            "postgresql+psycopg://u:p@h:5432/d",
            "postgresql+psycopg://u:p@h:x/d?sslmode=prefer",
        ] {
            assert_eq!(read(other), None, "{other}");
        }
    }

    #[test]
    fn a_password_is_replaced_and_nothing_else() {
        let url = registry(&store(&[("h", 1)]));
        let shown = redacted(&url, "[redacted]").unwrap();
        assert_eq!(shown, url.replace("p%40ss%2Fw%3Ard%23%25%20%2B", "[redacted]"));
        assert_eq!(redacted("hunter2", "x"), None);
    }

    #[test]
    fn a_ca_is_named_where_there_is_one() {
        let tls = TlsMode::VerifyFull { ca: "/feast/ca.crt".to_owned() };
        let url = registry(&Store { tls, ..store(&[("h", 1)]) });
        let end = "?sslmode=verify-full&sslrootcert=%2Ffeast%2Fca%2Ecrt&connect_timeout=10";
        assert!(url.ends_with(end), "{url}");
    }

    proptest! {
        #[test]
        fn every_part_reads_back(user in "(?s).+", password in "(?s).+", database in "(?s).+") {
            let store = Store {
                user: user.clone(), password: password.as_str().into(), database: database.clone(), ..store(&[("h", 5432)])
            };
            let url = Url::parse(&registry(&store)).unwrap();
            let decoded = |text: &str| percent_decode_str(text).decode_utf8().unwrap().into_owned();
            prop_assert_eq!(decoded(url.username()), user);
            prop_assert_eq!(decoded(url.password().unwrap()), password);
            prop_assert_eq!((url.host_str(), url.port()), (Some("h"), Some(5432)));
            let named = url.query_pairs().find(|(key, _)| key == "dbname").map(|(_, name)| name.into_owned());
            prop_assert_eq!(named.unwrap_or_else(|| url.path()[1..].to_owned()), database);
            prop_assert_eq!(read(&registry(&store)), Some(store));
        }
    }
}
