//! Feast behind a pooler, as its notebooks are told of it by an older resource dispatcher.

use std::process::Command;

use stand::postgresql::programs;
use tests::container::cache;

use super::model::{MODEL, Model, USER};

/// The Service, then the nodes, then an address: each change reaches users and the UI, and what is listed first answers.
pub(crate) fn every_kind_of_endpoints_reaches_feast_and_answers(model: &Model) {
    assert!(model.object("poddefault", USER, "feast-integrator-access-feast").is_some());
    assert_eq!(host(model), (format!("pgbouncer-k8s.{MODEL}.svc.cluster.local"), 6432));

    let network = model.controller.network();
    let expose =
        |how: &str| model.juju(&["config", "pgbouncer-k8s", &format!("expose-external={how}")]);
    let starts_with = |host: &str| host.starts_with(&format!("{network}."));
    for (how, last, port) in [("nodeport", ".201", 31_234), ("loadbalancer", ".1", 6432)] {
        expose(how);
        model.wait(|_| {
            let (host, found) = host(model);
            starts_with(&host) && host.ends_with(last) && found == port
        });
        for store in ["offline_store", "online_store"] {
            let who = log_in(&store_of(model, store));
            assert!(who.starts_with("pgbouncer_relation_id_"), "{store} {how}: {who}");
        }
    }
    // The UI has been started with the last of them, and has read its registry there.
    model.settle(&["pgbouncer-k8s", "feast-integrator", "resource-dispatcher", "feast-ui"]);
}

/// A store of the file that users get.
fn store_of(model: &Model, store: &str) -> serde_yaml::Value {
    let template = r#"go-template={{index .data "feature_store.yaml" | base64decode}}"#;
    let secret = ["get", "secret", "feature-store-yaml", "--namespace", USER, "--output", template];
    let text = model.controller.kubernetes().kubectl(secret).unwrap();
    let mut file: serde_yaml::Value = serde_yaml::from_str(&text).unwrap();
    std::mem::take(file.get_mut(store).unwrap())
}

fn host(model: &Model) -> (String, u64) {
    let store = store_of(model, "online_store");
    (store["host"].as_str().unwrap().to_owned(), store["port"].as_u64().unwrap())
}

/// Who one is to PostgreSQL with what is in the file.
fn log_in(store: &serde_yaml::Value) -> String {
    let text = |key: &str| store[key].as_str().unwrap();
    let output = Command::new(programs(&cache()).unwrap().join("psql"))
        .args(["--no-psqlrc", "--tuples-only", "--no-align", "--command=SELECT session_user"])
        .args(["--host", text("host"), "--port", &store["port"].as_u64().unwrap().to_string()])
        .args(["--username", text("user"), "--dbname", text("database")])
        .env("PGPASSWORD", text("password"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}
