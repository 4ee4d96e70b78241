//! The options of the charms, as the documentation shows them.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

use serde_yaml::Value;

/// One table for each charm, made of its `config.yaml`.
fn document() -> String {
    let mut text = String::from(
        "# Options\n\nMade of `metadata/*/config.yaml` by `UPDATE_DOCS=1 cargo test -p tests --test suite options`.\n",
    );
    for charm in ["feast-integrator", "feast-ui"] {
        let path = workspace().join("metadata").join(charm).join("config.yaml");
        let config: Value = serde_yaml::from_str(&fs::read_to_string(path).unwrap()).unwrap();
        write!(text, "\n## {charm}\n\n| Option | Type | Default | |\n|---|---|---|---|\n").unwrap();
        for (name, option) in config["options"].as_mapping().unwrap() {
            let (name, kind) = (name.as_str().unwrap(), option["type"].as_str().unwrap());
            let default = match &option["default"] {
                Value::String(text) => format!("`{text:?}`"),
                other => format!("`{}`", serde_yaml::to_string(other).unwrap().trim()),
            };
            let description = option["description"].as_str().unwrap().replace('\n', " ");
            writeln!(text, "| `{name}` | {kind} | {default} | {} |", description.trim()).unwrap();
        }
    }
    text
}

fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

#[test]
fn the_documentation_has_the_options_that_the_charms_have() {
    let path = workspace().join("docs/OPTIONS.md");
    if env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, document()).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == document(), "docs/OPTIONS.md is out of date: run with UPDATE_DOCS=1");
}
