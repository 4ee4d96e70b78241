//! Taking back what an application has said, within the hook in which it says it again.

use std::collections::BTreeMap;
use std::process::Command;

use serde::de::DeserializeOwned;

use crate::Result;

/// Reads what our application has said on each relation of `endpoints`, and takes all of it back if `really`.
///
/// Juju hands on what a databag is like at the end of a hook: whoever says the same again has changed nothing.
pub(crate) fn forget(endpoints: &[String], really: bool) -> Result<()> {
    let Some(application) = std::env::var("JUJU_UNIT_NAME")
        .ok()
        .and_then(|unit| Some(unit.split_once('/')?.0.to_owned()))
    else {
        return Err("JUJU_UNIT_NAME is not the name of a unit".into());
    };
    for endpoint in endpoints {
        let relations: Vec<String> = ask("relation-ids", &["--format=json", endpoint])?;
        for relation in relations {
            let arguments = ["--format=json", "-r", &relation, "--app", "-", &application];
            let said: BTreeMap<String, String> = ask("relation-get", &arguments)?;
            if !really || said.is_empty() {
                continue;
            }
            let nothing = said.keys().map(|key| format!("{key}="));
            let status = Command::new("relation-set")
                .args(["-r", &relation, "--app"])
                .args(nothing)
                .status()?;
            if !status.success() {
                return Err(format!("relation-set on {relation} ended with {status}").into());
            }
        }
    }
    Ok(())
}

fn ask<T: DeserializeOwned>(command: &str, arguments: &[&str]) -> Result<T> {
    let output = Command::new(command).args(arguments).output()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{command} {}: {}", arguments.join(" "), said.trim()).into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}
