//! Passwords that change while a notebook and the UI are at work.

use std::fmt;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::Result;
use crate::demo::login::{Login, STORES};
use crate::demo::notebook::{Kernel, Pod};
use crate::demo::ui::{Delivered, Ui};
use crate::demo::volume::{Kubelet, Volume};
use crate::demo::{deploy, terminal};
use crate::serve::Address;

const FILE: &str = "feature_store.yaml";

/// Everybody whom a change has to reach, at work.
pub(crate) struct Scene<'a> {
    pub(crate) address: &'a Address,
    pub(crate) pod: &'a Pod,
    kubelet: Kubelet,
    kernel: Kernel,
    pub(crate) ui: Ui,
}

/// How long a change has taken.
#[derive(Clone, Copy)]
pub(crate) struct Took {
    notebook: Duration,
    ui: Duration,
}

impl<'a> Scene<'a> {
    /// A notebook that has read its features once and stays open, and the UI at `url`.
    pub(crate) fn begin(address: &'a Address, pod: &'a Pod, url: String) -> Result<Self> {
        let kubelet = Kubelet::start(address, "feature-store-yaml", &pod.volume)?;
        let mut kernel = Kernel::start(pod)?;
        kernel.read_features()?;
        Ok(Self { address, pod, kubelet, kernel, ui: Ui::new(address, url)? })
    }

    /// Runs an action of a database, and waits until what `arrived` looks for works everywhere: for the notebook, which
    /// makes a new `FeatureStore` and nothing else, and for the UI, which is restarted once.
    pub(crate) fn change(
        &mut self,
        application: &str,
        action: &str,
        arrived: impl Fn(&Delivered) -> Result<bool> + Sync,
    ) -> Result<Took> {
        let Self { address, kubelet, kernel, ui, .. } = self;
        let (unit, before) = (format!("{application}/0"), ui.starts()?);
        let mut juju = address.juju();
        juju.args(["run", &unit, action]);
        let shown = format!("juju run {unit} {action}");
        terminal::read(&mut juju, &shown, &address.commands())?;
        let began = Instant::now();
        let took = thread::scope(|scope| -> Result<Took> {
            let arrived = &arrived;
            let notebook = scope.spawn(move || {
                let read = kubelet
                    .wait(|volume| arrived(&delivered(volume)?))
                    .and_then(|()| kernel.read_features());
                read.map(|()| began.elapsed()).map_err(|error| error.to_string())
            });
            let ui = ui.wait(before, began, arrived);
            let notebook = notebook.join().map_err(|_| "waiting for the notebook")??;
            Ok(Took { notebook, ui: ui? })
        })?;
        println!("   {took}");
        deploy::wait(address, false)?;
        let starts = ui.starts()? - before;
        if starts != 1 {
            return Err(format!("{shown} has restarted the UI {starts} times").into());
        }
        Ok(took)
    }
}

/// Gives each database's role a new password, one after the other; `issued` is called after each.
pub(crate) fn passwords(
    scene: &mut Scene<'_>,
    mut issued: impl FnMut() -> Result<()>,
) -> Result<Vec<String>> {
    let mut lines = Vec::new();
    for (store, application) in STORES {
        let old = Login::of(&scene.pod.volume.file(FILE)?, store)?;
        old.is_taken(scene.pod)?;
        let arrived = |delivered: &Delivered| {
            let login = Login::of(&delivered.file, store)?;
            Ok(login.password != old.password)
        };
        let took = scene.change(application, "rotate", arrived)?;
        issued()?;
        let new = Login::of(&scene.pod.volume.file(FILE)?, store)?;
        new.is_taken(scene.pod)?;
        old.is_refused(scene.pod, "password authentication failed")?;
        let ui = scene.ui.delivered()?.map(|delivered| delivered.file).unwrap_or_default();
        for (place, text) in [
            ("the Secret", scene.pod.volume.file(FILE)?),
            ("the UI's file", ui),
            ("the data of feast-configuration", configuration(scene.address)?),
        ] {
            for (password, wanted) in [(&new.password, true), (&old.password, false)] {
                if text.contains(password.reveal()) != wanted {
                    let which = if wanted { "lacks the new" } else { "still has the old" };
                    return Err(format!("{place} {which} password of {application}").into());
                }
            }
        }
        lines.push(format!(
            "a new password of {application} works {took} after the action; the old one is refused"
        ));
    }
    Ok(lines)
}

fn delivered(volume: &Volume) -> Result<Delivered> {
    Ok(Delivered { file: volume.file(FILE)?, certificates: volume.file("ca.crt").ok() })
}

/// What feast-integrator tells the UI in plain, as JSON. Of applications, Juju shows what the unit's own says.
fn configuration(address: &Address) -> Result<String> {
    let unit = "feast-integrator/0";
    let output = address.juju().args(["show-unit", unit, "--format=json"]).output()?;
    let shown: Value = serde_json::from_slice(&output.stdout)?;
    let relations = shown[unit]["relation-info"].as_array();
    let ours = |relation: &&Value| relation["endpoint"] == "feast-configuration";
    let relation = relations.into_iter().flatten().find(ours);
    Ok(relation.map(|relation| relation["application-data"].to_string()).unwrap_or_default())
}

impl fmt::Display for Took {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { notebook, ui } = self;
        let [notebook, ui] = [notebook, ui].map(Duration::as_secs_f64);
        write!(f, "in the open notebook {notebook:.1} s and in the UI, restarted once, {ui:.1} s")
    }
}
