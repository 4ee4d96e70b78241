//! A user's notebook: a process with exactly the environment and the mounts that the PodDefault gives it.

use std::fs;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use stand::view::View;

use crate::Result;
use crate::demo::terminal;
use crate::serve::Address;

/// Loads known rows, applies, materializes, retrieves, and says what came back.
pub(crate) fn run(address: &Address, secret: &Value, pod_default: &Value) -> Result<String> {
    let pod = Pod::admitted(address, secret, pod_default)?;
    let files = stand::feast::notebook();
    let python = address.python.display().to_string();
    let feast = address.feast.display().to_string();
    let now = "2026-02-01T00:00:00";

    terminal::read(&mut pod.command(&python, &["load_data.py"], &files)?, "python load_data.py")?;
    terminal::read(&mut pod.command(&feast, &["apply"], &files.join("repo"))?, "feast apply")?;
    let shown = format!("feast materialize-incremental {now}");
    terminal::read(
        &mut pod.command(&feast, &["materialize-incremental", now], &files.join("repo"))?,
        &shown,
    )?;
    let text =
        terminal::read(&mut pod.command(&python, &["check.py"], &files)?, "python check.py")?;
    let result: Value = text
        .lines()
        .rev()
        .find_map(|line| serde_json::from_str(line).ok())
        .ok_or_else(|| format!("check.py printed no result: {text}"))?;
    println!("   {result}");
    if result["offline_right"] == true && result["online_right"] == true {
        Ok(format!(
            "a notebook with Feast {} reads the known values, offline and online",
            result["feast"].as_str().unwrap_or("?")
        ))
    } else {
        Err(format!("the features are not those that were stored: {result}").into())
    }
}

/// What Kubernetes makes of a pod that asks for the PodDefault.
struct Pod {
    view: View,
}

impl Pod {
    fn admitted(address: &Address, secret: &Value, pod_default: &Value) -> Result<Self> {
        let spec = &pod_default["spec"];
        let mut view = View::new().hosts(&address.hosts);
        for variable in list(&spec["env"]) {
            view = view.variable(text(&variable["name"])?, text(&variable["value"])?);
        }
        for mount in list(&spec["volumeMounts"]) {
            let name = text(&mount["name"])?;
            let volume =
                list(&spec["volumes"]).iter().find(|volume| volume["name"] == name).ok_or_else(
                    || format!("the PodDefault mounts the volume {name}, which it does not have"),
                )?;
            if volume["secret"]["secretName"] != secret["metadata"]["name"] {
                return Err(
                    format!("the volume {name} is not the Secret that was delivered").into()
                );
            }
            view = view.mount(volume_of(secret, &address.folder)?, text(&mount["mountPath"])?);
        }
        Ok(Self { view })
    }

    fn command(&self, program: &str, arguments: &[&str], folder: &Path) -> Result<Command> {
        let mut command = self.view.command(program, arguments.iter().copied())?;
        command.current_dir(folder).env("FEAST_USAGE", "False").env("PYTHONDONTWRITEBYTECODE", "1");
        Ok(command)
    }
}

/// The Secret as kubelet lays it out, with files that nobody else can read. It goes with the stand's folder.
fn volume_of(secret: &Value, folder: &Path) -> Result<PathBuf> {
    let volume = folder.join("volumes").join("feature-store-yaml");
    fs::create_dir_all(&volume)?;
    fs::set_permissions(&volume, fs::Permissions::from_mode(0o700))?;
    for (key, value) in secret["data"].as_object().into_iter().flatten() {
        let content =
            base64::Engine::decode(&base64::engine::general_purpose::STANDARD, text(value)?)?;
        let mut file = fs::File::options()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(volume.join(key))?;
        std::io::Write::write_all(&mut file, &content)?;
    }
    Ok(volume)
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> Result<&str> {
    value.as_str().ok_or_else(|| format!("{value} is no text").into())
}
