//! A real server.

use charm::Secret;
use postgresql::{Error, Login, SslMode, Stage, Table};
use stand::cache::Cache;
use stand::missing::{Need, needs};
use stand::postgresql::Postgres;
use tempfile::TempDir;

use crate::{CANARY, LONG, login, look, trouble};

/// A server with the database `feast`, in which `relation_id_3` may do as it likes; and `relation_id_1`, whose time is
/// over.
pub(crate) struct Server {
    pub(crate) postgres: Postgres,
    _folder: TempDir,
}

impl Server {
    /// None where there can be none; the test should return then.
    pub(crate) fn start(settings: &[String]) -> Option<Self> {
        if !needs(&[Need::Namespaces]) {
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(|line| println!("{line}")).unwrap();
        let path = folder.path().join("postgresql");
        let postgres = Postgres::start_with(&cache, &path, settings).unwrap();
        let server = Self { postgres, _folder: folder };
        server.run("postgres", "CREATE DATABASE feast");
        server.run(
            "feast",
            &format!(
                "CREATE ROLE relation_id_3 LOGIN PASSWORD '{CANARY}';
                 CREATE ROLE relation_id_1 LOGIN;
                 REVOKE CREATE ON SCHEMA public FROM PUBLIC;
                 GRANT USAGE, CREATE ON SCHEMA public TO relation_id_1, relation_id_3"
            ),
        );
        Some(server)
    }

    pub(crate) fn run(&self, database: &str, sql: &str) -> String {
        self.postgres.sql(database, sql).unwrap()
    }

    pub(crate) fn login(&self) -> Login {
        login(self.postgres.port(), SslMode::Prefer)
    }
}

#[tokio::test]
async fn a_server_in_order_tells_everything_about_itself() {
    let Some(server) = Server::start(&[]) else { return };
    server.run("feast", "SET ROLE relation_id_3; CREATE TABLE projects (id serial)");
    let findings = look(&server.login(), LONG).await;
    let stages: Vec<Stage> = findings.steps.iter().map(|step| step.stage).collect();
    let all = [Stage::Dns, Stage::Tcp, Stage::Tls, Stage::Login, Stage::Questions];
    assert_eq!(stages, all, "{findings:?}");
    let told: Vec<&str> =
        findings.steps.iter().map(|step| step.result.as_deref().unwrap()).collect();
    assert_eq!(told[0], "127.0.0.1");
    assert_eq!(told[2..4], ["off (sslmode=prefer)", "relation_id_3 in feast"]);
    let facts = findings.facts.unwrap();
    assert_eq!(
        facts.version,
        server.run("feast", "SHOW server_version").split(' ').next().unwrap()
    );
    assert_eq!((facts.user.as_str(), facts.schema), ("relation_id_3", Some((true, true))));
    assert!(!facts.recovery && !facts.read_only);
    // The sequence of the column goes with its table.
    let table = Table {
        name: "projects".to_owned(),
        owner: "relation_id_3".to_owned(),
        group: false,
        held: true,
        usable: true,
    };
    assert_eq!(facts.tables, [table]);
    assert_eq!(facts.foreign().count(), 0);
}

#[tokio::test]
async fn who_is_not_let_in_is_told_so_in_the_words_of_the_server() {
    let Some(server) = Server::start(&[]) else { return };
    let wrong = Login { password: Secret::new("canary too"), ..server.login() };
    let elsewhere = Login { database: "nowhere".to_owned(), ..server.login() };
    for (login, code, words) in
        [(wrong, "28P01", "password authentication failed"), (elsewhere, "3D000", "does not exist")]
    {
        let (passed, stage, error) = trouble(&look(&login, LONG).await);
        assert_eq!((passed.len(), stage), (2, Stage::Login));
        let Error::Refused { code: found, message } = error else { panic!("{error}") };
        assert_eq!(found, code);
        assert!(message.contains(words), "{message}");
    }
}

#[tokio::test]
async fn rights_that_are_missing_are_seen() {
    let Some(server) = Server::start(&[]) else { return };
    server.run("feast", "REVOKE CREATE ON SCHEMA public FROM relation_id_3");
    let facts = look(&server.login(), LONG).await.facts.unwrap();
    assert_eq!(facts.schema, Some((true, false)));
    let elsewhere = Login { schema: "no'where".to_owned(), ..server.login() };
    let facts = look(&elsewhere, LONG).await.facts.unwrap();
    assert_eq!((facts.schema, facts.tables), (None, Vec::new()));
}

#[tokio::test]
async fn a_database_that_takes_no_changes_is_seen_and_a_standby_as_well() {
    let Some(mut server) = Server::start(&[]) else { return };
    server.run("feast", "ALTER DATABASE feast SET default_transaction_read_only = on");
    let facts = look(&server.login(), LONG).await.facts.unwrap();
    assert!(facts.read_only && !facts.recovery);
    server.postgres = server.postgres.into_standby().unwrap();
    let facts = look(&server.login(), LONG).await.facts.unwrap();
    assert!(facts.recovery);
}
