//! Users, passwords and databases that are awkward somewhere between a databag and PostgreSQL.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use charm::Secret;
use feast::{FeatureStore, Host, Store, TlsMode};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
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

/// How many logins are made up, on how many databases.
const GENERATED: usize = 1_000;
const DATABASES: usize = 50;
/// The same logins in every run.
const SEED: u64 = 8_888;

/// All values that are not refused.
fn values() -> Vec<String> {
    let vectors =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/feast/testdata/vectors.json");
    let vectors: Vec<Value> = serde_json::from_str(&fs::read_to_string(vectors).unwrap()).unwrap();
    let vectors = vectors.iter().map(|vector| vector["value"].as_str().unwrap().to_owned());
    let values: Vec<String> =
        vectors.chain(MORE.map(str::to_owned)).filter(|value| !value.is_empty()).collect();
    assert!(values.len() > 60);
    values
}

/// Who logs in, by what, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Login {
    pub(crate) user: String,
    pub(crate) password: String,
    pub(crate) database: String,
}

/// Each value as user, password and database at once, and then a thousand logins of three values each.
pub(crate) fn logins() -> Vec<Login> {
    let all_the_same =
        |value: String| Login { user: value.clone(), password: value.clone(), database: value };
    let mut random = StdRng::seed_from_u64(SEED);
    let taken: BTreeSet<String> = values().into_iter().collect();
    let mut users = BTreeSet::new();
    while users.len() < GENERATED {
        users.insert(generated(&mut random));
    }
    // A database costs the server more than all of a role.
    let databases: Vec<String> =
        users.difference(&taken).step_by(GENERATED / DATABASES).cloned().collect();
    let three = |(number, user): (usize, &String)| Login {
        user: user.clone(),
        password: generated(&mut random),
        database: databases[number % databases.len()].clone(),
    };
    let generated: Vec<Login> = users.difference(&taken).enumerate().map(three).collect();
    values().into_iter().map(all_the_same).chain(generated).collect()
}

/// What the server takes for a name of a role: up to 63 bytes, none of them zero, and no reserved word.
fn generated(random: &mut StdRng) -> String {
    let length = random.random_range(1..=24);
    let mut text = String::new();
    for _ in 0..length {
        let signs: &[char] = match random.random_range(0..8) {
            0 | 1 => &['a', 'Z', '0', '9', '_', '-', '.', '~'],
            2 => &['%', '/', ':', '@', '?', '#', '[', ']', '+', '&', '=', ';', ','],
            3 => &['$', '{', '}', '%', '#', '\\', '`', '|', '!', '*'],
            4 => &['"', '\'', '\\', '<', '>', '(', ')', '^'],
            5 => &[' ', '\t', '\n', '\r', '\u{1}', '\u{7f}', '\u{85}', '\u{a0}', '\u{2028}'],
            6 => &['é', 'ß', 'ﬁ', '\u{301}', 'Я', '中', '\u{200b}', '\u{feff}', '\u{e000}'],
            _ => &['😀', '𝒳', '\u{10ffff}', '\u{1f1e9}', '\u{fffd}', '１', 'Å'],
        };
        let sign = signs[random.random_range(0..signs.len())];
        if text.len() + sign.len_utf8() <= 63 {
            text.push(sign);
        }
    }
    text
}

/// `feature_store.yaml` with the login for every store.
pub(crate) fn file(login: &Login, port: u16) -> String {
    let Login { user, password, database } = login.clone();
    let store = Store {
        hosts: vec![Host { name: "127.0.0.1".to_owned(), port }],
        database,
        user,
        password: Secret::new(password),
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
