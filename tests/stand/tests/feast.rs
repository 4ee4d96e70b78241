//! Both releases of Feast work with PostgreSQL, and their user interface works behind a prefix.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "everything in this file is a test")]

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use stand::cache::Cache;
use stand::chromium::Chromium;
use stand::feast::{Feast, Release, notebook};
use stand::image::Image;
use stand::leash::{self, Ending, Process};
use stand::missing::{Need, needs};
use stand::postgresql::Postgres;
use stand::view::View;

#[test]
fn the_original_release_reads_back_what_it_stored_and_shows_it() {
    round_trip(Release::Original);
}

#[test]
fn the_newest_release_reads_back_what_it_stored_and_shows_it() {
    round_trip(Release::Newest);
}

fn round_trip(release: Release) {
    if !needs(&[Need::Python, Need::Namespaces, Need::Chromium]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::open(|line| println!("{line}")).unwrap();
    let feast = Feast::install(&cache, release).unwrap();
    let postgres = Postgres::start(&cache, &folder.path().join("postgres")).unwrap();
    let file = folder.path().join("feature_store.yaml");
    fs::write(&file, feature_store(&postgres)).unwrap();

    let output = Command::new(feast.python())
        .arg(notebook().join("notebook.py"))
        .env("FEAST_FS_YAML_FILE_PATH", &file)
        .env("FEAST_USAGE", "False")
        .current_dir(folder.path())
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{output:?}\n{errors}");
    let result: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(result["feast"], release.version());
    assert_eq!(
        result["offline"]["1002"],
        json!({ "conv_rate": 9.0 / 64.0, "acc_rate": 51.0 / 64.0, "avg_daily_trips": 2007 })
    );
    assert_eq!(
        result["online"]["1005"],
        json!({ "conv_rate": 5.0 / 64.0, "acc_rate": 55.0 / 64.0, "avg_daily_trips": 5000 })
    );

    let port = free_port();
    let inside = container(&feast.image().unwrap(), folder.path())
        .variable("POD_ADDRESS", "127.0.0.1")
        .variable("FEAST_FS_YAML_FILE_PATH", "/home/ubuntu/feature_store.yaml")
        .command(
            "feast",
            ["ui", "--host", "0.0.0.0", "--port", &port.to_string(), "--root_path", "/feast"],
        )
        .unwrap();
    let mut ui = leash::command(inside.get_program(), Ending::default()).unwrap();
    ui.args(inside.get_args())
        .envs(inside.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let mut ui = Process::start("feast ui", ui, &folder.path().join("ui.log")).unwrap();
    ui.wait_ready(Duration::from_mins(1), || {
        TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok()
    })
    .unwrap();

    let address = proxy(port);
    let index = fetch(&address, "/feast/");
    let script = index.split("src=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    assert!(script.starts_with("/feast/static/js/main."), "{script}");
    assert!(fetch(&address, script).len() > 1_000_000);
    assert!(fetch(&address, "/feast/projects-list.json").contains("\"feast_project\""));

    let mut chromium = Chromium::start(&folder.path().join("chromium")).unwrap();
    let page = format!("http://{address}/feast/p/feast_project/feature-view");
    let shown = chromium.open(&page, &["driver_hourly_stats"], Duration::from_mins(1)).unwrap();
    keep(&shown.screenshot, release);
}

/// What a pod's container of `image` sees, as the user that the charm names; its own files are in `folder`.
fn container(image: &Image, folder: &Path) -> View {
    let mut view = View::new().user(Some(584_792), Some(584_792));
    for mount in &image.mounts {
        view = view.mount(&mount.from, &mount.to);
    }
    for to in &image.scratch {
        let from = folder.join(to.file_name().unwrap());
        fs::create_dir(&from).unwrap();
        chown(&from);
        view = view.mount(from, to);
    }
    for copy in &image.copies {
        let from = folder.join(copy.from.file_name().unwrap());
        fs::copy(&copy.from, &from).unwrap();
        chown(&from);
        view = view.mount(from, &copy.to);
    }
    let file = folder.join("feature_store.yaml");
    chown(&file);
    view = view.mount(file, "/home/ubuntu/feature_store.yaml");
    view = image.path.iter().fold(view, View::path);
    image.environment.iter().fold(view, |view, (name, value)| view.variable(name, value))
}

fn chown(path: &Path) {
    if rustix::process::geteuid().is_root() {
        std::os::unix::fs::chown(path, Some(584_792), Some(584_792)).unwrap();
    }
}

/// Keeps the picture where `STAND_SCREENSHOTS` says, for a person to look at.
fn keep(screenshot: &[u8], release: Release) {
    if let Some(folder) = std::env::var_os("STAND_SCREENSHOTS") {
        fs::write(Path::new(&folder).join(format!("feast-{}.png", release.version())), screenshot)
            .unwrap();
    }
}

fn feature_store(postgres: &Postgres) -> String {
    for name in ["registry", "offline_store", "online_store"] {
        postgres.sql("postgres", &format!("create database {name}")).unwrap();
    }
    let (port, password) = (postgres.port(), postgres.password().reveal());
    let store = |database| {
        json!({
            "type": "postgres", "host": "127.0.0.1", "port": port, "database": database, "db_schema": "public",
            "user": "postgres", "password": password, "sslmode": "disable",
        })
    };
    let url = format!(
        "postgresql+psycopg://postgres:{password}@127.0.0.1:{port}/registry?sslmode=disable"
    );
    json!({
        "project": "feast_project",
        "provider": "local",
        "registry": { "registry_type": "sql", "path": url, "cache_ttl_seconds": 60 },
        "offline_store": store("offline_store"),
        "online_store": store("online_store"),
        "entity_key_serialization_version": 3,
    })
    .to_string()
}

fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

fn fetch(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let answer = String::from_utf8_lossy(&answer).into_owned();
    assert!(
        answer.starts_with("HTTP/1.1 200 "),
        "{path}: {}",
        answer.lines().next().unwrap_or_default()
    );
    answer
}

/// What an ingress does: `/feast/x` goes to `/x` of the server at `port`, anything else nowhere.
fn proxy(port: u16) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            thread::spawn(move || forward(client, port));
        }
    });
    address
}

fn forward(mut client: TcpStream, port: u16) -> std::io::Result<()> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        if client.read(&mut byte)? == 0 {
            return Ok(());
        }
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let Some((method, rest)) = head.split_once(" /feast/") else {
        return client.write_all(b"HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n");
    };
    let headers: Vec<&str> = rest
        .trim_end()
        .split("\r\n")
        .filter(|line| !line.to_ascii_lowercase().starts_with("connection:"))
        .collect();
    let mut server = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    write!(server, "{method} /{}\r\nConnection: close\r\n\r\n", headers.join("\r\n"))?;
    std::io::copy(&mut server, &mut client).map(drop)
}
