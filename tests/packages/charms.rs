//! The charms, packed for all processors.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde_yaml::Value;
use stand::charmcraft::Charmcraft;
use stand::missing::{Need, needs};
use tests::container::cache;
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

pub(crate) const CHARMS: [&str; 2] = ["feast-integrator", "feast-ui"];
pub(crate) const ARCHITECTURES: [&str; 2] = ["amd64", "arm64"];

/// A `.charm` file.
#[derive(Clone)]
pub(crate) struct Package {
    pub(crate) charm: &'static str,
    pub(crate) architecture: &'static str,
    pub(crate) path: PathBuf,
}

/// Both charms for both processors; `None` where they are not to be built, and the test should return.
pub(crate) fn packages() -> Option<&'static [Package]> {
    static PACKAGES: OnceLock<Vec<Package>> = OnceLock::new();
    needs(&[Need::Gcc, Need::CrossGcc]).then(|| PACKAGES.get_or_init(pack).as_slice())
}

/// charmcraft; `None` where there can be none, and the test should return.
pub(crate) fn charmcraft() -> Option<Charmcraft> {
    needs(&[Need::Python]).then(|| Charmcraft::install(&cache()).unwrap())
}

/// The folder of `charm`'s metadata.
pub(crate) fn metadata(charm: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../metadata").join(charm)
}

pub(crate) fn read(path: &Path) -> Value {
    serde_yaml::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

fn pack() -> Vec<Package> {
    let xtask = juju_sim::binary("xtask");
    let mut packages = Vec::new();
    for architecture in ARCHITECTURES {
        let output = Command::new(&xtask).args(["pack", "--arch", architecture]).output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "packing for {architecture}: {errors}");
        let said = String::from_utf8(output.stdout).unwrap();
        let paths: Vec<_> = said.lines().map(|line| line.split("  ").next().unwrap()).collect();
        assert_eq!(paths.len(), CHARMS.len(), "{said}");
        for (charm, path) in CHARMS.into_iter().zip(paths) {
            assert!(path.ends_with(&format!("/{charm}_{architecture}.charm")), "{path}");
            packages.push(Package { charm, architecture, path: path.into() });
        }
    }
    packages
}

impl Package {
    /// The files in it: permissions and content.
    pub(crate) fn files(&self) -> BTreeMap<String, (u32, Vec<u8>)> {
        let mut archive = ZipArchive::new(File::open(&self.path).unwrap()).unwrap();
        (0..archive.len())
            .map(|index| {
                let mut file = archive.by_index(index).unwrap();
                let mut content = Vec::new();
                file.read_to_end(&mut content).unwrap();
                (file.name().to_owned(), (file.unix_mode().unwrap() & 0o7777, content))
            })
            .collect()
    }

    /// The YAML file `name` in it.
    pub(crate) fn yaml(&self, name: &str) -> Value {
        serde_yaml::from_slice(&self.files()[name].1).unwrap()
    }

    /// The same with another file `name`, in the folder `into`.
    pub(crate) fn with(&self, name: &str, content: &str, into: &Path) -> Self {
        let path = into.join(self.path.file_name().unwrap());
        let mut files = self.files();
        files.insert(name.to_owned(), (0o644, content.as_bytes().to_vec()));
        let mut archive = ZipWriter::new(File::create(&path).unwrap());
        for (name, (mode, content)) in files {
            let options = SimpleFileOptions::default().unix_permissions(mode);
            archive.start_file(name, options).unwrap();
            archive.write_all(&content).unwrap();
        }
        archive.finish().unwrap();
        Self { path, ..self.clone() }
    }
}
