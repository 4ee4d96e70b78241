//! Building the root folder of a view, inside its own mount namespace.

use std::fs::{self, File};
use std::io;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::symlink;
use std::path::{Component, Path, PathBuf};

use rustix::mount::{
    MountFlags, MountPropagationFlags, UnmountFlags, mount, mount_bind, mount_bind_recursive,
    mount_change, unmount,
};
use rustix::process::{chdir, chroot, pivot_root};

use crate::image::Mount;

/// Symbolic links on the way to a mount point, before they are taken for a circle.
const LINKS: usize = 40;

/// A root folder that shows this machine's files, and others.
///
/// It is a file system in memory with every entry of `/` bound into it. A path that does not exist gets its place by
/// doing the same to the folder it would be in, so that nothing is ever written to this machine.
pub(crate) struct Root {
    folder: PathBuf,
    /// Folders inside that are in memory; all others are this machine's.
    own: Vec<PathBuf>,
}

impl Root {
    /// A view of `/` as it is. `folder` is only a place to begin with.
    pub(crate) fn new(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        mount("tmpfs", folder, "tmpfs", MountFlags::NOSUID, Some(c"mode=0755"))?;
        // Without this a recursive bind of the folder around it would bring it into itself.
        mount_change(folder, MountPropagationFlags::UNBINDABLE)?;
        fill(Path::new("/"), folder)?;
        Ok(Self { folder: folder.to_owned(), own: vec![folder.to_owned()] })
    }

    /// Shows what `mount` says.
    pub(crate) fn show(&mut self, mount: &Mount) -> io::Result<()> {
        let point = self.point(&mount.to, mount.from.is_dir())?;
        mount_bind_recursive(&mount.from, &point)?;
        // What is seen there from now on is this machine's.
        self.own.retain(|own| !own.starts_with(&point));
        Ok(())
    }

    /// Makes this the root folder of the process.
    pub(crate) fn enter(self) -> io::Result<()> {
        let folder = std::env::current_dir();
        chdir(&self.folder)?;
        // The old root ends up on top of the new one, from where it is taken away. Where `/` is not a mount that can be
        // moved, changing the root is the next best thing.
        if pivot_root(".", ".").is_ok() {
            unmount(".", UnmountFlags::DETACH)?;
        } else {
            chroot(".")?;
        }
        chdir("/")?;
        if let Ok(folder) = folder {
            let _may_be_hidden_now = chdir(&folder);
        }
        Ok(())
    }

    /// The place inside this root for `path`, made if it is not there.
    fn point(&mut self, path: &Path, folder: bool) -> io::Result<PathBuf> {
        let mut rest: Vec<PathBuf> = parts(path);
        let mut at = self.folder.clone();
        let mut links = 0;
        while let Some(name) = rest.pop() {
            if name == Path::new("..") {
                if at != self.folder {
                    at.pop();
                }
                continue;
            }
            let next = at.join(&name);
            match fs::symlink_metadata(&next) {
                Ok(found) if found.is_symlink() => {
                    links += 1;
                    if links > LINKS {
                        return Err(io::Error::from_raw_os_error(
                            rustix::io::Errno::LOOP.raw_os_error(),
                        ));
                    }
                    let target = fs::read_link(&next)?;
                    if target.is_absolute() {
                        at = self.folder.clone();
                    }
                    rest.extend(parts(&target));
                }
                Ok(_) => at = next,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    self.open(&at)?;
                    if folder || !rest.is_empty() {
                        fs::create_dir(&next)?;
                        self.own.push(next.clone());
                    } else {
                        File::create(&next)?;
                    }
                    at = next;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(at)
    }

    /// Makes a folder one of this root's own, with the same entries, so that more can be added.
    fn open(&mut self, folder: &Path) -> io::Result<()> {
        if self.own.iter().any(|own| own == folder) {
            return Ok(());
        }
        // The open file leads to what the file system in memory hides.
        let hidden = File::open(folder)?;
        mount("tmpfs", folder, "tmpfs", MountFlags::NOSUID, Some(c"mode=0755"))?;
        fill(Path::new(&format!("/proc/self/fd/{}", hidden.as_raw_fd())), folder)?;
        self.own.push(folder.to_owned());
        Ok(())
    }
}

/// The names in a path, the last first.
fn parts(path: &Path) -> Vec<PathBuf> {
    path.components()
        .rev()
        .filter(|part| matches!(part, Component::Normal(_) | Component::ParentDir))
        .map(|part| PathBuf::from(part.as_os_str()))
        .collect()
}

/// Shows every entry of the folder `from` in the folder `to`.
fn fill(from: &Path, to: &Path) -> io::Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (source, place) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type()?;
        if kind.is_symlink() {
            symlink(fs::read_link(&source)?, &place)?;
        } else if kind.is_dir() {
            fs::create_dir(&place)?;
            // A folder that may not be looked into is shown empty.
            let _not_ours_to_see = mount_bind_recursive(&source, &place);
        } else {
            File::create(&place)?;
            let _not_ours_to_see = mount_bind(&source, &place);
        }
    }
    Ok(())
}
