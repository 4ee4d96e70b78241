//! Charms as archives, as `juju deploy` takes them.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// Packs files, each with its name, its permissions and its content, into the charm `path`.
pub fn pack(path: &Path, files: &[(&str, u32, &[u8])]) -> io::Result<()> {
    let mut archive = ZipWriter::new(File::create(path)?);
    for (name, mode, content) in files {
        archive.start_file(*name, SimpleFileOptions::default().unix_permissions(*mode))?;
        archive.write_all(content)?;
    }
    archive.finish()?;
    Ok(())
}
