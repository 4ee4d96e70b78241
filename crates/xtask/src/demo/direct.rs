//! Direct delivery: what is in which namespace, and what is left when the application is removed.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::Result;
use crate::demo::{USER, deploy, terminal};
use crate::serve::Address;

/// The user besides the one whose notebook is shown.
const OTHER: &str = "bob";
/// A namespace that is nobody's profile.
const SYSTEM: &str = "kube-public";
/// What feast-integrator puts on all that it makes in namespaces.
const LABEL: &str = "app.kubernetes.io/managed-by=feast-integrator";
/// How long an application may take to go.
const PATIENCE: Duration = Duration::from_mins(3);

/// Another user, who has a Secret already that is none of ours.
pub(crate) fn create_others(address: &Address) -> Result<()> {
    deploy::create_user(address, OTHER)?;
    let arguments =
        ["create", "secret", "generic", "private", "--from-literal=a=b", "--namespace", OTHER];
    let output = address.kubectl().args(arguments).output()?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("kubectl create secret: {}", String::from_utf8_lossy(&output.stderr).trim()).into())
}

/// Looks at all namespaces, removes the application, and looks again.
pub(crate) fn check(address: &Address) -> Result<Vec<String>> {
    let names = |namespace: &str| {
        [
            format!("PodDefault {namespace}/feast-integrator-access-feast"),
            format!("Secret {namespace}/feature-store-yaml"),
        ]
    };
    let mut expected: Vec<String> = [USER, OTHER].into_iter().flat_map(names).collect();
    expected.sort();
    let found = ours(address)?;
    if found != expected {
        return Err(format!("feast-integrator has made {found:?} in place of {expected:?}").into());
    }
    let arguments = ["remove-application", "feast-integrator", "--no-prompt"];
    terminal::run(&mut address.juju(), "juju", &arguments)?;
    wait_until_gone(address)?;
    let arguments = ["get", "secrets,poddefaults", "--all-namespaces", "--selector", LABEL];
    terminal::run(&mut address.kubectl(), "kubectl", &arguments)?;
    let left = ours(address)?;
    if !left.is_empty() {
        return Err(format!("feast-integrator has left {left:?} behind").into());
    }
    if !all(address, &[])?.contains(&format!("Secret {OTHER}/private")) {
        return Err("feast-integrator has taken along what was not its own".into());
    }
    Ok(vec![
        format!(
            "{USER} and {OTHER} had the Secret and the PodDefault, {SYSTEM} and {} had not",
            crate::serve::MODEL
        ),
        "feast-integrator was removed and has left nothing behind in any namespace".to_owned(),
    ])
}

fn ours(address: &Address) -> Result<Vec<String>> {
    all(address, &["--selector", LABEL])
}

/// Secrets and `PodDefaults` of all namespaces, sorted.
fn all(address: &Address, selector: &[&str]) -> Result<Vec<String>> {
    let mut command = address.kubectl();
    command
        .args(["get", "secrets,poddefaults", "--all-namespaces", "--output=json"])
        .args(selector);
    let output = command.output()?;
    let list: Value = serde_json::from_slice(&output.stdout)?;
    let items = list["items"].as_array().ok_or("kubectl printed no list")?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut names: Vec<String> = items
        .iter()
        .map(|item| {
            let metadata = &item["metadata"];
            format!(
                "{} {}/{}",
                text(&item["kind"]),
                text(&metadata["namespace"]),
                text(&metadata["name"])
            )
        })
        .collect();
    names.sort();
    Ok(names)
}

fn wait_until_gone(address: &Address) -> Result<()> {
    let started = Instant::now();
    loop {
        let output = address.juju().args(["status", "--format=json"]).output()?;
        let status: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        let applications = status["applications"].as_object();
        if applications.is_some_and(|applications| !applications.contains_key("feast-integrator")) {
            return Ok(());
        }
        if started.elapsed() > PATIENCE {
            return Err("feast-integrator is still there".into());
        }
        std::thread::sleep(Duration::from_millis(250));
    }
}
