//! What should come of a situation in which nothing is missing, worked out from what the other side says alone.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tests::recorded::Situation;

use crate::fields::{Fields, put};
use crate::labels;

/// The stores, and the endpoints of their databases.
pub(crate) const STORES: [(&str, &str); 3] = [
    ("registry", "registry"),
    ("offline_store", "offline-store"),
    ("online_store", "online-store"),
];

/// What the other side says under a key.
type Told<'a> = Box<dyn Fn(&str) -> Option<String> + 'a>;

/// How to reach the database of a store.
#[derive(Clone, Debug)]
struct Store {
    user: String,
    password: String,
    host: String,
    port: u16,
    database: String,
    tls: bool,
}

/// Every field that should be there once everything is there; only statuses are left out.
pub(crate) fn wanted(situation: &Situation) -> Fields {
    let mut fields = Fields::new();
    fields.insert("hook".to_owned(), json!("ok"));
    let stores = stores(situation);
    match situation.charm.as_str() {
        "feast-integrator" => integrator(&mut fields, situation, stores.as_ref()),
        _ => ui(&mut fields, situation, stores.as_ref()),
    }
    fields
}

/// Whether the other side has said all that is needed, and nothing that cannot be.
pub(crate) fn is_configured(situation: &Situation) -> bool {
    stores(situation).is_some()
}

fn integrator(fields: &mut Fields, situation: &Situation, stores: Option<&BTreeMap<&str, Store>>) {
    let application = situation.input.unit.split('/').next().unwrap_or_default();
    // The fifteen keys have no word for TLS.
    let secret = stores.filter(|stores| stores.values().any(|store| store.tls));
    for relation in &situation.input.relations {
        let bag = format!("{}:{}/app", relation.endpoint, relation.id);
        let mut put = |key: &str, value: Value| put(fields, &format!("{bag}/{key}"), value);
        match (relation.endpoint.as_str(), stores) {
            ("secrets", Some(stores)) => put(
                "kubernetes_manifests",
                json!([{
                    "apiVersion": "v1", "kind": "Secret", "type": "Opaque", "metadata": {"name": "feature-store-yaml"},
                    "stringData": {"feature_store.yaml": file(stores)},
                }]),
            ),
            ("pod-defaults", Some(_)) => put(
                "kubernetes_manifests",
                json!([{
                    "apiVersion": "kubeflow.org/v1alpha1", "kind": "PodDefault",
                    "metadata": {"name": format!("{application}-access-feast")},
                    "spec": {
                        "desc": "Allow access to Feast",
                        "selector": {"matchLabels": {"access-feast": "true"}},
                        "env": [{"name": "FEAST_FS_YAML_FILE_PATH", "value": "/feast/feature_store.yaml"}],
                        "volumeMounts": [{"name": "feature-store-yaml", "mountPath": "/feast"}],
                        "volumes": [{"name": "feature-store-yaml", "secret": {"secretName": "feature-store-yaml"}}],
                    },
                }]),
            ),
            ("feast-configuration", Some(stores)) => {
                for (name, store) in stores {
                    put(&format!("{name}_user"), json!(store.user));
                    put(&format!("{name}_password"), json!(store.password));
                    put(&format!("{name}_host"), json!(store.host));
                    put(&format!("{name}_port"), json!(store.port.to_string()));
                    put(&format!("{name}_database"), json!(store.database));
                }
                if let Some(stores) = secret {
                    let name = "own secret:feast-configuration";
                    let announced =
                        format!("feast-configuration:{}/unit/secret-configuration", relation.id);
                    fields.insert(announced, json!(name));
                    super::fields::put(fields, &format!("{name}/feature-store"), file(stores));
                }
            }
            ("secrets" | "pod-defaults" | "feast-configuration", None) => {}
            (endpoint, _) => {
                put("database", json!(endpoint.replace('-', "_")));
                let secret = ["username", "password", "tls", "tls-ca", "uris", "read-only-uris"];
                put("requested-secrets", json!(secret));
                put("provided-secrets", json!(["mtls-cert"]));
            }
        }
    }
}

