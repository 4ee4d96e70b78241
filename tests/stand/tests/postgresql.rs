//! The PostgreSQL of the stand runs for root too, and knows its superuser by password only.

use std::fs;
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use stand::cache::Cache;
use stand::leash::{self, Ending, Process};
use stand::missing::{Need, needs};
use stand::postgresql::{Postgres, image, programs};
use stand::view::View;

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

#[test]
fn a_pod_s_postgresql_makes_its_database_once_and_takes_the_given_password() {
    if !needs(&[Need::Python, Need::Namespaces, Need::Setpriv]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::open(|line| println!("{line}")).unwrap();
    let scratch = folder.path().join("scratch");
    fs::create_dir(&scratch).unwrap();
    fs::write(scratch.join("password"), "it's \"secret\"\n").unwrap();
    let image = image(&cache).unwrap();
    assert_eq!(image.scratch, [Path::new("/var/lib/postgresql")]);

    let mut view =
        image.mounts.iter().fold(View::new(), |view, mount| view.mount(&mount.from, &mount.to));
    view = view.mount(&scratch, "/var/lib/postgresql").variable("POD_ADDRESS", "127.86.4.2");
    view = image.path.iter().fold(view, View::path);
    let log = folder.path().join("log");
    let start = || {
        let inside = view.command("run-postgresql", ["-c", "log_connections=on"]).unwrap();
        let mut outside = leash::command(inside.get_program(), Ending::default()).unwrap();
        outside
            .args(inside.get_args())
            .envs(inside.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let mut process = Process::start("run-postgresql", outside, &log).unwrap();
        process
            .wait_ready(Duration::from_mins(1), || TcpStream::connect("127.86.4.2:5432").is_ok())
            .unwrap();
        process
    };
    let sql = |sql: &str| {
        let mut psql = Command::new(programs(&cache).unwrap().join("psql"));
        psql.env("PGPASSWORD", "it's \"secret\"").args([
            "-h",
            "127.86.4.2",
            "-U",
            "postgres",
            "-tAc",
            sql,
        ]);
        let output = psql.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };

    let first = start();
    sql("create table kept (n int)");
    assert_eq!(
        sql("select pg_read_file('/proc/self/status') ~ 'CapEff:\\s*0000000000000000'"),
        "t"
    );
    drop(first);
    let _second = start();
    assert_eq!(sql("select count(*) from kept"), "0");
    assert!(!scratch.join("private/password").exists());
}
