//! `charmcraft analyse`: the checks that Charmhub's users see.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::charms::{Package, charmcraft, packages};

/// What charmcraft finds out about a charm that is a program, and in which nothing is wrong.
///
/// It knows the language and the framework of Python charms alone, and has nothing to check in others' entry points.
const GOOD: [(&str, &str); 11] = [
    ("additional-files", "nonapplicable"),
    ("entrypoint", "nonapplicable"),
    ("framework", "unknown"),
    ("juju-actions", "ok"),
    ("juju-config", "ok"),
    ("language", "unknown"),
    ("metadata", "ok"),
    ("naming-conventions", "ok"),
    ("ops-main-call", "nonapplicable"),
    ("pip-check", "nonapplicable"),
    ("pydeps", "nonapplicable"),
];

/// How charmcraft ends where the worst that it finds is a warning, or an error.
const WARNING: i32 = 3;
const ERROR: i32 = 2;

/// How the program ends, and what each of its checkers says.
fn analyse(package: &Package) -> Option<(i32, BTreeMap<String, String>)> {
    let home = tempfile::tempdir().unwrap();
    let mut command = charmcraft()?.command(home.path()).unwrap();
    let output = command.args(["analyse", "--format=json"]).arg(&package.path).output().unwrap();
    let results: Vec<Value> = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let results = results.iter().map(|result| (text(&result["name"]), text(&result["result"])));
    Some((output.status.code().unwrap(), results.collect()))
}

fn good() -> BTreeMap<String, String> {
    GOOD.map(|(name, result)| (name.to_owned(), result.to_owned())).into()
}

#[test]
fn charmcraft_finds_nothing_wrong_with_any_charm_on_any_processor() {
    let Some(packages) = packages() else { return };
    for package in packages {
        let Some(found) = analyse(package) else { return };
        assert_eq!(found, (0, good()), "{} {}", package.charm, package.architecture);
    }
}

#[test]
fn charmcraft_sees_what_is_wrong_with_a_damaged_charm() {
    let Some(packages) = packages() else { return };
    let without_summary = "name: feast-ui\ndescription: It lacks a summary.\n";
    let without_type = "options:\n  level:\n    description: It lacks a type.\n";
    let of_python = [("naming-conventions", "warning")];
    let unreadable = [("juju-actions", "error"), ("naming-conventions", "warning")];
    for (file, content, code, differently) in [
        ("metadata.yaml", without_summary, ERROR, &[("metadata", "error")][..]),
        ("config.yaml", without_type, ERROR, &[("juju-config", "error")]),
        ("config.yaml", "options: {log_level: {type: string}}", WARNING, &of_python),
        ("actions.yaml", "{", ERROR, &unreadable),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let damaged = packages[0].with(file, content, folder.path());
        let Some(found) = analyse(&damaged) else { return };
        let mut expected = good();
        let differently = differently.iter().map(|&(name, result)| (name.into(), result.into()));
        expected.extend(differently);
        assert_eq!(found, (code, expected), "{content}");
    }
}