fn ui(fields: &mut Fields, situation: &Situation, stores: Option<&BTreeMap<&str, Store>>) {
    fields.insert("ports".to_owned(), json!(["8888/tcp"]));
    let application = situation.input.unit.split('/').next().unwrap_or_default();
    let model = &situation.input.model.name;
    for relation in &situation.input.relations {
        let bag = format!("{}:{}/app", relation.endpoint, relation.id);
        let mut put = |key: &str, value: Value| put(fields, &format!("{bag}/{key}"), value);
        match relation.endpoint.as_str() {
            "dashboard-links" => put(
                "dashboard_links",
                json!([{
                    "text": "Feast", "link": "/feast/", "type": "item", "icon": "device:data-usage",
                    "location": "external", "desc": "",
                }]),
            ),
            "ingress" => {
                put("_supported_versions", json!(["v1"]));
                put(
                    "data",
                    json!({
                        "service": application, "port": 8888, "namespace": model, "prefix": "/feast/", "rewrite": "/",
                    }),
                );
            }
            "istio-ingress-route" => {
                let tls = relation.remote_app_data.get("tls_enabled");
                let tls = tls.is_some_and(|text| text.eq_ignore_ascii_case("true"));
                put("config", route(application, model, if tls { 443 } else { 80 }));
            }
            "service-mesh" => put("policies", json!([])),
            "require-cmr-mesh" => {
                put("cmr_data", json!({"app_name": application, "juju_model_name": model}));
            }
            _ => {}
        }
    }
    fields.extend(labels::wanted(situation).iter().flat_map(labels::fields));
    let Some(stores) = stores else { return };
    put(fields, "content of /home/ubuntu/feature_store.yaml", file(stores));
    put(fields, "mode of /home/ubuntu/feature_store.yaml", json!("0600"));
    put(fields, "layer/feast-ui", json!(true));
    put(fields, "service/feast-ui", json!("active"));
    put(
        fields,
        "plan",
        json!({
            "services": {"feast-ui": {
                "override": "replace", "summary": "Entry point for feast-ui image", "startup": "enabled",
                "command": "feast ui --host 0.0.0.0 --port 8888 --root_path /feast", "working-dir": "/home/ubuntu",
                "environment": {"FEATURE_STORE_SHA256": "that of the file", "PGCONNECT_TIMEOUT": "10"},
                "on-check-failure": {"up": "restart"},
            }},
            "checks": {"up": {
                "override": "replace", "level": "ready", "period": "5s", "timeout": "3s", "threshold": 12,
                "http": {"url": "http://localhost:8888/projects-list.json"},
            }},
        }),
    );
}

fn route(application: &str, model: &str, port: u16) -> Value {
    let listener = json!({"port": port, "protocol": "HTTP"});
    json!({
        "model": model,
        "listeners": [listener],
        "grpc_routes": [],
        "http_routes": [{
            "name": "http-route",
            "listener": listener,
            "hostnames": null,
            "matches": [{
                "path": {"type": "PathPrefix", "value": "/feast/"}, "method": null, "headers": null,
            }],
            "filters": [{"type": "URLRewrite", "urlRewrite": {
                "hostname": null, "path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/"},
            }}],
            "backends": [{"service": application, "port": 8888, "weight": null}],
        }],
    })
}

/// `feature_store.yaml` as it should read.
fn file(stores: &BTreeMap<&str, Store>) -> Value {
    let mode = |tls: bool| if tls { "require" } else { "prefer" };
    let store = |name: &str| {
        let Store { user, password, host, port, database, tls } = &stores[name];
        json!({
            "type": "postgres", "host": host, "port": port, "database": database, "db_schema": "public",
            "user": user, "password": password, "sslmode": mode(*tls),
        })
    };
    let Store { user, password, host, port, database, tls } = &stores["registry"];
    let mut online = store("online_store");
    online["conn_type"] = json!("pool");
    json!({
        "project": "feast_project", "provider": "local", "entity_key_serialization_version": 2,
        "registry": {
            "registry_type": "sql", "cache_ttl_seconds": 60,
            "sqlalchemy_config_kwargs": {"echo": false, "pool_pre_ping": true},
            "path": {
                "driver": "postgresql+psycopg", "user": user, "password": password, "host": host, "port": port,
                "database": database, "query": {"sslmode": mode(*tls), "connect_timeout": "10"},
            },
        },
        "offline_store": store("offline_store"),
        "online_store": online,
    })
}

