//! Charms and images of this workspace, as real Juju and its pods take them.

use std::fs;
use std::path::{Path, PathBuf};

use juju_sim::binary;
use stand::archive;
use stand::feast::{Feast, Release};
use stand::image::{Image, Mount};
use stand::postgresql;

use crate::container::cache;

/// The charms under test; all others are neighbours of the stand.
const OURS: [&str; 2] = ["feast-integrator", "feast-ui"];

/// A charm as it is built for tests, packed into `folder`.
///
/// # Panics
///
/// If it cannot be built or written.
pub fn charm(folder: &Path, name: &str) -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (package, metadata) = if OURS.contains(&name) {
        (name.to_owned(), here.join("../metadata").join(name))
    } else {
        (format!("peer-{name}"), here.join("peers").join(name).join("metadata"))
    };
    let read = |name: &str| fs::read(metadata.join(name)).unwrap_or_default();
    let program = fs::read(binary(&package)).expect("the program of the charm");
    let path = folder.join(name).with_extension("charm");
    let manifest = r#"bases: [{name: ubuntu, channel: "24.04", architectures: [amd64, arm64]}]"#;
    let (description, options, actions) =
        (read("metadata.yaml"), read("config.yaml"), read("actions.yaml"));
    let mut files: Vec<(&str, u32, &[u8])> = vec![
        ("metadata.yaml", 0o644, &description),
        ("manifest.yaml", 0o644, manifest.as_bytes()),
        ("dispatch", 0o755, &program),
        ("config.yaml", 0o644, &options),
        ("actions.yaml", 0o644, &actions),
    ];
    files.retain(|(_, _, content)| !content.is_empty());
    archive::pack(&path, &files).expect("a packed charm");
    path
}

/// Describes the images `feast-ui`, `postgresql`, `proxy` and `pgbouncer` in `folder`, which is made.
///
/// # Panics
///
/// If what is in them cannot be built or installed.
pub fn images(folder: &Path) {
    let program = |package: &str, name: &str, scratch: &str| {
        let to = Path::new("/opt/stand");
        let from = binary(package).with_file_name(name);
        Image {
            mounts: vec![Mount { from, to: to.join(name) }],
            path: vec![to.to_owned()],
            scratch: vec![scratch.into()],
            ..Image::default()
        }
    };
    let feast = Feast::install(&cache(), Release::Original).expect("Feast");
    fs::create_dir(folder).expect("a folder for images");
    for (name, image) in [
        ("feast-ui", feast.image().expect("the image of Feast")),
        ("postgresql", postgresql::image(&cache()).expect("the image of PostgreSQL")),
        ("proxy", program("peer-gateway", "stand-proxy", "/etc/stand-proxy")),
        ("pgbouncer", program("peer-pgbouncer-k8s", "stand-pooler", "/etc/pgbouncer")),
    ] {
        let text = serde_json::to_vec(&image).expect("JSON");
        fs::write(folder.join(format!("{name}.json")), text).expect("a description");
    }
}
