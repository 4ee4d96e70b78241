//! Integration tests in Python, by jubilant, run against the controller unchanged.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{cache, can_run_juju, charm, controller};
use stand::cache::{Error, Key};
use stand::missing::{Need, needs};
use stand::python;

#[test]
fn jubilant_operates_a_model() {
    if !can_run_juju() || !needs(&[Need::Python]) {
        return;
    }
    let controller = controller();
    let output = Command::new(python::find().unwrap())
        .arg(folder().join("operate.py"))
        .arg(charm(controller.folder()))
        .envs(controller.environment())
        .env("PYTHONPATH", jubilant())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("operated"), "{said}");
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/juju/jubilant")
}

/// A folder with the Python package jubilant.
fn jubilant() -> PathBuf {
    let python = python::find().unwrap();
    let requirements = folder().join("requirements.txt");
    let version = Command::new(&python).arg("--version").output().unwrap();
    let key =
        Key::new().file(&requirements).unwrap().with(String::from_utf8_lossy(&version.stdout));
    cache()
        .part("jubilant", &key, |build| {
            let mut pip = Command::new(&python);
            pip.args([
                "-m",
                "pip",
                "install",
                "--disable-pip-version-check",
                "--no-input",
                "--no-deps",
            ]);
            pip.arg("--requirement").arg(&requirements).arg("--target").arg(build.folder());
            build.run(&mut pip)?;
            Ok::<(), Error>(())
        })
        .unwrap()
}
