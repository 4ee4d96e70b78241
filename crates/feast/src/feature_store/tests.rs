//! What the file says, and what cannot be in it.

use proptest::prelude::*;
use serde_yaml::Value;

use super::*;

fn store(number: u16, database: &str) -> Store {
    Store {
        hosts: vec![Host { name: "pg-primary.kubeflow.svc.cluster.local".to_owned(), port: 5432 }],
        database: database.to_owned(),
        user: format!("relation_id_{number}"),
        password: "Qm3Zt0aWv9LxYk2B".into(),
        tls: TlsMode::Prefer,
    }
}

fn everything() -> FeatureStore {
    FeatureStore::new(store(12, "registry"), store(10, "offline_store"), store(11, "online_store"))
}

fn rendered(store: &FeatureStore) -> String {
    store.render().unwrap().reveal().to_owned()
}

#[test]
fn three_databases_make_one_file() {
    insta::assert_snapshot!(rendered(&everything()), @r#"
    project: "feast_project"
    registry:
      registry_type: sql
      path: "postgresql+psycopg://relation%5Fid%5F12:Qm3Zt0aWv9LxYk2B@pg-primary.kubeflow.svc.cluster.local:5432/registry?sslmode=prefer&connect_timeout=10"
      cache_ttl_seconds: 60
      sqlalchemy_config_kwargs:
        echo: false
        pool_pre_ping: true
    provider: local
    offline_store:
      type: postgres
      host: "pg-primary.kubeflow.svc.cluster.local"
      port: 5432
      database: "offline_store"
      db_schema: "public"
      user: "relation_id_10"
      password: "Qm3Zt0aWv9LxYk2B"
      sslmode: prefer
    online_store:
      type: postgres
      host: "pg-primary.kubeflow.svc.cluster.local"
      port: 5432
      database: "online_store"
      db_schema: "public"
      user: "relation_id_11"
      password: "Qm3Zt0aWv9LxYk2B"
      sslmode: prefer
      conn_type: pool
    entity_key_serialization_version: 2
    "#);
}

#[test]
fn with_tls_the_server_is_held_to_it() {
    let mut store = everything();
    store.offline_store.tls = TlsMode::Require;
    store.registry.tls = TlsMode::VerifyFull { ca: "/feast/ca.crt".to_owned() };
    store.online_store.tls = store.registry.tls.clone();
    let text = rendered(&store);
    let lines: Vec<&str> = text.lines().filter(|line| line.contains("ssl")).collect();
    insta::assert_snapshot!(lines.join("\n"), @r#"
      path: "postgresql+psycopg://relation%5Fid%5F12:Qm3Zt0aWv9LxYk2B@pg-primary.kubeflow.svc.cluster.local:5432/registry?sslmode=verify-full&sslrootcert=%2Ffeast%2Fca%2Ecrt&connect_timeout=10"
      sslmode: require
      sslmode: verify-full
      sslrootcert_path: "/feast/ca.crt"
    "#);
}

#[test]
fn sslmode_is_always_written_and_never_disable() {
    let text = rendered(&everything());
    assert_eq!(text.matches("sslmode").count(), 3);
    assert!(!text.contains("disable"));
}

#[test]
fn hosts_that_listen_on_the_first_ones_port_share_a_store() {
    let mut store = everything();
    store.offline_store.hosts = [("pg-0", 6432), ("pg-1", 7432), ("::1", 6432)]
        .map(|(name, port)| Host { name: name.to_owned(), port })
        .to_vec();
    let text = rendered(&store);
    assert!(text.contains("  host: \"pg-0,::1\"\n  port: 6432\n"), "{text}");
}

#[test]
fn entity_keys_can_be_those_of_a_new_store() {
    let store = FeatureStore { entity_keys: EntityKeys::Version3, ..everything() };
    assert!(rendered(&store).ends_with("\nentity_key_serialization_version: 3\n"));
}

#[test]
fn an_operators_choices_are_in_the_file() {
    let store = FeatureStore {
        registry_cache_ttl: 0,
        connect_timeout: NonZeroU16::new(3).unwrap(),
        pool_size: NonZeroU16::new(25),
        ..everything()
    };
    let text = rendered(&store);
    let chosen =
        ["connect_timeout=3\"", "cache_ttl_seconds: 0\n", "conn_type: pool\n  max_conn: 25\n"];
    assert!(chosen.iter().all(|choice| text.contains(choice)), "{text}");
}

#[test]
fn what_is_added_is_merged_at_every_depth() {
    let yaml = "
        provider: custom.Provider
        flags: {alpha_features: true, 'yes': [1, 2.5, a$HOME, {{b: ~}: 1}]}
        registry: {cache_mode: thread, sqlalchemy_config_kwargs: {echo: true, pool_size: 3}}
        online_store: {vector_enabled: true}
    "
    .replace("{{b: ~}: 1}", "{b: ~}");
    let store = FeatureStore { extra: Extra::read(&yaml).unwrap(), ..everything() };
    let (plain, text) = (rendered(&everything()), rendered(&store));
    let added: Vec<&str> =
        text.lines().filter(|line| !plain.lines().any(|old| old == *line)).collect();
    insta::assert_snapshot!(added.join("\n"), @r#"
        echo: true
        pool_size: 3
      cache_mode: "thread"
    provider: "custom.Provider"
      vector_enabled: true
    flags:
      alpha_features: true
      "yes": [1, 2.5, "a\x24HOME", { "b": null }]
    "#);
    let read: Value = serde_yaml::from_str(&text).unwrap();
    assert_eq!(read["flags"]["yes"][2], "a$HOME");
    assert!(read["flags"]["yes"][3]["b"].is_null());
    assert_eq!(read["registry"]["sqlalchemy_config_kwargs"]["pool_pre_ping"], true);
}

#[test]
fn what_is_added_cannot_take_the_place_of_a_section() {
    let extra = Extra::read("registry: {sqlalchemy_config_kwargs: 1}").unwrap();
    let error = FeatureStore { extra, ..everything() }.render().unwrap_err();
    assert_eq!(error.to_string(), "registry.sqlalchemy_config_kwargs is not a mapping");
}

#[test]
fn what_cannot_be_represented_is_refused_by_the_name_of_the_field() {
    type Damage = fn(&mut FeatureStore);
    let damages: [(Damage, &str); 13] = [
        (|store| store.project.clear(), "project is not ASCII"),
        (|store| store.project = "_a".to_owned(), "project is not ASCII"),
        (|store| store.project = "a-b".to_owned(), "project is not ASCII"),
        (|store| store.registry.hosts.clear(), "registry.host is missing"),
        (|store| store.online_store.hosts[0].port = 0, "online_store.port is not a port"),
        (|store| store.registry.hosts[0].name = "a,b".to_owned(), "registry.host is not the name"),
        (
            |store| store.registry.hosts[0].name = "[::1]".to_owned(),
            "registry.host is not the name",
        ),
        (|store| store.registry.hosts[0].name = "/run".to_owned(), "registry.host is not the name"),
        (|store| store.registry.hosts[0].name.clear(), "registry.host is not the name"),
        (|store| store.offline_store.database.clear(), "offline_store.database is empty"),
        (|store| store.online_store.user = "a\0".to_owned(), "online_store.user has a NUL"),
        (|store| store.registry.password = "\0".into(), "registry.password has a NUL"),
        (
            |store| store.registry.tls = TlsMode::VerifyFull { ca: String::new() },
            "registry.sslrootcert_path is empty",
        ),
    ];
    for (damage, expected) in damages {
        let mut store = everything();
        damage(&mut store);
        let error = store.render().unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}");
    }
}

#[test]
fn no_printable_thing_carries_a_password() {
    let mut store = everything();
    store.registry.password = "hunter2\0".into();
    let error = store.render().unwrap_err();
    let printed = format!("{store:?} {error} {error:?} {:?}", everything().render());
    assert!(!printed.contains("hunter2") && !printed.contains("Qm3Zt0a"), "{printed}");
}

fn text() -> impl Strategy<Value = String> {
    "[^\\x00]{1,20}|[${%#}\"'\\\\@:/ \n\ta-c]{1,20}|[0-9]{1,9}|yes|null|~|1e5"
}

proptest! {
    #[test]
    fn the_file_reads_back_to_what_went_in(
        user in text(), password in text(), database in text(),
    ) {
        let mut store = everything();
        for one in [&mut store.registry, &mut store.offline_store, &mut store.online_store] {
            one.user.clone_from(&user);
            one.password = password.as_str().into();
            one.database.clone_from(&database);
        }
        let file = rendered(&store);
        prop_assert!(file.is_ascii() && !file.contains(['$', '{']), "{}", file);
        let read: Value = serde_yaml::from_str(&file).unwrap();
        for section in ["offline_store", "online_store"] {
            prop_assert_eq!(&read[section]["user"], user.as_str());
            prop_assert_eq!(&read[section]["password"], password.as_str());
            prop_assert_eq!(&read[section]["database"], database.as_str());
        }
        let url = url::registry(&store.registry, store.connect_timeout);
        prop_assert_eq!(&read["registry"]["path"], url.as_str());
    }
}
