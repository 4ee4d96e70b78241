//! The server, as a superuser reaches it from the charm's container.

use std::collections::BTreeSet;
use std::time::Duration;

use charm::{RelationId, Secret};
use interfaces::postgresql_client::{Endpoint, Tls};
use postgres_protocol::escape::{escape_identifier, escape_literal};
use postgres_protocol::password::scram_sha_256;
use rand::Rng as _;
use rand::distr::Alphanumeric;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore, crypto::ring};
use tokio::time::{Instant, sleep};
use tokio_postgres::config::SslMode;
use tokio_postgres::{Client, Config, NoTls, SimpleQueryMessage};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::clients::Login;

const PAUSE: Duration = Duration::from_millis(100);
const CONNECT_LIMIT: Duration = Duration::from_secs(3);

/// What the server says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Such as `15.8`.
    pub version: String,
    /// The relations that have a role.
    pub roles: BTreeSet<RelationId>,
    /// The relations whose role can log in to its database with the password that Juju keeps.
    pub admitted: BTreeSet<RelationId>,
}

/// One thing to do to the server.
#[derive(Clone, Debug, PartialEq)]
pub enum ServerChange {
    /// Make the database where it does not exist, and see that the role can log in.
    Admit(Login),
    /// Drop a role. What it made stays.
    Drop(String),
}

/// A connection as a superuser.
pub struct Server {
    place: Place,
    user: String,
    password: Secret,
    client: Client,
}

/// Where the server is, and how it is known.
#[derive(Clone)]
struct Place {
    endpoint: Endpoint,
    /// `None` where it does not speak TLS.
    tls: Option<MakeRustlsConnect>,
}

/// The server did not do what it was told.
#[derive(Debug, thiserror::Error)]
#[error("{doing}")]
pub struct Error {
    doing: String,
    source: tokio_postgres::Error,
}

impl Server {
    /// The server at `endpoint`, as `user`, who connects to `database`; `None` if it does not answer within `patience`.
    /// One that speaks TLS has to have a certificate that its authority has signed for that endpoint.
    pub async fn reach(
        endpoint: &Endpoint,
        tls: &Tls,
        user: &str,
        password: &Secret,
        database: &str,
        patience: Duration,
    ) -> Option<Self> {
        let deadline = Instant::now() + patience;
        let place = Place { endpoint: endpoint.clone(), tls: connector(tls) };
        loop {
            match connect(&place, user, password, database).await {
                Ok(client) => {
                    let (user, password) = (user.to_owned(), password.clone());
                    return Some(Self { place, user, password, client });
                }
                Err(error) if Instant::now() >= deadline => {
                    tracing::warn!("the server does not answer: {error}");
                    return None;
                }
                Err(_) => sleep(PAUSE).await,
            }
        }
    }

    /// Looks at the roles whose names begin with `roles`, and tries every login.
    ///
    /// # Errors
    ///
    /// [`Error`] when the server cannot be asked.
    pub async fn observe(&self, roles: &str, logins: &[Login]) -> Result<Found, Error> {
        let version = self.column("SHOW server_version").await?;
        let version = version.first().and_then(|text| text.split(' ').next()).unwrap_or_default();
        let mut admitted = BTreeSet::new();
        for Login { id, role, password, database, .. } in logins {
            if connect(&self.place, role, password, database).await.is_ok() {
                admitted.insert(*id);
            }
        }
        let id = |role: &String| Some(RelationId(role.strip_prefix(roles)?.parse().ok()?));
        let roles = self.column("SELECT rolname FROM pg_roles").await?;
        let roles = roles.iter().filter_map(id).collect();
        Ok(Found { version: version.to_owned(), roles, admitted })
    }

    /// Makes one change, whatever of it is there already.
    ///
    /// # Errors
    ///
    /// [`Error`] when the server refuses.
    pub async fn make(&self, change: &ServerChange) -> Result<(), Error> {
        match change {
            ServerChange::Admit(login) => self.admit(login).await,
            ServerChange::Drop(role) => self.drop(role).await,
        }
    }

    /// The database belongs to a group, and everything made in it as well: the next relation that asks for it finds
    /// what this one leaves.
    async fn admit(&self, login: &Login) -> Result<(), Error> {
        let Login { id: _, role, password, database, superuser } = login;
        let group = format!("{database}_owner");
        let roles = self.column("SELECT rolname FROM pg_roles").await?;
        let databases = self.column("SELECT datname FROM pg_database").await?;
        let [quoted_role, quoted_group, quoted_database] =
            [role, &group, database].map(|name| escape_identifier(name));
        // What is sent is not the password but what the server keeps of one.
        let verifier = escape_literal(&scram_sha_256(password.reveal().as_bytes()));
        let mut steps = Vec::new();
        if !roles.contains(&group) {
            steps.push(format!("CREATE ROLE {quoted_group} NOLOGIN"));
        }
        if !databases.contains(database) {
            steps.push(format!("CREATE DATABASE {quoted_database} OWNER {quoted_group}"));
        }
        if !roles.contains(role) {
            steps.push(format!("CREATE ROLE {quoted_role} LOGIN"));
        }
        steps.extend([
            format!("REVOKE ALL ON DATABASE {quoted_database} FROM PUBLIC"),
            format!("ALTER ROLE {quoted_role} LOGIN PASSWORD {verifier}"),
            format!("GRANT {quoted_group} TO {quoted_role}"),
        ]);
        steps.push(if *superuser {
            format!("ALTER ROLE {quoted_role} SUPERUSER")
        } else {
            format!(
                "ALTER ROLE {quoted_role} IN DATABASE {quoted_database} SET role TO {quoted_group}"
            )
        });
        // One by one: a database cannot be made within a transaction.
        for step in steps {
            self.run(&self.client, &step, &format!("admit {role} to {database}")).await?;
        }
        Ok(())
    }

