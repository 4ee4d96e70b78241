//! The programs of Kubernetes, built from its own modules.

use std::path::{Path, PathBuf};

use crate::cache::{Cache, Error};
use crate::go::{GoModule, GoProgram};

/// Where the programs are.
#[derive(Clone, Debug)]
pub struct Programs {
    /// The database.
    pub etcd: PathBuf,
    /// The API.
    pub kube_apiserver: PathBuf,
    /// Its controllers, those that models need.
    pub kube_controllers: PathBuf,
    /// The client.
    pub kubectl: PathBuf,
}

impl Programs {
    /// Builds what is not built yet: minutes without Go's cache.
    pub fn build(cache: &Cache) -> Result<Self, Error> {
        let modules = Path::new(env!("CARGO_MANIFEST_DIR")).join("kubernetes");
        let etcd = GoModule {
            name: "etcd",
            folder: &modules.join("etcd"),
            programs: &[GoProgram { name: "etcd", package: "." }],
            tags: "",
            ldflags: "",
            cgo: false,
        }
        .build(cache)?;
        let kubernetes = GoModule {
            name: "kubernetes",
            folder: &modules.join("apiserver"),
            programs: &[
                GoProgram {
                    name: "kube-apiserver",
                    package: "k8s.io/kubernetes/cmd/kube-apiserver",
                },
                GoProgram { name: "kube-controllers", package: "./kube-controllers" },
                GoProgram { name: "kubectl", package: "k8s.io/kubernetes/cmd/kubectl" },
            ],
            tags: "grpcnotrace",
            // Without a version the server calls itself v0.0.0-master, which clients take for too old.
            ldflags: "-X k8s.io/component-base/version.gitVersion=v1.37.2 \
                      -X k8s.io/component-base/version.gitMajor=1 \
                      -X k8s.io/component-base/version.gitMinor=37 \
                      -X k8s.io/component-base/version.gitTreeState=clean",
            cgo: false,
        }
        .build(cache)?;
        Ok(Self {
            etcd: etcd.join("etcd"),
            kube_apiserver: kubernetes.join("kube-apiserver"),
            kube_controllers: kubernetes.join("kube-controllers"),
            kubectl: kubernetes.join("kubectl"),
        })
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_version_is_the_module_s() {
        let module = include_str!("../../kubernetes/apiserver/go.mod");
        assert!(module.contains("\nrequire k8s.io/kubernetes v1.37.2\n"));
        assert!(include_str!("programs.rs").contains("version.gitVersion=v1.37.2 "));
    }
}
