//! The Pebble that Juju 3.6 and 4.0 ship.

use std::path::{Path, PathBuf};

use crate::cache::{Cache, Error};
use crate::go::{GoModule, GoProgram};

/// The program `pebble`, built now if it is not there.
pub fn pebble(cache: &Cache) -> Result<PathBuf, Error> {
    GoModule {
        name: "pebble",
        folder: &Path::new(env!("CARGO_MANIFEST_DIR")).join("pebble"),
        programs: &[GoProgram {
            name: "pebble",
            package: "github.com/canonical/pebble/cmd/pebble",
        }],
        tags: "",
        ldflags: "",
        cgo: false,
    }
    .build(cache)
    .map(|part| part.join("pebble"))
}
