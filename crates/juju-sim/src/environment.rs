//! The environment of a hook, which Juju builds from nothing.

use std::collections::BTreeMap;
use std::path::Path;

use crate::{Event, Owner, State};

/// Where things are, and what the run is called.
pub(crate) struct Place<'a> {
    pub(crate) charm_dir: &'a Path,
    pub(crate) tools: &'a Path,
    pub(crate) socket: &'a Path,
    pub(crate) context_id: &'a str,
}

/// The variables of `event`, as they are on Kubernetes. Many are set though they are empty.
pub(crate) fn variables(event: &Event, state: &State, at: &Place<'_>) -> BTreeMap<String, String> {
    let name = event.name(state);
    let is_action = matches!(event, Event::Action(..));
    let folder = if is_action { "actions" } else { "hooks" };
    let charm_dir = at.charm_dir.display().to_string();
    let path = format!(
        "{}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/charm/bin",
        at.tools.display()
    );
    let mut variables = BTreeMap::new();
    let mut set = |name: &str, value: &str| variables.insert(name.to_owned(), value.to_owned());
    set("APT_LISTCHANGES_FRONTEND", "none");
    set("CHARM_DIR", &charm_dir);
    set("CLOUD_API_VERSION", "1.31.0");
    set("DEBIAN_FRONTEND", "noninteractive");
    set("JUJU_AGENT_SOCKET_ADDRESS", &at.socket.display().to_string());
    set("JUJU_AGENT_SOCKET_NETWORK", "unix");
    set("JUJU_API_ADDRESSES", "10.152.183.20:17070");
    set("JUJU_AVAILABILITY_ZONE", "");
    set("JUJU_CHARM_DIR", &charm_dir);
    set("JUJU_CHARM_FTP_PROXY", "");
    set("JUJU_CHARM_HTTPS_PROXY", "");
    set("JUJU_CHARM_HTTP_PROXY", "");
    set("JUJU_CHARM_NO_PROXY", "127.0.0.1,localhost,::1");
    set("JUJU_CONTEXT_ID", at.context_id);
    set("JUJU_DISPATCH_PATH", &format!("{folder}/{name}"));
    set("JUJU_HOOK_NAME", if is_action { "" } else { &name });
    set("JUJU_MACHINE_ID", "");
    set("JUJU_MODEL_NAME", &state.model.name);
    set("JUJU_MODEL_UUID", &state.model.uuid);
    set("JUJU_PRINCIPAL_UNIT", "");
    set("JUJU_UNIT_NAME", &state.unit);
    set("JUJU_VERSION", &state.juju_version);
    set("KUBERNETES_SERVICE_HOST", "10.152.183.1");
    set("KUBERNETES_SERVICE_PORT", "443");
    set("LANG", "C.UTF-8");
    set("PATH", &path);
    set("TERM", "tmux-256color");
    if state.is_juju_4() {
        set("JUJU_CHARM_TRACE_CONFIG_CA_CERT", "");
        set("JUJU_CHARM_TRACE_CONFIG_GRPC", "");
        set("JUJU_CHARM_TRACE_CONFIG_HTTP", "");
    } else {
        set("JUJU_SLA", "unsupported");
    }
    variables.extend(subject(event, state));
    variables
}

/// The variables that say what the hook is about.
fn subject(event: &Event, state: &State) -> Vec<(String, String)> {
    let pairs: Vec<(&str, String)> = match event {
        Event::Hook(_) => Vec::new(),
        Event::Action(name, _) => vec![
            ("JUJU_ACTION_NAME", name.clone()),
            ("JUJU_ACTION_TAG", "action-14".to_owned()),
            ("JUJU_ACTION_UUID", "14".to_owned()),
        ],
        Event::PebbleReady(container) => vec![("JUJU_WORKLOAD_NAME", container.clone())],
        Event::PebbleCheckFailed(container, check)
        | Event::PebbleCheckRecovered(container, check) => vec![
            ("JUJU_WORKLOAD_NAME", container.clone()),
            ("JUJU_PEBBLE_CHECK_NAME", check.clone()),
        ],
        Event::PebbleCustomNotice(container, key) => vec![
            ("JUJU_WORKLOAD_NAME", container.clone()),
            ("JUJU_NOTICE_ID", "12".to_owned()),
            ("JUJU_NOTICE_TYPE", "custom".to_owned()),
            ("JUJU_NOTICE_KEY", key.clone()),
        ],
        Event::SecretChanged(id) | Event::SecretRotate(id) => secret(id, None, state),
        Event::SecretExpired(id, revision) | Event::SecretRemove(id, revision) => {
            secret(id, Some(*revision), state)
        }
        Event::StorageAttached(id) | Event::StorageDetaching(id) => vec![
            ("JUJU_STORAGE_ID", id.clone()),
            ("JUJU_STORAGE_KIND", "filesystem".to_owned()),
            ("JUJU_STORAGE_LOCATION", format!("/var/lib/juju/storage/{id}")),
        ],
        _ => relation(event, state),
    };
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn relation(event: &Event, state: &State) -> Vec<(&'static str, String)> {
    let Some(relation) = event.relation().and_then(|id| state.relation(id)) else {
        return Vec::new();
    };
    let application = match event {
        Event::RelationBrokenAfterRestart(_) => String::new(),
        _ => relation.remote_app.clone(),
    };
    let mut pairs = vec![
        ("JUJU_RELATION", relation.endpoint.clone()),
        ("JUJU_RELATION_ID", format!("{}:{}", relation.endpoint, relation.id)),
        ("JUJU_REMOTE_APP", application),
        ("JUJU_REMOTE_UNIT", event.remote_unit().unwrap_or_default().to_owned()),
    ];
    if let Event::RelationDeparted { departing, .. } = event {
        pairs.push(("JUJU_DEPARTING_UNIT", departing.clone()));
    }
    pairs
}

fn secret(id: &str, revision: Option<u32>, state: &State) -> Vec<(&'static str, String)> {
    let known = state.secret(id);
    let label = known.and_then(|secret| match secret.owner {
        Owner::Other => secret.consumer_label.clone(),
        _ => secret.consumer_label.clone().or_else(|| Some(secret.label.clone())),
    });
    let id = known.map_or(id, |secret| secret.bare_id());
    let mut pairs = vec![
        ("JUJU_SECRET_ID", format!("secret:{id}")),
        ("JUJU_SECRET_LABEL", label.unwrap_or_default()),
    ];
    pairs.extend(revision.map(|revision| ("JUJU_SECRET_REVISION", revision.to_string())));
    pairs
}
