//! Applications and their relations, as a user makes them.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::Result;
use crate::demo::terminal;
use crate::demo::tls::LATE;
use crate::pack::Arch;
use crate::serve::Address;
use crate::workspace;

/// The neighbours, whose charms are for this stand alone.
pub(crate) const PEERS: [&str; 4] =
    ["postgresql-k8s", "resource-dispatcher", "kubeflow-dashboard", "istio-pilot"];

/// Eight units settle in seconds; a machine that is busy with something else may take minutes.
const PATIENCE: Duration = Duration::from_mins(5);

const DATABASE: &[&str] = &["--resource", "postgresql-image=localhost/postgresql:1"];

/// Charm, application, and what else is typed.
const APPLICATIONS: [(&str, &str, &[&str]); 8] = [
    ("postgresql-k8s", "postgresql-offline", DATABASE),
    ("postgresql-k8s", "postgresql-online", DATABASE),
    ("postgresql-k8s", "postgresql-registry", DATABASE),
    ("feast-integrator", "feast-integrator", &[]),
    (
        "feast-ui",
        "feast-ui",
        &["--resource", "oci-image=docker.io/charmedkubeflow/feast-ui:0.49.0"],
    ),
    ("resource-dispatcher", "resource-dispatcher", &["--trust"]),
    ("kubeflow-dashboard", "kubeflow-dashboard", &[]),
    ("istio-pilot", "istio-pilot", &["--resource", "proxy-image=localhost/istio-pilot:1"]),
];

const RELATIONS: [(&str, &str); 8] = [
    ("feast-integrator:offline-store", "postgresql-offline"),
    ("feast-integrator:online-store", "postgresql-online"),
    ("feast-integrator:registry", "postgresql-registry"),
    ("feast-integrator:secrets", "resource-dispatcher:secrets"),
    ("feast-integrator:pod-defaults", "resource-dispatcher:pod-defaults"),
    ("feast-integrator:feast-configuration", "feast-ui:feast-configuration"),
    ("feast-ui:dashboard-links", "kubeflow-dashboard:links"),
    ("feast-ui:ingress", "istio-pilot:ingress"),
];

/// The application that puts objects into users' namespaces, where feast-integrator does not.
const DISPATCHER: &str = "resource-dispatcher";

fn applications(
    direct: bool,
) -> impl Iterator<Item = (&'static str, &'static str, &'static [&'static str])> {
    APPLICATIONS
        .into_iter()
        .filter(move |(_, application, _)| !direct || *application != DISPATCHER)
}

/// A namespace as Kubeflow makes one for each user.
pub(crate) fn create_user(address: &Address, name: &str) -> Result<()> {
    for arguments in [
        vec!["create", "namespace", name],
        vec![
            "label",
            "namespace",
            name,
            "user.kubeflow.org/enabled=true",
            "app.kubernetes.io/part-of=kubeflow-profile",
        ],
    ] {
        let output = address.kubectl().args(&arguments).output()?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(format!("kubectl {}: {}", arguments.join(" "), said.trim()).into());
        }
    }
    Ok(())
}

/// With `tls` the databases take nothing else, but for the one that is told later. With `direct` there is no dispatcher, and
/// feast-integrator may do what one may.
pub(crate) fn deploy(address: &Address, tls: bool, direct: bool) -> Result<()> {
    for (charm, application, more) in applications(direct) {
        let file = format!("./{charm}_{}.charm", Arch::host().juju());
        let mut arguments = vec!["deploy", &file, application];
        arguments.extend(more);
        if tls && charm == "postgresql-k8s" && application != LATE.1 {
            arguments.extend(["--config", "tls=true"]);
        }
        terminal::run(address.juju().current_dir(workspace::charms()), "juju", &arguments)?;
    }
    if direct {
        let trust = ["trust", "feast-integrator", "--scope=cluster"];
        terminal::run(&mut address.juju(), "juju", &trust)?;
    }
    let is_there = |(_, other): &(&str, &str)| !direct || !other.starts_with(DISPATCHER);
    for (one, other) in RELATIONS.into_iter().filter(is_there) {
        terminal::run(&mut address.juju(), "juju", &["integrate", one, other])?;
    }
    Ok(())
}

/// Waits until every unit is active and idle, with a line for each change on the way.
pub(crate) fn wait(address: &Address, direct: bool) -> Result<()> {
    let started = Instant::now();
    let mut shown = String::new();
    loop {
        let output = address.juju().args(["status", "--format=json"]).output()?;
        let status: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        let unsettled = unsettled(&status, direct);
        if unsettled.is_empty() {
            return Ok(());
        }
        if started.elapsed() > PATIENCE {
            return Err(failure(address, &unsettled).into());
        }
        let line = unsettled.join("; ");
        if line != shown {
            println!("   {line}");
            shown = line;
        }
        std::thread::sleep(Duration::from_millis(250));
    }
}

/// The units that are not active and idle, with what they say.
fn unsettled(status: &Value, direct: bool) -> Vec<String> {
    let mut unsettled = Vec::new();
    for (_, application, _) in applications(direct) {
        let units = &status["applications"][application]["units"];
        match units.as_object() {
            Some(units) if !units.is_empty() => {
                for (name, unit) in units {
                    let (workload, agent) = (&unit["workload-status"], &unit["juju-status"]);
                    if workload["current"] != "active" || agent["current"] != "idle" {
                        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
                        unsettled.push(
                            format!(
                                "{name} {} {}",
                                text(&workload["current"]),
                                text(&workload["message"])
                            )
                            .trim()
                            .to_owned(),
                        );
                    }
                }
            }
            _ => unsettled.push(format!("{application} has no unit yet")),
        }
    }
    unsettled
}

fn failure(address: &Address, unsettled: &[String]) -> String {
    let log =
        address.juju().args(["debug-log", "--replay", "--no-tail", "--level=WARNING"]).output();
    let log =
        log.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    let lines: Vec<&str> = log.lines().collect();
    format!(
        "these units are not active after {} s: {}\nthe end of `juju debug-log`:\n{}",
        PATIENCE.as_secs(),
        unsettled.join("; "),
        lines[lines.len().saturating_sub(30)..].join("\n")
    )
}

/// One result of an action.
pub(crate) fn result(address: &Address, unit: &str, action: &str, key: &str) -> Result<String> {
    let mut command = address.juju();
    command.args(["run", unit, action, "--format=json"]);
    let text =
        terminal::read(&mut command, &format!("juju run {unit} {action}"), &address.commands())?;
    let answer: Value = serde_json::from_str(&text)?;
    match answer[unit]["results"][key].as_str() {
        Some(result) => {
            println!("   {result}");
            Ok(result.to_owned())
        }
        None => Err(format!("`juju run {unit} {action}` has no result {key}: {text}").into()),
    }
}
