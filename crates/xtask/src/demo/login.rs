//! Logging in to the databases, as the delivered file says or otherwise.

use std::io::Write as _;
use std::process::Stdio;

use charm::Secret;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};
use url::Url;

use crate::Result;
use crate::demo::notebook::Pod;

/// The stores in the file, and the application that each of them is in.
pub(crate) const STORES: [(Store, &str); 3] = [
    (Store::Registry, "postgresql-registry"),
    (Store::Online, "postgresql-online"),
    (Store::Offline, "postgresql-offline"),
];

/// One of the three databases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Store {
    /// A URL in the file.
    Registry,
    /// A section of it.
    Online,
    /// A section of it.
    Offline,
}

/// How the file says to connect.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Login {
    host: String,
    port: u16,
    database: String,
    user: String,
    /// As it is, not percent-encoded.
    pub(crate) password: Secret,
    /// In libpq's words.
    pub(crate) sslmode: String,
    /// Where the certificates of the authorities are.
    pub(crate) certificates: Option<String>,
}

impl Login {
    /// What `feature_store.yaml` says about `store`.
    pub(crate) fn of(file: &str, store: Store) -> Result<Self> {
        let file: serde_yaml::Value = serde_yaml::from_str(file)?;
        let section = |name: &str| Self::of_section(file.get(name)?);
        let login = match store {
            Store::Registry => file
                .get("registry")
                .and_then(|registry| Self::of_url(registry.get("path")?.as_str()?)),
            Store::Online => section("online_store"),
            Store::Offline => section("offline_store"),
        };
        login
            .ok_or_else(|| format!("feature_store.yaml does not say how to reach {store:?}").into())
    }

    /// The same with other demands on TLS.
    pub(crate) fn by(&self, sslmode: &str, certificates: Option<String>) -> Self {
        Self { sslmode: sslmode.to_owned(), certificates, ..self.clone() }
    }

    fn of_section(section: &serde_yaml::Value) -> Option<Self> {
        let text = |key: &str| section.get(key)?.as_str().map(str::to_owned);
        Some(Self {
            host: text("host")?,
            port: section.get("port")?.as_u64()?.try_into().ok()?,
            database: text("database")?,
            user: text("user")?,
            password: text("password")?.into(),
            sslmode: text("sslmode")?,
            certificates: text("sslrootcert_path"),
        })
    }

    fn of_url(url: &str) -> Option<Self> {
        let url = Url::parse(url).ok()?;
        let plain = |text: &str| Some(percent_decode_str(text).decode_utf8().ok()?.into_owned());
        let option = |name: &str| {
            url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
        };
        Some(Self {
            host: url.host_str()?.to_owned(),
            port: url.port()?,
            database: plain(url.path().strip_prefix('/')?)?,
            user: plain(url.username())?,
            password: plain(url.password()?)?.into(),
            sslmode: option("sslmode")?,
            certificates: option("sslrootcert"),
        })
    }

    /// Who one is then, or why the server refuses. What is secret goes through a pipe.
    pub(crate) fn try_in(&self, pod: &Pod) -> Result<std::result::Result<String, String>> {
        let Self { host, port, database, user, password, sslmode, certificates } = self;
        let mut question = json!({
            "host": host, "port": port, "dbname": database, "user": user,
            "password": password.reveal(), "sslmode": sslmode,
        });
        if let Some(certificates) = certificates {
            question["sslrootcert"] = certificates.as_str().into();
        }
        let mut process = pod
            .python("login.py")?
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(pod.log()?)
            .spawn()?;
        if let Some(mut stdin) = process.stdin.take() {
            stdin.write_all(question.to_string().as_bytes())?;
        }
        let output = process.wait_with_output()?;
        pod.log()?.write_all(&output.stdout)?;
        let answer: Value = serde_json::from_slice(&output.stdout)?;
        let text = |key: &str| answer[key].as_str().map(str::to_owned);
        match (text("user"), text("error")) {
            (Some(user), _) => Ok(Ok(user)),
            (None, Some(error)) => Ok(Err(error)),
            (None, None) => Err(format!("login.py ended with {}", output.status).into()),
        }
    }

    /// That the server takes it, as the role that it names.
    pub(crate) fn is_taken(&self, pod: &Pod) -> Result<()> {
        match self.try_in(pod)? {
            Ok(user) if user == self.user => Ok(()),
            Ok(user) => {
                Err(format!("{} at {} turns out to be {user}", self.user, self.host).into())
            }
            Err(error) => Err(format!("{} cannot log in: {error}", self.user).into()),
        }
    }

    /// That the server refuses it, and says `why`.
    pub(crate) fn is_refused(&self, pod: &Pod, why: &str) -> Result<()> {
        match self.try_in(pod)? {
            Err(error) if error.contains(why) => Ok(()),
            Err(error) => Err(format!("{} refuses for another reason: {error}", self.host).into()),
            Ok(user) => Err(format!("{} still lets {user} in: expected {why:?}", self.host).into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use feast::{FeatureStore, Host, TlsMode};

    use super::*;

    #[test]
    fn the_file_that_the_charm_writes_is_understood() {
        let store = |name: &str| feast::Store {
            hosts: vec![Host { name: format!("{name}.svc"), port: 5432 }],
            database: name.to_owned(),
            user: "relation id".to_owned(),
            password: "p@ss/w:rd#%".into(),
            tls: TlsMode::VerifyFull { ca: "/feast/ca.crt".to_owned() },
        };
        let file = FeatureStore::new(store("registry"), store("offline"), store("online"));
        let file = file.render().unwrap();
        for (which, name) in
            [(Store::Registry, "registry"), (Store::Online, "online"), (Store::Offline, "offline")]
        {
            let login = Login {
                host: format!("{name}.svc"),
                port: 5432,
                database: name.to_owned(),
                user: "relation id".to_owned(),
                password: "p@ss/w:rd#%".into(),
                sslmode: "verify-full".to_owned(),
                certificates: Some("/feast/ca.crt".to_owned()),
            };
            assert_eq!(Login::of(file.reveal(), which).unwrap(), login);
        }
    }
}
