//! `cargo xtask demo`: the whole of Charmed Feast at work, by the commands that a user types.

mod actions;
mod as_secrets;
mod deploy;
mod direct;
mod login;
mod notebook;
mod page;
mod rotation;
mod secrecy;
pub(crate) mod terminal;
mod tls;
mod ui;
mod volume;

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::Value;
use stand::missing::{self, Need};

use crate::Result;
use crate::pack::{self, Arch};
use crate::serve::{Address, Stand};
use crate::workspace::{self, CHARMS};
use notebook::Pod;
use rotation::Scene;
use secrecy::Secrecy;
use terminal::Terminal;

/// The namespace of the user whose notebook uses the feature store.
const USER: &str = "alice";

#[derive(clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(crate) struct Arguments {
    /// Which Feast the UI and the notebook have.
    #[arg(long, default_value = "0.49.0", value_parser = ["0.49.0", "newest"])]
    feast: String,
    /// Let the databases speak TLS and nothing else, and replace the certificate authority of one of them.
    #[arg(long)]
    tls: bool,
    /// Give the databases new passwords while a notebook and the UI are at work, and look for all passwords everywhere.
    #[arg(long)]
    rotate: bool,
    /// Do without resource-dispatcher: feast-integrator is trusted and writes into users' namespaces itself, and in the end
    /// it is removed and takes everything along.
    #[arg(long, conflicts_with_all = ["tls", "rotate"])]
    direct: bool,
    /// Leave everything running; `cargo xtask juju …` and `cargo xtask kubectl …` talk to it, `cargo xtask down` ends it.
    #[arg(long)]
    keep: bool,
}

/// What to show.
#[derive(Clone, Copy)]
pub(crate) struct Show<'a> {
    /// With which Feast.
    pub(crate) feast: &'a str,
    /// Databases that take nothing but TLS.
    pub(crate) tls: bool,
    /// Passwords that change, and are nowhere where they need not be.
    pub(crate) rotate: bool,
    /// No dispatcher.
    pub(crate) direct: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let Arguments { feast, tls, rotate, direct, keep } = arguments;
    let stand = demo(Show { feast, tls: *tls, rotate: *rotate, direct: *direct })?;
    if *keep {
        stand.keep()?;
        println!("Left running: try `cargo xtask juju status`, end it with `cargo xtask down`.");
    }
    Ok(ExitCode::SUCCESS)
}

/// The demo as one test of many.
pub(crate) fn in_a_test(show: Show<'_>) -> Result<()> {
    demo(show).map(drop)
}

fn demo(what: Show<'_>) -> Result<Stand> {
    let is_needed = |need: &Need| match need {
        // A browser is welcome, and not needed.
        Need::Chromium => in_ci(),
        // These charms run here alone.
        Need::CrossGcc => false,
        Need::PostgresqlTls => what.tls,
        _ => true,
    };
    let needs: Vec<Need> = Need::ALL.into_iter().filter(is_needed).collect();
    missing::check(&needs)?;
    let mut terminal = Terminal::new();
    let secrecy = what.rotate.then(Secrecy::begin).transpose()?;
    let stand = prepare(&mut terminal, what.feast).map_err(|error| terminal.failure(&*error))?;
    match show(&mut terminal, &stand.address, what, secrecy) {
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
    deploy(terminal, &stand.address, false, false)?;
    Ok(stand)
}

fn deploy(terminal: &mut Terminal, address: &Address, tls: bool, direct: bool) -> Result<()> {
    deploy::create_user(address, USER)?;
    if direct {
        direct::create_others(address)?;
    }
    terminal.step("deploy and integrate");
    deploy::deploy(address, tls, direct)?;
    terminal.step("wait until all are active");
    deploy::wait(address, direct)
}

fn show(
    terminal: &mut Terminal,
    address: &Address,
    what: Show<'_>,
    mut secrecy: Option<Secrecy>,
) -> Result<()> {
    if secrecy.is_some() {
        secrecy::turn_up_the_log(address)?;
    }
    deploy(terminal, address, what.tls, what.direct)?;
    let mut lines = Vec::new();
    if what.tls {
        terminal.step("switch TLS on later");
        lines.push(tls::switch_on(address)?);
    }
    terminal.step("look at what users get");
    let Checked { lines: found, pod, ui } = check(address)?;
    lines.extend(found);
    terminal.step("ask the charms");
    lines.push(actions::check(address, what.direct)?);
    if what.tls {
        terminal.step("look at TLS");
        lines.extend(tls::check(&pod)?);
    }
    if what.tls || what.rotate {
        terminal.step("open a notebook that stays open");
        let mut scene = Scene::begin(address, &pod, ui.clone())?;
        if let Some(secrecy) = &mut secrecy {
            terminal.step("change passwords");
            secrecy.note(address)?;
            lines.extend(rotation::passwords(&mut scene, || secrecy.note(address))?);
        }
        if what.tls {
            terminal.step("replace a certificate authority");
            lines.extend(tls::replace_authority(&mut scene)?);
        }
        if let Some(secrecy) = &mut secrecy {
            terminal.step("hand everything on by secrets");
            lines.push(as_secrets::check(&mut scene, || secrecy.note(address))?);
        }
        lines.push(page::look(&ui, &screenshot(), &address.folder)?);
    }
    if what.direct {
        terminal.step("look at all namespaces, and remove feast-integrator");
        lines.extend(direct::check(address)?);
    }
    terminal.step("the model");
    terminal::run(&mut address.juju(), "juju", &["status", "--relations"])?;
    println!();
    if let Some(secrecy) = secrecy {
        lines.push(secrecy.conclude(address)?);
    }
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
    /// The user's pod.
    pod: Pod,
    /// The address of the UI behind the gateway.
    ui: String,
}

fn check(address: &Address) -> Result<Checked> {
    let mut found = Vec::new();
    let secret = object(address, "secret", "feature-store-yaml")?;
    let pod_default = object(address, "poddefault", "feast-integrator-access-feast")?;
    found.push(format!("namespace {USER} has the Secret feature-store-yaml and the PodDefault feast-integrator-access-feast"));

    let pod = Pod::admitted(address, &secret, &pod_default)?;
    found.push(pod.use_features()?);

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
    Ok(Checked { lines: found, pod, ui })
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
