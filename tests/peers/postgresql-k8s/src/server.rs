//! The server, as its superuser reaches it from the charm's container.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use charm::{Observation, RelationId, Secret};
use postgres_protocol::escape::{escape_identifier, escape_literal};
use postgres_protocol::password::scram_sha_256;
use rand::Rng as _;
use rand::distr::Alphanumeric;
use tokio::time::{Instant, sleep};
use tokio_postgres::{Client, Config, NoTls, SimpleQueryMessage};

use crate::decide::{Found, ServerChange};
use crate::relation::{Login, role};
use crate::workload::{PORT, SUPERUSER, runs, superuser_password};

/// How long a hook waits for a server that is starting: it makes its files first.
const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(100);
const CONNECT_LIMIT: Duration = Duration::from_secs(3);

/// A connection as the superuser.
pub(crate) struct Server {
    address: SocketAddr,
    password: Secret,
    client: Client,
}

/// The server did not do what it was told.
#[derive(Debug, thiserror::Error)]
#[error("{doing}")]
pub(crate) struct Error {
    doing: String,
    source: tokio_postgres::Error,
}

impl Server {
    /// The server of this unit; `None` if it does not run, or does not answer in time.
    pub(crate) async fn of(address: Option<IpAddr>, seen: &Observation) -> Option<Self> {
        let password = superuser_password(seen)?.clone();
        let address = SocketAddr::new(address.filter(|_| runs(seen))?, PORT);
        let deadline = Instant::now() + PATIENCE;
        loop {
            match connect(address, SUPERUSER, &password, "postgres").await {
                Ok(client) => return Some(Self { address, password, client }),
                Err(error) if Instant::now() >= deadline => {
                    tracing::warn!("the server does not answer: {error}");
                    return None;
                }
                Err(_) => sleep(PAUSE).await,
            }
        }
    }

    /// Looks at roles, and tries every login.
    pub(crate) async fn observe(&self, logins: &[Login]) -> Result<Found, Error> {
        let version = self.column("SHOW server_version").await?;
        let version = version.first().and_then(|text| text.split(' ').next()).unwrap_or_default();
        let roles = self.column("SELECT rolname FROM pg_roles").await?;
        let mut admitted = BTreeSet::new();
        for Login { id, password, database } in logins {
            if connect(self.address, &role(*id), password, database).await.is_ok() {
                admitted.insert(*id);
            }
        }
        let id = |role: &String| Some(RelationId(role.strip_prefix("relation_id_")?.parse().ok()?));
        let roles = roles.iter().filter_map(id).collect();
        Ok(Found { version: version.to_owned(), roles, admitted })
    }

    /// Makes one change, whatever of it is there already.
    pub(crate) async fn make(&self, change: &ServerChange) -> Result<(), Error> {
        match change {
            ServerChange::Admit(login) => self.admit(login).await,
            ServerChange::Drop(id) => self.drop(*id).await,
        }
    }

    /// The database belongs to a group, and everything made in it as well: the next relation that asks for it finds
    /// what this one leaves.
    async fn admit(&self, Login { id, password, database }: &Login) -> Result<(), Error> {
        let (role, group) = (role(*id), format!("{database}_owner"));
        let roles = self.column("SELECT rolname FROM pg_roles").await?;
        let databases = self.column("SELECT datname FROM pg_database").await?;
        let [quoted_role, quoted_group, quoted_database] =
            [&role, &group, database].map(|name| escape_identifier(name));
        // What is sent is not the password but what the server keeps of one.
        let verifier = escape_literal(&scram_sha_256(password.reveal().as_bytes()));
        let mut steps = Vec::new();
        if !roles.contains(&group) {
            steps.push(format!("CREATE ROLE {quoted_group} NOLOGIN"));
        }
        if !databases.contains(database) {
            steps.push(format!("CREATE DATABASE {quoted_database} OWNER {quoted_group}"));
        }
        if !roles.contains(&role) {
            steps.push(format!("CREATE ROLE {quoted_role} LOGIN"));
        }
        steps.extend([
            format!("REVOKE ALL ON DATABASE {quoted_database} FROM PUBLIC"),
            format!("ALTER ROLE {quoted_role} LOGIN PASSWORD {verifier}"),
            format!("GRANT {quoted_group} TO {quoted_role}"),
            format!(
                "ALTER ROLE {quoted_role} IN DATABASE {quoted_database} SET role TO {quoted_group}"
            ),
        ]);
        // One by one: a database cannot be made within a transaction.
        for step in steps {
            self.run(&self.client, &step, &format!("admit {role} to {database}")).await?;
        }
        Ok(())
    }

