//! Programs built from the Go modules beside this crate.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cache::{Cache, Error, Key};

/// Go programs that are built together, from one module, into one part of the cache.
#[derive(Clone, Copy, Debug)]
pub struct GoModule<'a> {
    /// The part's name.
    pub name: &'a str,
    /// The folder with `go.mod`. All files in it belong to the part's key.
    pub folder: &'a Path,
    /// What to build.
    pub programs: &'a [GoProgram<'a>],
    /// Build tags, comma-separated.
    pub tags: &'a str,
    /// Linker flags beside `-s -w`.
    pub ldflags: &'a str,
    /// Whether C code is compiled in.
    pub cgo: bool,
}

/// One program of a [`GoModule`].
#[derive(Clone, Copy, Debug)]
pub struct GoProgram<'a> {
    /// The file's name in the part's folder.
    pub name: &'a str,
    /// The package, as `go build` takes it.
    pub package: &'a str,
}

impl GoModule<'_> {
    /// The folder with the programs, built now if they are not there.
    ///
    /// The flags do not depend on where the repository lies, so that Go's own cache serves every clone.
    pub fn build(&self, cache: &Cache) -> Result<PathBuf, Error> {
        let ldflags = format!("-s -w {}", self.ldflags).trim_end().to_owned();
        let mut key = Key::new()
            .folder(self.folder)?
            .with(self.tags)
            .with(&ldflags)
            .with(self.cgo.to_string());
        for program in self.programs {
            key = key.with(program.name).with(program.package);
        }
        cache.part(self.name, &key, |build| {
            for program in self.programs {
                build.run(
                    Command::new("go")
                        .arg("build")
                        .args(["-mod=readonly", "-trimpath", "-buildvcs=false"])
                        .args(["-tags", self.tags])
                        .args(["-ldflags", &ldflags])
                        .arg("-o")
                        .arg(build.folder().join(program.name))
                        .arg(program.package)
                        .current_dir(self.folder)
                        .env("CGO_ENABLED", if self.cgo { "1" } else { "0" }),
                )?;
            }
            Ok::<(), Error>(())
        })
    }
}
