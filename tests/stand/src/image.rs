//! What stands in for a container image: a small description of where its files are on this machine.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// The description of an image, kept as `IMAGES/<name>.json`.
///
/// `<name>` is the last component of the registry path without tag and digest ([`Image::name`]). An image without a
/// description is an empty one: its Pebble sees this machine's files, apart from its own `/etc/hosts`.
///
/// ```json
/// {
///   "mounts": [{ "from": "/home/me/.cache/charmed-feast/feast/venv", "to": "/opt/venv" }],
///   "copies": [{ "from": "/home/me/.cache/charmed-feast/feast/ui", "to": "/opt/venv/lib/ui/build" }],
///   "scratch": ["/home/ubuntu"],
///   "path": ["/opt/venv/bin"],
///   "environment": { "FEAST_USAGE": "False" }
/// }
/// ```
///
/// Every path `to`, in `scratch` and in `path` is absolute and is meant inside the container; it need not exist on this
/// machine. A later one may lie inside an earlier one. Environment values are passed as they are; every container has
/// `POD_ADDRESS`, the address of its pod (127.S.x.y), besides.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Image {
    /// Files and folders of this machine that all containers of the image share.
    pub mounts: Vec<Mount>,
    /// Files and folders that each start of a container gets a fresh, writable copy of.
    pub copies: Vec<Mount>,
    /// Folders that are empty and writable when a container starts.
    pub scratch: Vec<PathBuf>,
    /// Folders in front of `PATH`.
    pub path: Vec<PathBuf>,
    /// Variables that Pebble and its services have besides `PATH` and `POD_ADDRESS`.
    pub environment: BTreeMap<String, String>,
}

/// A file or folder of this machine and where a container sees it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Mount {
    /// An absolute path of this machine.
    pub from: PathBuf,
    /// An absolute path inside the container.
    pub to: PathBuf,
}

/// Why an image's description cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file is there and cannot be read.
    #[error("reading the image description {path}")]
    Read {
        /// The description.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is not a description.
    #[error("understanding the image description {path}")]
    Parse {
        /// The description.
        path: PathBuf,
        /// What is wrong, and where.
        source: serde_json::Error,
    },
}

impl Image {
    /// The name of the description of a registry path: `docker.io/charmedkubeflow/feast-ui:0.49.0` → `feast-ui`.
    pub fn name(registry_path: &str) -> &str {
        let last = registry_path.rsplit('/').next().unwrap_or(registry_path);
        let tag = last.find(['@', ':']).unwrap_or(last.len());
        &last[..tag]
    }

    /// Reads the description of `registry_path` from the folder `images`; an image that has none is empty.
    pub fn read(images: &Path, registry_path: &str) -> Result<Self, Error> {
        let path = images.join(format!("{}.json", Self::name(registry_path)));
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Self::default());
            }
            Err(source) => return Err(Error::Read { path, source }),
        };
        serde_json::from_slice(&text).map_err(|source| Error::Parse { path, source })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_is_the_last_component_without_tag_and_digest() {
        assert_eq!(Image::name("docker.io/charmedkubeflow/feast-ui:0.49.0"), "feast-ui");
        assert_eq!(Image::name("localhost:5000/postgresql@sha256:12"), "postgresql");
        assert_eq!(Image::name("busybox"), "busybox");
    }

    #[test]
    fn an_image_without_a_description_is_empty() {
        let image = Image::read(Path::new("/nonexistent"), "docker.io/x/y:1").unwrap();
        assert_eq!(image, Image::default());
    }

    #[test]
    fn an_unknown_key_is_an_error_rather_than_a_file_that_is_missing_later() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("y.json"), r#"{"mount": []}"#).unwrap();
        let error = Image::read(folder.path(), "x/y:1").unwrap_err();
        assert!(error.to_string().contains("y.json"), "{error}");
    }
}
