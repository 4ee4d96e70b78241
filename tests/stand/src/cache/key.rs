//! What tells versions of a part apart.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::Error;

/// What a part is made of. Equal keys are the same part, on any clone of the repository.
#[derive(Clone, Default)]
pub struct Key(Sha256);

impl Key {
    /// A key that says nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a version, an option, or anything else that is text.
    #[must_use]
    pub fn with(mut self, text: impl AsRef<str>) -> Self {
        let text = text.as_ref();
        self.0.update(text.len().to_le_bytes());
        self.0.update(text.as_bytes());
        self
    }

    /// Adds the contents of the file `path`.
    pub fn file(mut self, path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let content =
            fs::read(path).map_err(|source| Error::Folder { path: path.to_owned(), source })?;
        self.0.update(content.len().to_le_bytes());
        self.0.update(&content);
        Ok(self)
    }

    /// Adds the names and contents of all files below `folder`.
    pub fn folder(mut self, folder: impl AsRef<Path>) -> Result<Self, Error> {
        let folder = folder.as_ref();
        let failed = |source| Error::Folder { path: folder.to_owned(), source };
        let mut entries: Vec<_> =
            fs::read_dir(folder).map_err(failed)?.collect::<Result<_, _>>().map_err(failed)?;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            self = self.with(entry.file_name().to_string_lossy());
            self = if entry.file_type().map_err(failed)?.is_dir() {
                self.folder(entry.path())?
            } else {
                self.file(entry.path())?
            };
        }
        Ok(self)
    }

    /// Sixteen hexadecimal digits.
    pub(super) fn text(&self) -> String {
        self.0.clone().finalize().iter().take(8).fold(String::new(), |mut text, byte| {
            let _infallible = write!(text, "{byte:02x}");
            text
        })
    }
}
