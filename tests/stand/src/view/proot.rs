//! A view by `proot`, for those who may not make namespaces.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::image::Mount;

/// The arguments of `proot` for a view with these mounts. The folder `place` is made: it is the root folder.
///
/// Left to itself, `proot` makes a path that does not exist on this machine. So the folders that such paths would be in
/// are empty folders of `place`, and what is in them here is bound there, entry by entry.
pub(super) fn arguments(place: &Path, mounts: &[Mount]) -> io::Result<Vec<OsString>> {
    let mut open = BTreeSet::from([PathBuf::from("/")]);
    for mount in mounts {
        let inside_another =
            mounts.iter().any(|other| other != mount && mount.to.starts_with(&other.to));
        if inside_another || mount.to.exists() {
            continue;
        }
        let above = mount.to.ancestors().skip(1);
        open.extend(above.map(Path::to_owned));
    }
    let mut arguments: Vec<OsString> = vec!["-r".into(), place.into(), "-w".into()];
    arguments.push(std::env::current_dir()?.into_os_string());
    for folder in &open {
        let own = place.join(folder.strip_prefix("/").unwrap_or(folder));
        fs::create_dir_all(&own)?;
        let Ok(entries) = fs::read_dir(folder) else { continue };
        for entry in entries {
            let path = entry?.path();
            if !open.contains(&path) {
                arguments.extend(["-b".into(), path.into_os_string()]);
            }
        }
    }
    for mount in mounts {
        let mut binding = mount.from.clone().into_os_string();
        binding.push(":");
        binding.push(&mount.to);
        arguments.extend(["-b".into(), binding]);
    }
    Ok(arguments)
}
