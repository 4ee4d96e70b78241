//! The PostgreSQL of the stand runs for root too, and knows its superuser by password only.

use std::fs;
use std::net::TcpStream;
use std::process::Command;

use stand::cache::Cache;
use stand::missing::{Need, needs};
use stand::postgresql::{Postgres, programs};

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
