//! A controller and a charm for tests.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use stand::cache::Cache;
use stand::controller::{Controller, Settings};
use stand::missing::{Need, needs};

/// More than enough for anything here, on a machine that does other things as well.
pub(crate) const LIMIT: Duration = Duration::from_mins(1);

/// Whether this machine can build and run Juju.
pub(crate) fn can_run_juju() -> bool {
    needs(&[Need::Go, Need::Gcc])
}

/// The cache of this machine, which tells what it builds.
pub(crate) fn cache() -> Cache {
    Cache::open(|line| println!("{line}")).unwrap()
}

/// A controller with usual settings.
pub(crate) fn controller() -> Controller {
    Controller::start(&cache(), &Settings::default()).unwrap()
}

/// The charm in `charm`, packed into `folder`.
pub(crate) fn charm(folder: &Path) -> PathBuf {
    let path = folder.join("teller.charm");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/juju/charm");
    let mut files = Vec::new();
    for entry in fs::read_dir(source).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        // What belongs to the image is no part of the charm.
        if name != "service" {
            files.push((name, fs::read(entry.path()).unwrap()));
        }
    }
    let files: Vec<(&str, u32, &[u8])> = files
        .iter()
        .map(|(name, content)| {
            (name.as_str(), if name == "dispatch" { 0o755 } else { 0o644 }, content.as_slice())
        })
        .collect();
    stand::archive::pack(&path, &files).unwrap();
    path
}

/// Deploys the charm as `application`, trusted.
pub(crate) fn deploy(controller: &Controller, application: &str, units: u32) {
    deploy_with(controller, application, units, &["--trust"]);
}

/// Deploys the charm as `application`.
pub(crate) fn deploy_untrusted(controller: &Controller, application: &str, units: u32) {
    deploy_with(controller, application, units, &[]);
}

fn deploy_with(controller: &Controller, application: &str, units: u32, more: &[&str]) {
    let path = charm(controller.folder());
    let (path, units) = (path.to_str().unwrap(), units.to_string());
    let resource = "image=docker.io/stand/teller:1";
    let deploy = ["deploy", path, application, "--resource", resource, "-n", &units];
    controller.juju([&deploy[..], more].concat()).unwrap();
}