fn stores(situation: &Situation) -> Option<BTreeMap<&'static str, Store>> {
    let input = &situation.input;
    let only = |endpoint: &str| {
        let mut found = input.relations.iter().filter(|relation| {
            relation.endpoint == endpoint && Some(relation.id) != input.event.breaking()
        });
        let first = found.next();
        first.filter(|_| found.next().is_none())
    };
    let store = |(name, endpoint): (&'static str, &str)| {
        let told: Told<'_> = if situation.charm == "feast-ui" {
            let bag = &only("feast-configuration")?.remote_app_data;
            Box::new(move |key| bag.get(&format!("{name}_{key}")).cloned())
        } else {
            let relation = only(endpoint)?;
            let bag = &relation.remote_app_data;
            let subordinated = bag.get("subordinated").is_some_and(|text| text == "true");
            let ready =
                |bag: &juju_sim::Bag| bag.get("state").is_some_and(|state| state == "ready");
            if subordinated && !relation.remote_units_data.values().any(ready) {
                return None;
            }
            let content = bag.get("secret-user").map(|uri| {
                let secret = input.secrets.iter().find(|secret| secret.id == *uri)?;
                Some(secret.latest_content.as_ref().unwrap_or(&secret.tracked_content))
            });
            let secret = match content {
                Some(content) => Some(content?),
                None => None,
            };
            Box::new(move |key| {
                let key = if key == "user" { "username" } else { key };
                secret.and_then(|content| content.get(key)).or_else(|| bag.get(key)).cloned()
            })
        };
        let text = |key: &str| told(key).filter(|text| !text.is_empty());
        let (host, port) = match text("endpoints") {
            Some(endpoints) => first(&endpoints)?,
            None => (host_of(&text("host")?, false)?, port_of(&text("port")?)?),
        };
        let (user, password) = (text("user")?, text("password")?);
        let tls = text("tls").is_some_and(|text| text.eq_ignore_ascii_case("true"));
        Some((name, Store { user, password, host, port, database: text("database")?, tls }))
    };
    STORES.into_iter().map(store).collect()
}

/// The first endpoint of a list that can be.
pub(crate) fn first(endpoints: &str) -> Option<(String, u16)> {
    endpoints.split(',').find_map(|endpoint| {
        let endpoint = endpoint.trim();
        match endpoint.rsplit_once(':') {
            Some((host, port)) => Some((host_of(host, true)?, port_of(port)?)),
            None => Some((host_of(endpoint, true)?, 5432)),
        }
    })
}

/// A name, or an address without its brackets.
fn host_of(text: &str, brackets_needed: bool) -> Option<String> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    if bare.unwrap_or(text).parse::<std::net::Ipv6Addr>().is_ok() {
        return bare.or(Some(text).filter(|_| !brackets_needed)).map(str::to_owned);
    }
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    (!text.is_empty() && text.bytes().all(plain)).then(|| text.to_owned())
}

/// As Python reads a number.
fn port_of(text: &str) -> Option<u16> {
    let text = text.trim();
    if text.contains("__") || text.starts_with('_') || text.ends_with('_') {
        return None;
    }
    let digits: Option<String> = text
        .strip_prefix('+')
        .unwrap_or(text)
        .chars()
        .filter(|character| *character != '_')
        .map(|character| digit(character).and_then(|digit| char::from_digit(digit, 10)))
        .collect();
    digits?.parse().ok().filter(|port| *port != 0)
}

/// ASCII digits, and the two other kinds that were recorded.
fn digit(character: char) -> Option<u32> {
    let others = ['\u{660}', '\u{ff10}'].into_iter().find_map(|zero| {
        u32::from(character).checked_sub(u32::from(zero)).filter(|digit| *digit < 10)
    });
    character.to_digit(10).or(others)
}
