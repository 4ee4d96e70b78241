//! The Secret in a pod, as kubelet puts it there and keeps it up to date.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Deserializer, Value};

use crate::Result;
use crate::demo::USER;
use crate::serve::Address;

/// What leads to the files as they are now.
const DATA: &str = "..data";

/// How long a change may take to get from a database to a pod, on a machine that is busy with something else.
const PATIENCE: Duration = Duration::from_mins(3);

/// A folder with the files of a Secret, which nobody else can read. It goes with the stand's folder.
#[derive(Clone)]
pub(crate) struct Volume {
    folder: PathBuf,
}

impl Volume {
    /// Makes the folder below `folder`.
    pub(crate) fn of(secret: &Value, folder: &Path) -> Result<Self> {
        let name = secret["metadata"]["name"].as_str().unwrap_or_default();
        let volume = Self { folder: folder.join("volumes").join(name) };
        fs::create_dir_all(&volume.folder)?;
        fs::set_permissions(&volume.folder, fs::Permissions::from_mode(0o700))?;
        volume.refresh(secret)?;
        Ok(volume)
    }

    /// The folder that a pod sees.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// A file as it is now.
    pub(crate) fn file(&self, name: &str) -> Result<String> {
        Ok(fs::read_to_string(self.folder.join(name))?)
    }

    /// Shows the files of `secret`, all at once: each name leads through one link, and that link is replaced.
    pub(crate) fn refresh(&self, secret: &Value) -> Result<()> {
        let version = secret["metadata"]["resourceVersion"].as_str().unwrap_or_default();
        let (version, current) = (format!("..{version}"), self.folder.join(DATA));
        let before = fs::read_link(&current).ok();
        if before.as_deref() == Some(Path::new(&version)) {
            return Ok(());
        }
        fs::create_dir_all(self.folder.join(&version))?;
        let files = secret["data"].as_object();
        for (name, content) in files.into_iter().flatten() {
            let content = STANDARD.decode(content.as_str().unwrap_or_default())?;
            fs::File::options()
                .write(true)
                .create(true)
                .truncate(true)
                .mode(0o600)
                .open(self.folder.join(&version).join(name))?
                .write_all(&content)?;
        }
        let next = self.folder.join("..data_tmp");
        symlink(&version, &next)?;
        fs::rename(next, current)?;
        for (name, _) in files.into_iter().flatten() {
            let link = self.folder.join(name);
            if link.symlink_metadata().is_err() {
                symlink(Path::new(DATA).join(name), link)?;
            }
        }
        if let Some(before) = before {
            fs::remove_dir_all(self.folder.join(before))?;
        }
        Ok(())
    }
}

/// A file of a Secret.
pub(crate) fn file(secret: &Value, name: &str) -> Result<String> {
    let content = secret["data"][name].as_str().ok_or_else(|| format!("there is no {name}"))?;
    Ok(String::from_utf8(STANDARD.decode(content)?)?)
}

/// What refreshes the volume of a running pod whenever its Secret changes.
pub(crate) struct Kubelet {
    kubectl: Child,
    volume: Volume,
    refreshed: Receiver<std::result::Result<(), String>>,
}

impl Kubelet {
    pub(crate) fn start(address: &Address, secret: &str, volume: &Volume) -> Result<Self> {
        let mut kubectl = address
            .kubectl()
            .args(["get", "secret", secret, "--namespace", USER, "--watch"])
            .args(["--output-watch-events", "--output=json"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()?;
        let events = kubectl.stdout.take().ok_or("kubectl has no output")?;
        let (send, refreshed) = mpsc::channel();
        let ours = volume.clone();
        thread::spawn(move || {
            for event in Deserializer::from_reader(events).into_iter::<Value>() {
                let refreshed = match event {
                    Ok(event) if event["type"] == "DELETED" => continue,
                    Ok(event) => ours.refresh(&event["object"]).map_err(|error| error.to_string()),
                    Err(error) => Err(error.to_string()),
                };
                if send.send(refreshed).is_err() {
                    return;
                }
            }
        });
        Ok(Self { kubectl, volume: volume.clone(), refreshed })
    }

    /// Waits until `arrived` says so of the files.
    pub(crate) fn wait(&mut self, arrived: impl Fn(&Volume) -> Result<bool>) -> Result<()> {
        let started = Instant::now();
        while !arrived(&self.volume)? {
            let left = PATIENCE.saturating_sub(started.elapsed());
            self.refreshed
                .recv_timeout(left)
                .map_err(|_| format!("the Secret has not changed within {PATIENCE:?}"))??;
        }
        Ok(())
    }
}

impl Drop for Kubelet {
    fn drop(&mut self) {
        let _may_have_ended = self.kubectl.kill();
        let _status = self.kubectl.wait();
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn secret(version: &str, content: &str) -> Value {
        json!({
            "metadata": {"name": "store", "resourceVersion": version},
            "data": {"a.yaml": STANDARD.encode(content)},
        })
    }

    #[test]
    fn a_file_that_is_refreshed_keeps_its_name_and_leaves_nothing_of_what_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let volume = Volume::of(&secret("1", "old"), folder.path()).unwrap();
        assert_eq!(volume.file("a.yaml").unwrap(), "old");
        for _ in 0..2 {
            volume.refresh(&secret("2", "new")).unwrap();
            assert_eq!(volume.file("a.yaml").unwrap(), "new");
        }
        let mut names: Vec<_> = fs::read_dir(volume.folder())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert_eq!(names, ["..2", "..data", "a.yaml"]);
    }
}
