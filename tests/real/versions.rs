//! One file for every release of Feast.

use std::process::Command;
use std::{fs, path::Path};

use charm::Secret;
use feast::{EntityKeys, FeatureStore, Host, Store, TlsMode};
use serde_json::Value;
use stand::feast::{Feast, Release, notebook};
use stand::missing::{Need, needs};
use stand::postgresql::Postgres;

use tests::container::cache;

/// Makes the database with an owner of its own.
fn store(postgres: &Postgres, database: &str) -> Store {
    let (user, password) = (format!("{database}'s \"user\""), format!("{database} p@ss/%41$HOME"));
    let quoted = |text: &str, quote: &str| text.replace(quote, &quote.repeat(2));
    let (role, literal) = (quoted(&user, "\""), quoted(&password, "'"));
    let sql = format!("CREATE ROLE \"{role}\" LOGIN PASSWORD '{literal}'");
    postgres.sql("postgres", &sql).unwrap();
    postgres.sql("postgres", &format!("CREATE DATABASE {database} OWNER \"{role}\"")).unwrap();
    Store {
        hosts: vec![Host { name: "127.0.0.1".to_owned(), port: postgres.port() }],
        database: database.to_owned(),
        user,
        password: Secret::new(password),
        tls: TlsMode::Prefer,
    }
}

/// Applies, materializes and retrieves features online and offline, by the file as feast-integrator delivers it.
fn uses(folder: &Path, release: Release) {
    let file = folder.join("feature_store.yaml");
    let python = Feast::install(&cache(), release).unwrap().python();
    let output = Command::new(python)
        .arg(notebook().join("notebook.py"))
        .env("FEAST_FS_YAML_FILE_PATH", &file)
        .env("FEAST_USAGE", "False")
        .current_dir(folder)
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{} {errors}", release.version());
    let result: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(result["feast"], release.version());
    assert_eq!(result["offline_right"], true, "{result}");
    assert_eq!(result["online_right"], true, "{result}");
}

/// The releases one after the other, on what the one before has left: with the encoding of entity keys that earlier
/// deployments keep, and with that of new ones.
fn one_after_the_other(releases: &[Release]) {
    if !needs(&[Need::Python, Need::Namespaces]) {
        return;
    }
    for entity_keys in [EntityKeys::Version2, EntityKeys::Version3] {
        with_entity_keys(entity_keys, releases);
    }
}

fn with_entity_keys(entity_keys: EntityKeys, releases: &[Release]) {
    let folder = tempfile::tempdir().unwrap();
    let postgres = Postgres::start(&cache(), &folder.path().join("postgresql")).unwrap();
    let [registry, offline, online] =
        ["registry", "offline_store", "online_store"].map(|name| store(&postgres, name));
    let store = FeatureStore { entity_keys, ..FeatureStore::new(registry, offline, online) };
    let file = store.render().unwrap();
    fs::write(folder.path().join("feature_store.yaml"), file.reveal()).unwrap();
    for release in releases {
        uses(folder.path(), *release);
    }
}

#[test]
fn the_oldest_and_the_newest_feast_use_one_file_and_what_the_other_has_left() {
    one_after_the_other(&[Release::Original, Release::Newest, Release::Original]);
}

#[test]
#[ignore = "two more releases of Feast are 1.2 GB; run it with --ignored"]
fn every_feast_uses_one_file_and_what_the_others_have_left() {
    one_after_the_other(&Release::ALL);
}
