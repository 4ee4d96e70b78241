//! Databases that take nothing but TLS, and clients that know them by their authorities.

use std::error::Error;
use std::time::{Duration, Instant};
use std::{fs, thread};

use crate::Result;
use crate::demo::login::{Login, STORES, Store};
use crate::demo::notebook::Pod;
use crate::demo::rotation::Scene;
use crate::demo::{self, deploy, terminal, volume};
use crate::serve::Address;

/// The application whose authority is replaced.
const REPLACED: (Store, &str) = STORES[0];
/// The one that speaks TLS only later.
pub(crate) const LATE: (Store, &str) = STORES[1];
const PAUSE: Duration = Duration::from_millis(200);
const PATIENCE: Duration = Duration::from_mins(3);
const FILE: &str = "feature_store.yaml";
/// The certificates of the authorities, in the Secret and in the UI's container.
const CERTIFICATES: &str = "ca.crt";

/// Has a database that was in use without TLS speak nothing else from now on, and waits until users are told.
pub(crate) fn switch_on(address: &Address) -> Result<String> {
    let (store, application) = LATE;
    let delivered = || {
        let secret = demo::object(address, "secret", "feature-store-yaml")?;
        let login = Login::of(&volume::file(&secret, FILE)?, store)?;
        Ok::<_, Box<dyn Error>>(login.sslmode)
    };
    let before = delivered()?;
    if before != "prefer" {
        return Err(
            format!("{application} does not speak TLS yet, and the file says {before}").into()
        );
    }
    terminal::run(&mut address.juju(), "juju", &["config", application, "tls=true"])?;
    let began = Instant::now();
    while delivered()? != "verify-full" {
        if began.elapsed() > PATIENCE {
            return Err(format!("users are not told that {application} speaks TLS now").into());
        }
        thread::sleep(PAUSE);
    }
    deploy::wait(address, false)?;
    Ok(format!("{application} was in use without TLS, and users were told when that changed"))
}

/// Looks at what was delivered, and at what the servers refuse.
pub(crate) fn check(pod: &Pod) -> Result<Vec<String>> {
    let file = pod.volume.file(FILE)?;
    let authorities = pod.volume.file(CERTIFICATES)?.matches("BEGIN CERTIFICATE").count();
    if authorities != STORES.len() {
        return Err(format!("the Secret has the certificates of {authorities} authorities").into());
    }
    for (store, application) in STORES {
        let login = Login::of(&file, store)?;
        if login.sslmode != "verify-full" || login.certificates.is_none() {
            return Err(format!("{store:?} is not to be verified: {login:?}").into());
        }
        login.is_taken(pod)?;
        let plain = login.by("disable", None);
        plain.is_refused(pod, "no encryption")?;
        println!("   {application} takes the login of the file, and refuses it without TLS");
    }
    Ok(vec![
        "the file asks for verify-full, and the Secret has the certificates of all three authorities"
            .to_owned(),
        "all three databases refuse whoever does not speak TLS".to_owned(),
    ])
}

/// Replaces the authority of one database, and follows the new one to a notebook and to the UI.
pub(crate) fn replace_authority(scene: &mut Scene<'_>) -> Result<Vec<String>> {
    let (store, application) = REPLACED;
    let before = scene.pod.volume.file(CERTIFICATES)?;
    let old = scene.address.folder.join("old-ca.crt");
    fs::write(&old, &before)?;
    let took = scene.change(application, "rotate-ca", |delivered| {
        let certificates = delivered.certificates.as_deref().unwrap_or_default();
        Ok(!certificates.is_empty() && certificates.trim() != before.trim())
    })?;
    let login = Login::of(&scene.pod.volume.file(FILE)?, store)?;
    login.is_taken(scene.pod)?;
    let unknowing = login.by("verify-full", Some(old.display().to_string()));
    unknowing.is_refused(scene.pod, "certificate verify failed")?;
    scene.pod.read_features()?;
    Ok(vec![format!(
        "a new certificate authority of {application} works {took} after the action; who knows the old one alone does not trust it"
    )])
}