    async fn drop(&self, role: &str) -> Result<(), Error> {
        let doing = format!("drop {role}");
        let quoted = escape_identifier(role);
        let sessions = format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = {}",
            escape_literal(role)
        );
        self.run(&self.client, &format!("ALTER ROLE {quoted} NOLOGIN"), &doing).await?;
        self.run(&self.client, &sessions, &doing).await?;
        // What it made in its own name, in each database.
        for database in self.column("SELECT datname FROM pg_database WHERE datallowconn").await? {
            let client = connect(&self.place, &self.user, &self.password, &database)
                .await
                .map_err(|source| Error { doing: doing.clone(), source })?;
            for step in [
                format!("REASSIGN OWNED BY {quoted} TO {}", escape_identifier(&self.user)),
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
pub fn new_password() -> Secret {
    rand::rng().sample_iter(Alphanumeric).take(16).map(char::from).collect::<String>().into()
}

/// What checks a server against its authority. Against none it finds no server right.
fn connector(tls: &Tls) -> Option<MakeRustlsConnect> {
    let Tls::On { ca } = tls else { return None };
    let authorities = CertificateDer::pem_slice_iter(ca.as_deref().unwrap_or_default().as_bytes());
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(authorities.filter_map(Result::ok));
    let config = ClientConfig::builder_with_provider(ring::default_provider().into())
        .with_safe_default_protocol_versions()
        .expect("ring knows the current versions of TLS")
        .with_root_certificates(roots)
        .with_no_client_auth();
    Some(MakeRustlsConnect::new(config))
}

async fn connect(
    place: &Place,
    user: &str,
    password: &Secret,
    database: &str,
) -> Result<Client, tokio_postgres::Error> {
    let Place { endpoint, tls } = place;
    let mut config = Config::new();
    config
        .host(&endpoint.host)
        .port(endpoint.port)
        .user(user)
        .password(password.reveal())
        .dbname(database)
        .connect_timeout(CONNECT_LIMIT);
    if let Some(tls) = tls {
        let (client, connection) = config.ssl_mode(SslMode::Require).connect(tls.clone()).await?;
        tokio::spawn(connection);
        return Ok(client);
    }
    let (client, connection) = config.connect(NoTls).await?;
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
        Login {
            id: RelationId(id),
            role: format!("relation_id_{id}"),
            password: password.into(),
            database: "Feast \"store\"".to_owned(),
            superuser: false,
        }
    }

    fn admit(login: &Login) -> ServerChange {
        ServerChange::Admit(login.clone())
    }

    async fn session(server: &Server, login: &Login) -> Client {
        let Login { role, password, database, .. } = login;
        connect(&server.place, role, password, database).await.unwrap()
    }

    #[tokio::test]
    async fn a_real_server_admits_rotates_and_drops_and_keeps_the_data() {
        if !needs(&[Need::Setpriv]) {
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(|line| println!("{line}")).unwrap();
        let postgres = Postgres::start(&cache, &folder.path().join("postgresql")).unwrap();
        let endpoint = Endpoint { host: "127.0.0.1".to_owned(), port: postgres.port() };
        let reach = async |user: &str, password: &Secret, database: &str| {
            Server::reach(&endpoint, &Tls::Off, user, password, database, Duration::ZERO).await
        };
        let server = reach("postgres", postgres.password(), "postgres").await.unwrap();
        let observe =
            async |logins: &[Login]| server.observe("relation_id_", logins).await.unwrap();

        // Admitted, twice: the second time nothing is left to do.
        let first = login(1, "p'w\"\\");
        assert!(observe(std::slice::from_ref(&first)).await.admitted.is_empty());
        for _ in 0..2 {
            server.make(&admit(&first)).await.unwrap();
        }
        let found = observe(std::slice::from_ref(&first)).await;
        assert_eq!(found.admitted, [RelationId(1)].into());
        assert!(!found.version.is_empty());
        let open = session(&server, &first).await;
        open.batch_execute("CREATE TABLE t (a int); INSERT INTO t VALUES (42)").await.unwrap();

        // Another password, and the old one is of no use.
        let rotated = login(1, "new");
        server.make(&admit(&rotated)).await.unwrap();
        assert!(observe(&[first]).await.admitted.is_empty());
        assert_eq!(observe(&[rotated]).await.admitted, [RelationId(1)].into());

        // Gone with its sessions; the next relation finds what it left.
        server.make(&ServerChange::Drop("relation_id_1".to_owned())).await.unwrap();
        assert!(observe(&[]).await.roles.is_empty());
        assert!(open.batch_execute("SELECT 1").await.is_err());
        let second = login(2, "other");
        server.make(&admit(&second)).await.unwrap();
        let row = session(&server, &second).await.query_one("SELECT a FROM t", &[]).await.unwrap();
        assert_eq!(row.get::<_, i32>(0), 42);

        // A superuser can do all of this, too: so does a pooler.
        let pooler = Login { database: "pooler".to_owned(), superuser: true, ..login(3, "pooler") };
        server.make(&admit(&pooler)).await.unwrap();
        let pooler = reach(&pooler.role, &pooler.password, &pooler.database).await.unwrap();
        let fourth = login(4, "behind");
        pooler.make(&admit(&fourth)).await.unwrap();
        assert_eq!(observe(&[fourth]).await.admitted, [RelationId(4)].into());
        pooler.make(&ServerChange::Drop("relation_id_4".to_owned())).await.unwrap();
        assert_eq!(observe(&[]).await.roles, [RelationId(2), RelationId(3)].into());
    }
}
