//! charmcraft's models of the files that describe a charm: it must know every key of them.

use std::fs;
use std::process::Command;

use serde_json::Value;
use stand::charmcraft::Charmcraft;

use crate::charms::{ARCHITECTURES, CHARMS, charmcraft, metadata, read};

/// Prints what remains of a file when a model has read it. What a model does not know, it leaves out or refuses.
const READ: &str = "
import json, pathlib, sys
from charmcraft.models import metadata, config
model = {'metadata': metadata.CharmMetadataLegacy, 'config': config.JujuConfig}[sys.argv[1]]
print(json.dumps(model.from_yaml_file(pathlib.Path(sys.argv[2])).model_dump(mode='json', by_alias=True, exclude_unset=True)))
";

/// What charmcraft's model `kind` makes of the text of a file, or what it says against it.
fn understood(charmcraft: &Charmcraft, kind: &str, text: &str) -> Result<Value, String> {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), text).unwrap();
    let output = Command::new(charmcraft.python())
        .args(["-c", READ, kind])
        .arg(file.path())
        .output()
        .unwrap();
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    Ok(serde_json::from_slice(&output.stdout).unwrap())
}

#[test]
fn charmcraft_knows_all_that_the_metadata_says() {
    let Some(charmcraft) = charmcraft() else { return };
    for charm in CHARMS {
        for kind in ["metadata", "config"] {
            let path = metadata(charm).join(kind).with_extension("yaml");
            let Ok(text) = fs::read_to_string(&path) else {
                assert_eq!(kind, "config", "{} is not there", path.display());
                continue;
            };
            let written: Value = serde_yaml::from_str(&text).unwrap();
            assert_eq!(understood(&charmcraft, kind, &text), Ok(written), "{}", path.display());
        }
    }
}

#[test]
fn charmcraft_does_not_know_a_key_that_is_misspelt() {
    let Some(charmcraft) = charmcraft() else { return };
    let text = fs::read_to_string(metadata("feast-ui").join("metadata.yaml")).unwrap();
    let misspelt = text.replace("charm-user:", "charm_usr:");
    assert_ne!(misspelt, text);
    let mut rest: Value = serde_yaml::from_str(&misspelt).unwrap();
    rest.as_object_mut().unwrap().remove("charm_usr");
    assert_eq!(understood(&charmcraft, "metadata", &misspelt), Ok(rest));
    let error = understood(&charmcraft, "config", "options: {level: {type: number}}").unwrap_err();
    assert!(error.contains("does not match any of the expected tags"), "{error}");
}

#[test]
fn charmcraft_makes_of_its_project_file_what_stands_beside_it() {
    let Some(charmcraft) = charmcraft() else { return };
    for charm in CHARMS {
        let folder = metadata(charm);
        let project = read(&folder.join("charmcraft.yaml"));
        // Anything else would be said twice: there and in metadata.yaml, which has the last word.
        let keys: Vec<_> = project.as_mapping().unwrap().keys().collect();
        assert_eq!(keys, ["type", "base", "platforms", "parts"]);

        let home = tempfile::tempdir().unwrap();
        let mut command = charmcraft.command(home.path()).unwrap();
        let output = command.arg("expand-extensions").current_dir(&folder).output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{errors}");
        let expanded: serde_yaml::Value = serde_yaml::from_slice(&output.stdout).unwrap();
        let written = read(&folder.join("metadata.yaml"));
        for key in ["name", "summary", "description"] {
            assert_eq!(expanded[key], written[key], "{charm}: {key}");
        }
        for key in ["config", "actions"] {
            let path = folder.join(key).with_extension("yaml");
            let written = if path.exists() { read(&path) } else { serde_yaml::Value::Null };
            assert_eq!(expanded.get(key).unwrap_or(&serde_yaml::Value::Null), &written, "{charm}");
        }
        assert_eq!(expanded["base"], "ubuntu@24.04");
        let platforms: Vec<_> = expanded["platforms"].as_mapping().unwrap().keys().collect();
        assert_eq!(platforms, ARCHITECTURES);
    }
}
