//! Users, passwords and databases that are awkward somewhere between a databag and PostgreSQL.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use charm::Secret;
use feast::{FeatureStore, Host, Store, TlsMode};
use serde_json::Value;
use stand::feast::{Feast, Release};
use stand::missing::{Need, needs};

use tests::container::cache;

/// Beyond those of the crate `feast`: templates, variables, control characters and what is no character.
const MORE: [&str; 22] = [
    "{{ NAMESPACE }}",
    "{{7*7}}",
    "{% raw %}",
    "{% for x in [1] %}{{x}}{% endfor %}",
    "{# gone #}",
    "{{",
    "%}",
    "${FEAST}",
    "$FEAST$",
    "\\${FEAST}",
    "\u{1}\u{8}\u{b}\u{c}\u{1b}\u{1f}",
    "\r",
    "a\r\nb",
    "\u{feff}bom",
    "\u{ffff}",
    "\u{fffe}",
    "\u{fffd}",
    "\u{10ffff}",
    "\u{80}\u{9f}",
    "\u{202e}rtl\u{200b}",
    "---",
    "? : - , [ ] { } # & * ! | > ' \" % @ `",
];

/// All values that are not refused.
pub(crate) fn values() -> Vec<String> {
    let vectors =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/feast/testdata/vectors.json");
    let vectors: Vec<Value> = serde_json::from_str(&fs::read_to_string(vectors).unwrap()).unwrap();
    let vectors = vectors.iter().map(|vector| vector["value"].as_str().unwrap().to_owned());
    let values: Vec<String> =
        vectors.chain(MORE.map(str::to_owned)).filter(|value| !value.is_empty()).collect();
    assert!(values.len() > 60);
    values
}

/// `feature_store.yaml` with `value` as every user, password and database.
pub(crate) fn file(value: &str, port: u16) -> String {
    let store = Store {
        hosts: vec![Host { name: "127.0.0.1".to_owned(), port }],
        database: value.to_owned(),
        user: value.to_owned(),
        password: Secret::new(value),
        tls: TlsMode::Prefer,
    };
    let file = FeatureStore::new(store.clone(), store.clone(), store).render().unwrap();
    file.reveal().to_owned()
}

/// The Feast of this machine; `None` where there can be none, and the test should return.
pub(crate) fn python(release: Release) -> Option<std::path::PathBuf> {
    if !needs(&[Need::Python]) {
        return None;
    }
    Some(Feast::install(&cache(), release).unwrap().python())
}

/// What the Python program `script` makes of `input`, both of them JSON.
pub(crate) fn ask(python: &Path, script: &str, input: &Value) -> Value {
    let mut child = Command::new(python)
        .args(["-c", script])
        // Variables that a careless reader would put into the file.
        .env("FEAST", "no")
        .env("PATHb", "no")
        .env("NAMESPACE", "no")
        .env("FEAST_USAGE", "False")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", output.status);
    serde_json::from_slice(&output.stdout).unwrap()
}
