//! Passwords in no databag at all, where the operator wants that.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::Result;
use crate::demo::login::{Login, STORES};
use crate::demo::rotation::Scene;
use crate::demo::ui::Delivered;
use crate::demo::{deploy, terminal};
use crate::serve::Address;

const UNIT: &str = "feast-integrator/0";
const OPTIONS: [&str; 2] = ["manifests-as-secret", "configuration-as-secret"];
const FILE: &str = "feature_store.yaml";
const PAUSE: Duration = Duration::from_millis(100);
const PATIENCE: Duration = Duration::from_mins(2);

/// Has everything handed on by Juju secrets, which nobody notices who uses it, and gives a database a new password then.
pub(crate) fn check(scene: &mut Scene<'_>, issued: impl FnOnce() -> Result<()>) -> Result<String> {
    let address = scene.address;
    let (file, starts) = (scene.pod.volume.file(FILE)?, scene.ui.starts()?);
    let chosen = OPTIONS.map(|option| format!("{option}=true"));
    let arguments = ["config", "feast-integrator", &chosen[0], &chosen[1]];
    terminal::run(&mut address.juju(), "juju", &arguments)?;
    wait(address, |secrets, configuration| {
        secrets["is_secret"] == "true"
            && configuration.as_object().is_none_or(serde_json::Map::is_empty)
    })?;
    // Juju 4.1-beta2 forgets a grant that is made in the hook that makes the secret. The next hook makes it again.
    let arguments = ["config", "feast-integrator", "pod-default-description=Use Feast"];
    terminal::run(&mut address.juju(), "juju", &arguments)?;
    deploy::wait(address, false)?;
    let delivered = scene.ui.delivered()?.ok_or("the UI has no file any more")?;
    if scene.ui.starts()? != starts || scene.pod.volume.file(FILE)? != file {
        return Err("what users have changed with the way that it takes".into());
    }
    let (store, application) = STORES[0];
    let old = Login::of(&file, store)?;
    let said = databags(address)?.to_string();
    if !delivered.file.contains(old.password.reveal()) || said.contains(old.password.reveal()) {
        return Err(format!("the password of {application} is not where it belongs").into());
    }
    let arrived =
        |delivered: &Delivered| Ok(Login::of(&delivered.file, store)?.password != old.password);
    let took = scene.change(application, "rotate", arrived)?;
    issued()?;
    Login::of(&scene.pod.volume.file(FILE)?, store)?.is_taken(scene.pod)?;
    Ok(format!("with no password in any databag, a new one of {application} works {took}"))
}

/// Waits until the data for the Secret and for the UI are as they are to be.
fn wait(address: &Address, settled: impl Fn(&Value, &Value) -> bool) -> Result<()> {
    let began = Instant::now();
    loop {
        let said = databags(address)?;
        let of = |endpoint: &str| {
            let mut relations = said.as_array().into_iter().flatten();
            let relation = relations.find(|relation| relation["endpoint"] == endpoint);
            relation.map_or(Value::Null, |relation| relation["application-data"].clone())
        };
        if settled(&of("secrets"), &of("feast-configuration")) {
            return Ok(());
        }
        if began.elapsed() > PATIENCE {
            return Err("databags are still in plain".into());
        }
        thread::sleep(PAUSE);
    }
}

/// What feast-integrator says on all its relations.
fn databags(address: &Address) -> Result<Value> {
    let output = address.juju().args(["show-unit", UNIT, "--format=json"]).output()?;
    let shown: Value = serde_json::from_slice(&output.stdout)?;
    Ok(shown[UNIT]["relation-info"].clone())
}
