//! The PostgreSQL of the stand runs for root too, and knows its superuser by password only.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "everything in this file is a test")]

use std::fs;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use stand::cache::Cache;
use stand::leash::{self, Ending, Process};
use stand::missing::{Need, needs};
use stand::postgresql::{Postgres, image, programs};
use stand::view::View;
use tempfile::TempDir;

#[test]
fn postgresql_runs_unprivileged_and_ends_when_dropped() {
    if !needs(&[Need::Python, Need::Namespaces]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::open(|line| println!("{line}")).unwrap();
    let postgres = Postgres::start(&cache, folder.path()).unwrap();

    assert_eq!(postgres.sql("postgres", "select 6 * 7, current_user").unwrap(), "42|postgres");
    let error = postgres.sql("postgres", "select nonsense").unwrap_err().to_string();
    assert!(error.contains("column \"nonsense\" does not exist"), "{error}");

    let pid = fs::read_to_string(folder.path().join("data/postmaster.pid")).unwrap();
    let status =
        fs::read_to_string(format!("/proc/{}/status", pid.lines().next().unwrap())).unwrap();
    let capabilities = status.lines().find_map(|line| line.strip_prefix("CapEff:")).unwrap().trim();
    assert_eq!(capabilities.trim_start_matches('0'), "", "{status}");

    let mut wrong = Command::new(programs(&cache).unwrap().join("psql"));
    wrong
        .env("PGPASSWORD", "wrong")
        .arg(format!("postgresql://postgres@127.0.0.1:{}/postgres", postgres.port()));
    let output = wrong.args(["-c", "select 1"]).output().unwrap();
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("password authentication failed"),
        "{output:?}"
    );

    let address = ("127.0.0.1", postgres.port());
    assert!(TcpStream::connect(address).is_ok());
    drop(postgres);
    assert!(TcpStream::connect(address).is_err());
}

/// What a container of the image `postgresql` has, and psql, which comes from elsewhere.
struct Container {
    cache: Cache,
    folder: TempDir,
    address: &'static str,
}

impl Container {
    fn new(address: &'static str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(|line| println!("{line}")).unwrap();
        fs::create_dir(folder.path().join("scratch")).unwrap();
        let container = Self { cache, folder, address };
        fs::write(container.scratch("password"), "it's \"secret\"\n").unwrap();
        container
    }

    fn scratch(&self, name: &str) -> PathBuf {
        self.folder.path().join("scratch").join(name)
    }

    /// Runs the server as Pebble would, until it listens.
    fn start(&self, variables: &[(&str, &str)]) -> Process {
        let image = image(&self.cache).unwrap();
        assert_eq!(image.scratch, [Path::new("/var/lib/postgresql")]);
        let mut view =
            image.mounts.iter().fold(View::new(), |view, mount| view.mount(&mount.from, &mount.to));
        view = view.mount(self.folder.path().join("scratch"), "/var/lib/postgresql");
        view = view.variable("POD_ADDRESS", self.address);
        view = variables.iter().fold(view, |view, (name, value)| view.variable(name, value));
        view = image.path.iter().fold(view, View::path);
        let inside = view.command("run-postgresql", ["-c", "log_connections=on"]).unwrap();
        let mut outside = leash::command(inside.get_program(), Ending::default()).unwrap();
        outside
            .args(inside.get_args())
            .envs(inside.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let log = self.folder.path().join("log");
        let mut process = Process::start("run-postgresql", outside, &log).unwrap();
        let address = format!("{}:5432", self.address);
        process
            .wait_ready(Duration::from_mins(1), || TcpStream::connect(&address).is_ok())
            .unwrap();
        process
    }

    /// What psql prints, or why it does not.
    fn sql(&self, how: &str, sql: &str) -> Result<String, String> {
        let mut psql = Command::new(programs(&self.cache).unwrap().join("psql"));
        let place = format!("host={} user=postgres dbname=postgres {how}", self.address);
        psql.env("PGPASSWORD", "it's \"secret\"").args(["-tAc", sql, &place]);
        let output = psql.output().unwrap();
        let text = |bytes| String::from_utf8_lossy(bytes).trim().to_owned();
        if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
    }
}

#[test]
fn a_pod_s_postgresql_makes_its_database_once_and_takes_the_given_password() {
    if !needs(&[Need::Python, Need::Namespaces, Need::Setpriv]) {
        return;
    }
    let container = Container::new("127.86.4.2");
    let sql = |sql: &str| container.sql("", sql).unwrap();

    let first = container.start(&[]);
    sql("create table kept (n int)");
    assert_eq!(
        sql("select pg_read_file('/proc/self/status') ~ 'CapEff:\\s*0000000000000000'"),
        "t"
    );
    drop(first);
    let _second = container.start(&[]);
    assert_eq!(sql("select count(*) from kept"), "0");
    assert!(!container.scratch("private/password").exists());
}

#[test]
fn a_pod_s_postgresql_with_a_certificate_refuses_whoever_does_not_speak_tls() {
    if !needs(&[Need::Namespaces, Need::Setpriv, Need::PostgresqlTls]) {
        return;
    }
    let container = Container::new("127.86.4.3");
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(["127.86.4.3".to_owned()]).unwrap();
    fs::create_dir(container.scratch("tls")).unwrap();
    fs::write(container.scratch("tls/server.crt"), cert.pem()).unwrap();
    fs::write(container.scratch("tls/server.key"), signing_key.serialize_pem()).unwrap();
    let ca = container.scratch("tls/server.crt");
    let checked = format!("sslmode=verify-full sslrootcert={}", ca.display());
    let spoken = "select ssl from pg_stat_ssl where pid = pg_backend_pid()";

    let plain = container.start(&[]);
    assert_eq!(container.sql("", spoken).unwrap(), "f");
    assert!(container.sql(&checked, spoken).unwrap_err().contains("does not support SSL"));
    drop(plain);

    let _encrypted = container.start(&[("POSTGRESQL_TLS", "/var/lib/postgresql/tls")]);
    assert_eq!(container.sql(&checked, spoken).unwrap(), "t");
    let refused = container.sql("sslmode=disable", spoken).unwrap_err();
    assert!(refused.contains("no encryption"), "{refused}");
}
