//! Files that were made since the beginning: logs, temporary files, and all that the stand has.

use std::fmt;
use std::fs::{self, File, Metadata};
use std::io;
use std::path::{Component, Path};
use std::time::SystemTime;

use super::needles::Needles;
use crate::Result;
use crate::serve::Address;

/// Below the folder of temporary files, whatever is new.
pub(crate) struct Places<'a> {
    address: &'a Address,
    since: SystemTime,
    files: usize,
    bytes: u64,
}

impl<'a> Places<'a> {
    pub(crate) fn new(address: &'a Address, since: SystemTime) -> Self {
        Self { address, since, files: 0, bytes: 0 }
    }

    /// Calls `found` with each password in each file, and whether it should not be there.
    pub(crate) fn look(
        &mut self,
        needles: &Needles,
        mut found: impl FnMut(String, bool),
    ) -> Result<()> {
        let mut rest = Vec::new();
        for entry in fs::read_dir(std::env::temp_dir())? {
            let entry = entry?;
            if entry.metadata().is_ok_and(|metadata| self.is_new(&metadata)) {
                rest.push(entry.path());
            }
        }
        if !rest.iter().any(|path| self.address.folder.starts_with(path)) {
            rest.push(self.address.folder.clone());
        }
        while let Some(path) = rest.pop() {
            // What goes away meanwhile has been the temporary file of somebody who is still at work.
            let Ok(metadata) = fs::symlink_metadata(&path) else { continue };
            if metadata.is_dir() {
                // A cache, such as the target folder of somebody who builds meanwhile, says so.
                if path.join("CACHEDIR.TAG").exists() {
                    continue;
                }
                let entries = fs::read_dir(&path).into_iter().flatten().flatten();
                rest.extend(entries.map(|entry| entry.path()));
            } else if metadata.is_file() {
                let Ok(file) = File::open(&path) else { continue };
                self.files += 1;
                self.bytes += metadata.len();
                let leaked = !self.is_for_passwords(&path);
                for one in needles.find_in(io::BufReader::new(file)).unwrap_or_default() {
                    found(format!("{one} in {}", path.display()), leaked);
                }
            }
        }
        Ok(())
    }

    fn is_new(&self, metadata: &Metadata) -> bool {
        metadata.created().or_else(|_| metadata.modified()).is_ok_and(|made| made >= self.since)
    }

    /// Whether passwords have to be in this file.
    fn is_for_passwords(&self, path: &Path) -> bool {
        let folder = &self.address.folder;
        let file = path.file_name().unwrap_or_default();
        let in_container = |of: &str, container: &str, name: &str| {
            let inside = path.strip_prefix(folder.join("pods")).ok();
            let mut parts = inside.into_iter().flat_map(Path::components).map(Component::as_os_str);
            let pod = parts.next().is_some_and(|pod| pod.to_string_lossy().starts_with(of));
            pod && parts.next().is_some_and(|part| part == container) && file == name
        };
        let kept = [folder.join("databases"), folder.join("volumes"), self.address.etcd.clone()];
        kept.iter().any(|kept| path.starts_with(kept))
            || in_container("feast-ui-", "feast-ui", "feature_store.yaml")
            || in_container("postgresql-", "postgresql", "password")
    }
}

impl fmt::Display for Places<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} files of {} MB", self.files, self.bytes / 1_000_000)
    }
}
