//! What the workspace promises of itself.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// All files below `folder` that are kept in the repository, or would be.
fn files(folder: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![workspace().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let hidden = path.file_name().unwrap().to_str().unwrap().starts_with('.');
            match path.is_dir() {
                _ if hidden => {}
                true => folders.push(path),
                false => found.push(path),
            }
        }
    }
    found.sort();
    assert!(!found.is_empty(), "{folder} is empty");
    found
}

fn rust(folder: &str) -> Vec<PathBuf> {
    files(folder)
        .into_iter()
        .filter(|path| path.extension().is_some_and(|end| end == "rs"))
        .collect()
}

/// Everything that the package `name` is linked with, but for what only builds or tests it.
fn closure(metadata: &Value, name: &str) -> BTreeSet<String> {
    let nodes = metadata["resolve"]["nodes"].as_array().unwrap();
    let names: BTreeMap<&str, &str> = metadata["packages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|package| (package["id"].as_str().unwrap(), package["name"].as_str().unwrap()))
        .collect();
    let start =
        names.iter().find(|(id, known)| **known == name && id.contains("path+file")).unwrap();
    let (mut found, mut todo) = (BTreeSet::new(), vec![*start.0]);
    while let Some(id) = todo.pop() {
        let node = nodes.iter().find(|node| node["id"] == id).unwrap();
        for dependency in node["deps"].as_array().unwrap() {
            let normal = |kind: &Value| kind["kind"].is_null();
            let id = dependency["pkg"].as_str().unwrap();
            if dependency["dep_kinds"].as_array().unwrap().iter().any(normal) && found.insert(id) {
                todo.push(id);
            }
        }
    }
    found.into_iter().map(|id| names[id].to_owned()).collect()
}

#[test]
fn the_pure_crates_depend_on_nothing_that_does_io() {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--offline", "--locked"])
        .args(["--filter-platform", "x86_64-unknown-linux-musl"])
        .current_dir(workspace())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let does_io = [
        "tokio", "mio", "hyper", "rustix", "socket2", "kube", "tempfile", "reqwest", "nix", "libc",
    ];
    for name in ["charm", "interfaces", "feast"] {
        let closure = closure(&metadata, name);
        assert!(closure.len() > 1, "{name} depends on {closure:?}");
        for other in does_io {
            // What a processor can do is asked of the system by sha2, through libc on some of them.
            let excused = other == "libc";
            assert!(excused || !closure.contains(other), "{name} depends on {other}");
        }
    }
    assert!(closure(&metadata, "juju").contains("tokio"));
}

#[test]
fn only_one_file_of_what_is_shipped_starts_a_process() {
    let shipped = [
        "charms",
        "crates/charm",
        "crates/interfaces",
        "crates/feast",
        "crates/juju",
        "crates/pebble",
        "crates/cluster",
        "crates/postgresql",
        "crates/actions",
    ];
    let starting: Vec<PathBuf> = shipped
        .iter()
        .flat_map(|folder| rust(folder))
        .filter(|path| !path.components().any(|part| part.as_os_str() == "tests"))
        .filter(|path| fs::read_to_string(path).unwrap().contains("process::Command"))
        .collect();
    assert_eq!(starting, [workspace().join("crates/juju/src/command.rs")]);
}

#[test]
fn every_interface_of_the_charms_has_a_module_of_its_name() {
    let mut interfaces = BTreeSet::new();
    for path in files("metadata").iter().filter(|path| path.ends_with("metadata.yaml")) {
        let metadata: serde_yaml::Value =
            serde_yaml::from_str(&fs::read_to_string(path).unwrap()).unwrap();
        for endpoints in ["provides", "requires", "peers"] {
            let Some(endpoints) = metadata[endpoints].as_mapping() else { continue };
            for endpoint in endpoints.values() {
                interfaces.insert(endpoint["interface"].as_str().unwrap().replace('-', "_"));
            }
        }
    }
    assert!(interfaces.len() > 3, "{interfaces:?}");
    for interface in interfaces {
        let module = workspace().join(format!("crates/interfaces/src/{interface}.rs"));
        assert!(module.is_file(), "{}", module.display());
    }
}

#[test]
fn a_file_has_one_subject_and_says_which() {
    for path in ["charms", "crates", "tests"].iter().flat_map(|folder| rust(folder)) {
        let text = fs::read_to_string(&path).unwrap();
        let lines = text.lines().count();
        assert!(lines <= 500, "{} has {lines} lines", path.display());
        assert!(text.starts_with("//!"), "{} does not say what it is about", path.display());
    }
}

#[test]
fn the_repository_speaks_of_the_product_alone() {
    // In two parts, or this file would be the first to be found.
    let words = [
        ["issue ", "#"],
        ["/home", "/user"],
        ["/ro", "ot/"],
        ["/wo", "rk/"],
        ["TO", "DO"],
        ["FIX", "ME"],
    ]
    .map(|parts| parts.concat());
    for path in ["charms", "crates", "docs", "metadata", "terraform", "tests"]
        .iter()
        .flat_map(|folder| files(folder))
    {
        // Databags hold what charms wrote; modules of Go are listed with whatever they are called.
        let ours = ["rs", "md", "yaml", "toml", "go", "py", "sh", "svg", "tf"];
        let end = path.extension().and_then(|end| end.to_str()).unwrap_or_default();
        if !ours.contains(&end) {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        for word in &words {
            assert!(!text.contains(word), "{} has {word:?}", path.display());
        }
    }
}
