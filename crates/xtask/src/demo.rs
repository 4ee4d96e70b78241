//! `cargo xtask demo`: the whole of Charmed Feast at work, by the commands that a user types.

mod deploy;
mod notebook;
mod page;
pub(crate) mod terminal;

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::Value;
use stand::missing::{self, Need};

use crate::Result;
use crate::pack::{self, Arch};
use crate::serve::{Address, Stand};
use crate::workspace::{self, CHARMS};
use terminal::Terminal;

/// The namespace of the user whose notebook uses the feature store.
const USER: &str = "alice";

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Which Feast the UI and the notebook have.
    #[arg(long, default_value = "0.49.0", value_parser = ["0.49.0", "newest"])]
    feast: String,
    /// Leave everything running; `cargo xtask juju …` and `cargo xtask kubectl …` talk to it, `cargo xtask down` ends it.
    #[arg(long)]
    keep: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let stand = demo(&arguments.feast)?;
    if arguments.keep {
        stand.keep()?;
        println!("Left running: try `cargo xtask juju status`, end it with `cargo xtask down`.");
    }
    Ok(ExitCode::SUCCESS)
}

/// The demo as one test of many.
pub(crate) fn in_a_test(feast: &str) -> Result<()> {
    demo(feast).map(drop)
}

fn demo(feast: &str) -> Result<Stand> {
    // A browser is welcome, and not needed; and these charms run here alone.
    let needs: Vec<Need> = Need::ALL
        .into_iter()
        .filter(|need| *need != Need::CrossGcc && (*need != Need::Chromium || in_ci()))
        .collect();
    missing::check(&needs)?;
    let mut terminal = Terminal::new();
    let stand = prepare(&mut terminal, feast).map_err(|error| terminal.failure(&*error))?;
    match show(&mut terminal, &stand.address) {
        Ok(()) => Ok(stand),
        Err(error) => {
            let logs = keep_logs(&stand.address);
            Err(format!("{}\nall logs: {}", terminal.failure(&*error), logs.display()).into())
        }
    }
}

/// Everything up to a stand without applications.
fn prepare(terminal: &mut Terminal, feast: &str) -> Result<Stand> {
    terminal.step("pack the charms");
    for charm in CHARMS {
        let packed = pack::pack(charm, Arch::host())?;
        println!("   {} ({} bytes)", packed.path.display(), packed.size);
    }
    for peer in deploy::PEERS {
        pack::pack_peer(peer)?;
    }
    terminal.step("start Juju, Kubernetes and Feast");
    Stand::start(feast)
}

/// A stand on which all charms are deployed, related and active.
pub(crate) fn deployed(terminal: &mut Terminal, feast: &str) -> Result<Stand> {
    let stand = prepare(terminal, feast)?;
    deploy(terminal, &stand.address)?;
    Ok(stand)
}

fn deploy(terminal: &mut Terminal, address: &Address) -> Result<()> {
    deploy::create_user(address, USER)?;
    terminal.step("deploy and integrate");
    deploy::deploy(address)?;
    terminal.step("wait until all are active");
    deploy::wait(address)
}

fn show(terminal: &mut Terminal, address: &Address) -> Result<()> {
    deploy(terminal, address)?;
    terminal.step("look at what users get");
    let Checked { lines, ui } = check(address)?;
    terminal.step("the model");
    terminal::run(&mut address.juju(), "juju", &["status", "--relations"])?;
    println!();
    for line in lines {
        println!("✓ {line}");
    }
    println!(
        "the UI: {ui}   Kubernetes: {}   logs: {}",
        address.server,
        address.folder.join("logs").display()
    );
    println!("done in {:.0} s", terminal.elapsed().as_secs_f64());
    Ok(())
}

/// Saves the stand's logs from going with it.
fn keep_logs(address: &Address) -> PathBuf {
    let logs = workspace::target().join("demo").join("logs");
    let _of_an_earlier_run = fs::remove_dir_all(&logs);
    let copied = fs::create_dir_all(&logs).and_then(|()| {
        for entry in fs::read_dir(address.folder.join("logs"))? {
            let entry = entry?;
            fs::copy(entry.path(), logs.join(entry.file_name()))?;
        }
        fs::copy(address.folder.join("controller.log"), logs.join("controller.log"))
    });
    if let Err(error) = copied {
        eprintln!("   keeping the logs in {}: {error}", logs.display());
    }
    logs
}

/// What users get, as it was found.
struct Checked {
    lines: Vec<String>,
    /// The address of the UI behind the gateway.
    ui: String,
}

fn check(address: &Address) -> Result<Checked> {
    let mut found = Vec::new();
    let secret = object(address, "secret", "feature-store-yaml")?;
    let pod_default = object(address, "poddefault", "feast-integrator-access-feast")?;
    found.push(format!("namespace {USER} has the Secret feature-store-yaml and the PodDefault feast-integrator-access-feast"));

    found.push(notebook::run(address, &secret, &pod_default)?);

    let links = deploy::result(address, "kubeflow-dashboard/0", "links", "links")?;
    let links: Value = serde_json::from_str(&links)?;
    let feast = links
        .as_array()
        .into_iter()
        .flatten()
        .any(|link| link["text"] == "Feast" && link["link"] == "/feast/");
    if !feast {
        return Err(format!("the dashboard has no link to /feast/: {links}").into());
    }
    found.push("the dashboard has the link Feast to /feast/".to_owned());

    let gateway = deploy::result(address, "istio-pilot/0", "gateway", "url")?;
    let ui = format!("{gateway}/feast/");
    found.push(page::look(&ui, &screenshot(), &address.folder)?);
    Ok(Checked { lines: found, ui })
}

/// An object of the user's namespace.
fn object(address: &Address, kind: &str, name: &str) -> Result<Value> {
    let mut command = address.kubectl();
    command.args(["get", kind, name, "--namespace", USER, "--output=json"]);
    let output = command.output()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("reading {kind} {name} of namespace {USER}: {}", said.trim()).into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

fn screenshot() -> PathBuf {
    workspace::target().join("demo").join("feast-ui.png")
}

fn in_ci() -> bool {
    std::env::var("CI").is_ok_and(|ci| ci == "true")
}
