//! What Juju and Charmhub ask of a `.charm`.

use std::collections::BTreeMap;
use std::fs;

use serde_yaml::Value;

use crate::charms::{Package, metadata, packages};

/// Whom the workload runs as: the user of the image, who must stay the same when Python charms are refreshed.
const WORKLOAD: u32 = 584_792;

/// The most that a package may have, in bytes: about a seventh of what the smallest Python charm has.
const MOST: u64 = 3_000_000;

fn each(check: impl Fn(&Package)) {
    packages().into_iter().flatten().for_each(check);
}

fn yaml(text: &str) -> Value {
    serde_yaml::from_str(text).unwrap()
}

#[test]
fn a_charm_has_these_files_and_no_others() {
    each(|package| {
        let folder = metadata(package.charm);
        let mut expected: BTreeMap<_, _> =
            ["LICENSE", "icon.svg", "manifest.yaml", "metadata.yaml", "version"]
                .map(|name| (name.to_owned(), 0o644))
                .into();
        for optional in ["actions.yaml", "config.yaml"] {
            if folder.join(optional).exists() {
                expected.insert(optional.to_owned(), 0o644);
            }
        }
        expected.insert("dispatch".to_owned(), 0o755);
        let found: BTreeMap<_, _> =
            package.files().into_iter().map(|(name, (mode, _))| (name, mode)).collect();
        assert_eq!(found, expected, "{}", package.path.display());
    });
}

#[test]
fn a_charm_has_three_megabytes_at_most() {
    each(|package| {
        let size = fs::metadata(&package.path).unwrap().len();
        assert!(size <= MOST, "{}: {size} bytes", package.path.display());
    });
}

#[test]
fn a_charm_is_for_the_processor_that_it_says() {
    each(|package| {
        let manifest = package.yaml("manifest.yaml");
        let base = format!(
            "bases: [{{name: ubuntu, channel: '24.04', architectures: [{}]}}]",
            package.architecture
        );
        assert_eq!(manifest, yaml(&base));
        // ELF's e_machine: EM_X86_64 and EM_AARCH64.
        let machine = if package.architecture == "amd64" { [62, 0] } else { [183, 0] };
        assert_eq!(package.files()["dispatch"].1[18..20], machine);
    });
}

#[test]
fn a_charm_asks_for_the_juju_that_keeps_it_from_being_root() {
    each(|package| {
        let metadata = package.yaml("metadata.yaml");
        assert_eq!(metadata["assumes"], yaml("[juju >= 3.6, k8s-api]"));
        assert_eq!(metadata["charm-user"], "non-root");
    });
}

#[test]
fn the_workload_runs_as_the_user_of_its_image() {
    each(|package| {
        let containers = match package.charm {
            "feast-ui" => yaml(&format!(
                "feast-ui: {{resource: oci-image, uid: {WORKLOAD}, gid: {WORKLOAD}}}"
            )),
            _ => Value::Null,
        };
        let found = package.yaml("metadata.yaml")["containers"].clone();
        assert_eq!(found, containers, "{}", package.charm);
    });
}

#[test]
fn a_charm_has_the_icon_that_charmhub_wants() {
    each(|package| {
        let icon = String::from_utf8(package.files()["icon.svg"].1.clone()).unwrap();
        for part in [
            r#"width="100" height="100" viewBox="0 0 100 100""#,
            r#"<circle cx="50" cy="50" r="50""#,
        ] {
            assert!(icon.contains(part), "{} lacks {part}", package.charm);
        }
    });
}