    async fn drop(&self, id: RelationId) -> Result<(), Error> {
        let role = role(id);
        let doing = format!("drop {role}");
        let quoted = escape_identifier(&role);
        let sessions = format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = {}",
            escape_literal(&role)
        );
        self.run(&self.client, &format!("ALTER ROLE {quoted} NOLOGIN"), &doing).await?;
        self.run(&self.client, &sessions, &doing).await?;
        // What it made in its own name, in each database.
        for database in self.column("SELECT datname FROM pg_database WHERE datallowconn").await? {
            let client = connect(self.address, SUPERUSER, &self.password, &database)
                .await
                .map_err(|source| Error { doing: doing.clone(), source })?;
            for step in [
                format!("REASSIGN OWNED BY {quoted} TO {}", escape_identifier(SUPERUSER)),
                format!("DROP OWNED BY {quoted}"),
            ] {
                self.run(&client, &step, &doing).await?;
            }
        }
        self.run(&self.client, &format!("DROP ROLE {quoted}"), &doing).await
    }

    async fn run(&self, client: &Client, statement: &str, doing: &str) -> Result<(), Error> {
        let failed = |source| Error { doing: doing.to_owned(), source };
        client.batch_execute(statement).await.map_err(failed)
    }

    async fn column(&self, query: &str) -> Result<Vec<String>, Error> {
        let failed = |source| Error { doing: format!("ask for {query}"), source };
        let rows = self.client.simple_query(query).await.map_err(failed)?;
        let text = |message: &SimpleQueryMessage| match message {
            SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
            _ => None,
        };
        Ok(rows.iter().filter_map(text).collect())
    }
}

/// A password as the real charm makes them: sixteen letters and digits.
pub(crate) fn new_password() -> Secret {
    rand::rng().sample_iter(Alphanumeric).take(16).map(char::from).collect::<String>().into()
}

async fn connect(
    address: SocketAddr,
    user: &str,
    password: &Secret,
    database: &str,
) -> Result<Client, tokio_postgres::Error> {
    let (client, connection) = Config::new()
        .host(address.ip().to_string())
        .port(address.port())
        .user(user)
        .password(password.reveal())
        .dbname(database)
        .connect_timeout(CONNECT_LIMIT)
        .connect(NoTls)
        .await?;
    tokio::spawn(connection);
    Ok(client)
}

#[cfg(test)]
mod tests {
    use stand::cache::Cache;
    use stand::missing::{Need, needs};
    use stand::postgresql::Postgres;

    use super::*;

    fn login(id: u32, password: &str) -> Login {
        let database = "Feast \"store\"".to_owned();
        Login { id: RelationId(id), password: password.into(), database }
    }

    async fn session(server: &Server, login: &Login) -> Client {
        let role = role(login.id);
        connect(server.address, &role, &login.password, &login.database).await.unwrap()
    }

    #[tokio::test]
    async fn a_real_server_admits_rotates_and_drops_and_keeps_the_data() {
        if !needs(&[Need::Setpriv]) {
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(|line| println!("{line}")).unwrap();
        let postgres = Postgres::start(&cache, &folder.path().join("postgresql")).unwrap();
        let address = SocketAddr::new([127, 0, 0, 1].into(), postgres.port());
        let password = postgres.password().clone();
        let client = connect(address, SUPERUSER, &password, "postgres").await.unwrap();
        let server = Server { address, password, client };

        // Admitted, twice: the second time nothing is left to do.
        let first = login(1, "p'w\"\\");
        assert!(server.observe(std::slice::from_ref(&first)).await.unwrap().admitted.is_empty());
        for _ in 0..2 {
            server.make(&ServerChange::Admit(first.clone())).await.unwrap();
        }
        let found = server.observe(std::slice::from_ref(&first)).await.unwrap();
        assert_eq!(found.admitted, [RelationId(1)].into());
        assert!(!found.version.is_empty());
        let open = session(&server, &first).await;
        open.batch_execute("CREATE TABLE t (a int); INSERT INTO t VALUES (42)").await.unwrap();

        // Another password, and the old one is of no use.
        let rotated = login(1, "new");
        server.make(&ServerChange::Admit(rotated.clone())).await.unwrap();
        assert!(server.observe(&[first]).await.unwrap().admitted.is_empty());
        assert_eq!(server.observe(&[rotated]).await.unwrap().admitted, [RelationId(1)].into());

        // Gone with its sessions; the next relation finds what it left.
        server.make(&ServerChange::Drop(RelationId(1))).await.unwrap();
        assert!(server.observe(&[]).await.unwrap().roles.is_empty());
        assert!(open.batch_execute("SELECT 1").await.is_err());
        let second = login(2, "other");
        server.make(&ServerChange::Admit(second.clone())).await.unwrap();
        let row = session(&server, &second).await.query_one("SELECT a FROM t", &[]).await.unwrap();
        assert_eq!(row.get::<_, i32>(0), 42);
    }
}
