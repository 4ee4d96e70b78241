//! What `stand-view` does once it is in namespaces of its own.

use std::ffi::OsString;
use std::io;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use rustix::fs::{Access, AtFlags, CWD, accessat};

use super::Inside;
use super::root::Root;

/// Builds the view that the first of `arguments` describes, and becomes the program that the others name.
///
/// Returns only if that fails, with why.
pub fn inside(mut arguments: impl Iterator<Item = OsString>) -> String {
    let (Some(view), Some(program)) = (arguments.next(), arguments.next()) else {
        return "usage: stand-view VIEW PROGRAM [ARGUMENT…]".to_owned();
    };
    let view: Inside = match serde_json::from_slice(view.as_encoded_bytes()) {
        Ok(view) => view,
        Err(error) => return format!("understanding the view: {error}"),
    };
    if let Err(error) = enter(&view) {
        return error;
    }
    let mut command = Command::new(&program);
    command.args(arguments);
    if rustix::process::geteuid().is_root() {
        if let Some(gid) = view.gid {
            command.gid(gid);
        }
        if let Some(uid) = view.uid {
            command.uid(uid);
        }
    }
    format!("starting {}: {}", program.display(), command.exec())
}

fn enter(view: &Inside) -> Result<(), String> {
    if view.mounts.is_empty() {
        return Ok(());
    }
    let failed =
        |error: io::Error| format!("making a root folder at {}: {error}", view.place.display());
    let mut root = Root::new(&view.place).map_err(failed)?;
    for mount in &view.mounts {
        root.show(mount).map_err(|error| {
            format!("showing {} as {}: {error}", mount.from.display(), mount.to.display())
        })?;
    }
    root.enter().map_err(failed)
}

/// Whether `path` is there, by the system calls that current programs use. Old releases of `proot` know neither `statx`
/// nor `faccessat2`, and let them through to the path of this machine.
pub fn probe(path: &Path) -> bool {
    let readable = accessat(CWD, path, Access::READ_OK, AtFlags::EACCESS);
    path.exists() && readable.is_ok()
}
