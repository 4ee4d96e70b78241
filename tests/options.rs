//! The options and actions of the charms, as the documentation shows them.

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

/// One section for each charm, made of its `actions.yaml`.
fn actions() -> String {
    let mut text = String::from(
        "# Actions\n\nMade of `metadata/*/actions.yaml` by `UPDATE_DOCS=1 cargo test -p tests --test suite options`.\n\n\
         `juju run <unit> <action> <parameter>=<value>` runs one, on any unit.\n",
    );
    for charm in ["feast-integrator", "feast-ui"] {
        let path = workspace().join("metadata").join(charm).join("actions.yaml");
        let actions: Value = serde_yaml::from_str(&fs::read_to_string(path).unwrap()).unwrap();
        write!(text, "\n## {charm}\n").unwrap();
        for (name, action) in actions.as_mapping().unwrap() {
            // Else Juju 3 would take a parameter that is misspelt.
            assert_eq!(action["additionalProperties"], Value::Bool(false), "{name:?}");
            let description = action["description"].as_str().unwrap().replace('\n', " ");
            let name = name.as_str().unwrap();
            write!(text, "\n### {name}\n\n{}\n", description.trim()).unwrap();
            let Some(parameters) = action["params"].as_mapping() else { continue };
            text.push_str("\n| Parameter | Type | Default | |\n|---|---|---|---|\n");
            for (name, parameter) in parameters {
                let name = name.as_str().unwrap();
                let default = serde_yaml::to_string(&parameter["default"]).unwrap();
                let description = parameter["description"].as_str().unwrap();
                let kind = kind(parameter);
                writeln!(text, "| `{name}` | {kind} | `{}` | {description} |", default.trim())
                    .unwrap();
            }
        }
    }
    text
}

/// The type of a parameter, with its limits.
fn kind(parameter: &Value) -> String {
    if let Some(words) = parameter["enum"].as_sequence() {
        return words.iter().map(|word| word.as_str().unwrap()).collect::<Vec<_>>().join(", ");
    }
    let kind = parameter["type"].as_str().unwrap();
    match (parameter["minimum"].as_u64(), parameter["maximum"].as_u64()) {
        (Some(least), Some(most)) => format!("{kind}, {least} to {most}"),
        _ => kind.to_owned(),
    }
}

fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn is_kept(name: &str, document: &str) {
    let path = workspace().join("docs").join(name);
    if env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, document).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == document, "docs/{name} is out of date: run with UPDATE_DOCS=1");
}

#[test]
fn the_documentation_has_the_options_that_the_charms_have() {
    is_kept("OPTIONS.md", &document());
}

#[test]
fn the_documentation_has_the_actions_that_the_charms_have() {
    is_kept("ACTIONS.md", &actions());
}
