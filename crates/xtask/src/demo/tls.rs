//! Databases that take nothing but TLS, and clients that know them by their authorities.

use std::fs;

use crate::Result;
use crate::demo::login::{Login, STORES, Store};
use crate::demo::notebook::Pod;
use crate::demo::rotation::Scene;

/// The application whose authority is replaced.
const REPLACED: (Store, &str) = STORES[0];
const FILE: &str = "feature_store.yaml";
/// The certificates of the authorities, in the Secret and in the UI's container.
const CERTIFICATES: &str = "ca.crt";

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
