//! Juju's programs: the controller and the unit agent of the stand, the hook tools, and the `juju` command; and what runs
//! hooks as Juju 3.6 does.

use std::path::{Path, PathBuf};

use crate::cache::{Cache, Error};
use crate::go::{GoModule, GoProgram};

/// The folder with `juju-controller`, `juju-agent`, `jujuc` and `juju`, built now if they are not there: about ten
/// minutes on two processors for the first time.
pub fn juju(cache: &Cache) -> Result<PathBuf, Error> {
    GoModule {
        name: "juju",
        folder: &Path::new(env!("CARGO_MANIFEST_DIR")).join("juju"),
        programs: &[
            GoProgram { name: "juju-controller", package: "./juju-controller" },
            GoProgram { name: "juju-agent", package: "./juju-agent" },
            GoProgram { name: "jujuc", package: "github.com/juju/juju/cmd/jujuc" },
            GoProgram { name: "juju", package: "github.com/juju/juju/cmd/juju" },
        ],
        // No dqlite, and no cloud but Kubernetes.
        tags: "minimal,provider_kubernetes",
        ldflags: "",
        cgo: true,
    }
    .build(cache)
}

/// The folder with `juju-runner` and the `jujuc` of Juju 3.6, built now if they are not there: about three minutes on two
/// processors for the first time.
pub(crate) fn juju_3_6(cache: &Cache) -> Result<PathBuf, Error> {
    GoModule {
        name: "juju-3.6",
        folder: &Path::new(env!("CARGO_MANIFEST_DIR")).join("juju-3.6"),
        programs: &[
            GoProgram { name: "juju-runner", package: "./juju-runner" },
            GoProgram { name: "jujuc", package: "github.com/juju/juju/cmd/jujuc" },
        ],
        tags: "minimal",
        ldflags: "",
        cgo: false,
    }
    .build(cache)
}
