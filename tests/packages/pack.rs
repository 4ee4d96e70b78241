//! `charmcraft pack` makes the same charm as `cargo xtask pack`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use stand::missing::{Need, needs};
use stand::script;

use crate::charms::{Package, charmcraft, metadata, packages};

/// Stands for `cargo`: it has built before, and knows no other way to be called.
const CARGO: &str = r#"#!/bin/sh
set -e
test "$1 $2 $4 $#" = "xtask pack --arch 5"
mkdir -p target/charms
cp "$PACKED/$3_$5.charm" target/charms
"#;

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}");
}

/// A repository with the charm's metadata, all of it committed.
fn repository(charm: &str, folder: &Path) {
    let into = folder.join("metadata").join(charm);
    fs::create_dir_all(&into).unwrap();
    for entry in fs::read_dir(metadata(charm)).unwrap() {
        let path = entry.unwrap().path();
        // Folders are what a charmcraft has left there.
        if path.is_file() {
            fs::copy(&path, into.join(path.file_name().unwrap())).unwrap();
        }
    }
    let git = |arguments: &[&str]| {
        let mut command = Command::new("git");
        run(command
            .args(["-c", "user.name=tests", "-c", "user.email=tests@localhost"])
            .args(arguments)
            .current_dir(folder));
    };
    git(&["init", "--quiet"]);
    git(&["add", "."]);
    git(&["commit", "--quiet", "--message", "All"]);
}

#[test]
fn charmcraft_packs_what_xtask_packs() {
    if !needs(&[Need::Python, Need::Namespaces]) {
        return;
    }
    let (Some(packages), Some(charmcraft)) = (packages(), charmcraft()) else { return };
    for package in packages {
        let home = tempfile::tempdir().unwrap();
        let (project, programs) = (home.path().join("project"), home.path().join("programs"));
        repository(package.charm, &project);
        fs::create_dir(&programs).unwrap();
        script::write(&programs.join("cargo"), CARGO).unwrap();
        let folder = project.join("metadata").join(package.charm);
        let mut command = charmcraft.pack(package.architecture, &programs, home.path()).unwrap();
        run(command
            .env("PACKED", package.path.parent().unwrap())
            .env_remove("CARGO_TARGET_DIR")
            .current_dir(&folder));

        let path = folder.join(package.path.file_name().unwrap());
        let packed = Package { path, ..package.clone() };
        assert_eq!(packed.yaml("manifest.yaml")["bases"], package.yaml("manifest.yaml")["bases"]);
        assert_eq!(packed.yaml("manifest.yaml")["charmcraft-version"], "4.5.0");
        same_but_for_the_manifest(&packed, package);
    }
}

fn same_but_for_the_manifest(packed: &Package, package: &Package) {
    let (packed, package) = (packed.files(), package.files());
    let names = |files: &BTreeMap<String, _>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&packed), names(&package));
    for (name, file) in package.iter().filter(|(name, _)| *name != "manifest.yaml") {
        // Not by assert_eq, which would show megabytes.
        assert!(packed[name] == *file, "{name} differs in its content or permissions");
    }
}
