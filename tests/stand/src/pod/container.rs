//! A container of a pod: its files, and its Pebble.

use std::fs;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::process::{Signal, geteuid};

use super::{ContainerSpec, Error, Spec, remake};
use crate::image::{Image, Mount};
use crate::leash::{Ending, Process, command};
use crate::view::{View, mode};

/// Where Juju puts Pebble in a container.
const PEBBLE: &str = "/charm/bin/pebble";

/// The most bytes in a unix socket's path (`sun_path` without its zero).
const SOCKET_PATH: usize = 107;

/// How long a container that ended by itself stays down, so that one that cannot start does not take all the time.
const BACK_OFF: Duration = Duration::from_millis(500);

/// A running container.
pub(super) struct Container {
    described: ContainerSpec,
    image: Image,
    user: (Option<u32>, Option<u32>),
    /// The container's own folder: what it finds at its start is made here.
    folder: PathBuf,
    socket: PathBuf,
    spec: Spec,
    process: Process,
    started: Instant,
}

impl Container {
    pub(super) fn start(spec: &Spec, container: &ContainerSpec) -> Result<Self, Error> {
        let socket = spec.sockets.join(&container.name).join("pebble.socket");
        if socket.as_os_str().len() > SOCKET_PATH {
            return Err(Error::LongSocket(socket));
        }
        let image = Image::read(&spec.images, &container.image)?;
        let user = if geteuid().is_root() { (container.uid, container.gid) } else { (None, None) };
        let folder = spec.scratch.join(&container.name);
        let process = start(spec, container, &image, user, &folder, &socket)?;
        Ok(Self {
            described: container.clone(),
            image,
            user,
            folder,
            socket,
            spec: spec.clone(),
            process,
            started: Instant::now(),
        })
    }

    pub(super) fn name(&self) -> &str {
        &self.described.name
    }

    /// Starts the container again if it has ended, as a kubelet does; whether it had.
    pub(super) fn keep_running(&mut self) -> Result<bool, Error> {
        let again = self.process.ended().is_some() && self.started.elapsed() > BACK_OFF;
        if again {
            self.restart()?;
        }
        Ok(again)
    }

    /// Kills all processes of the container, and starts it again with the files of its image.
    pub(super) fn restart(&mut self) -> Result<(), Error> {
        self.process.stop();
        self.process =
            start(&self.spec, &self.described, &self.image, self.user, &self.folder, &self.socket)?;
        self.started = Instant::now();
        Ok(())
    }
}

fn start(
    spec: &Spec,
    container: &ContainerSpec,
    image: &Image,
    user: (Option<u32>, Option<u32>),
    folder: &Path,
    socket: &Path,
) -> Result<Process, Error> {
    remake(folder)?;
    let sockets = socket.parent().unwrap_or(socket);
    remake(sockets)?;
    let (home, pebble) = (folder.join("home"), folder.join("pebble"));
    for own in [&home, &pebble] {
        remake(own)?;
    }
    let mut mounts = image.mounts.clone();
    for (number, to) in image.scratch.iter().enumerate() {
        let from = folder.join(format!("scratch-{number}"));
        remake(&from)?;
        mounts.push(Mount { from, to: to.clone() });
    }
    for (number, copy) in image.copies.iter().enumerate() {
        let from = folder.join(format!("copy-{number}"));
        duplicate(&copy.from, &from)?;
        mounts.push(Mount { from, to: copy.to.clone() });
    }
    own(folder, user)?;
    own(sockets, user)?;

    let needs_view = !mounts.is_empty();
    let mut view = View::new().user(user.0, user.1);
    for mount in mounts {
        view = view.mount(mount.from, mount.to);
    }
    // Without an image's files, a container can do without a view where none is to be had.
    let mut pebble_program = spec.pebble.as_path();
    if needs_view || mode().is_ok() {
        // The user of the container may not be let into the folders above the program.
        view = view.hosts(&spec.hosts).mount(pebble_program, PEBBLE);
        pebble_program = Path::new(PEBBLE);
    }
    for path in &image.path {
        view = view.path(path);
    }
    let inside = view.command(pebble_program, &container.arguments)?;
    let ending = Ending { signal: Signal::KILL, grace: Duration::ZERO };
    let mut outside = command(inside.get_program(), ending)?;
    outside
        .args(inside.get_args())
        .env_clear()
        .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
        .envs(inside.get_envs().filter_map(|(name, value)| Some((name, value?))))
        .env("HOME", home)
        .env("LANG", "C.UTF-8")
        .env("PEBBLE", pebble)
        .env("PEBBLE_SOCKET", socket)
        .env("POD_ADDRESS", &spec.address)
        .envs(&image.environment);
    Ok(Process::start(&container.name, outside, &spec.log(&container.name))?)
}

/// Gives a folder that was just made, and what is in it, to the container's user.
fn own(folder: &Path, (uid, gid): (Option<u32>, Option<u32>)) -> Result<(), Error> {
    if uid.is_none() && gid.is_none() {
        return Ok(());
    }
    let failed = |source| Error::Folder { path: folder.to_owned(), source };
    chown(folder, uid, gid).map_err(failed)?;
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if entry.file_type().map_err(failed)?.is_dir() {
            own(&entry.path(), (uid, gid))?;
        } else {
            std::os::unix::fs::lchown(entry.path(), uid, gid).map_err(failed)?;
        }
    }
    Ok(())
}

/// Copies a file or a folder with all that is in it.
fn duplicate(from: &Path, to: &Path) -> Result<(), Error> {
    let failed = |reason: String| Error::Copy { from: from.to_owned(), reason };
    let output = Command::new("cp")
        .args([
            "--recursive",
            "--no-dereference",
            "--preserve=mode,timestamps",
            "--reflink=auto",
            "--",
        ])
        .args([from, to])
        .output()
        .map_err(|error| failed(error.to_string()))?;
    if output.status.success() {
        return Ok(());
    }
    Err(failed(String::from_utf8_lossy(&output.stderr).trim().to_owned()))
}
