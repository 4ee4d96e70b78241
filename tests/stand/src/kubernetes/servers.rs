//! Starting etcd, kube-apiserver and controllers with little more than charms need.

use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::time::Duration;

use rustix::process::Signal;

use super::{Error, Programs};
use crate::leash::{self, Ending, Process};

/// Their data are made anew at every start, so there is nothing to finish: the API server would take ten seconds for it.
const AT_ONCE: Ending = Ending { signal: Signal::KILL, grace: Duration::ZERO };

pub(super) fn etcd(
    programs: &Programs,
    folder: &Path,
    client: u16,
    peer: u16,
) -> Result<Process, Error> {
    let clients = format!("http://127.0.0.1:{client}");
    let mut etcd = leash::command(&programs.etcd, AT_ONCE)?;
    etcd.arg("--data-dir")
        .arg(folder.join("etcd"))
        .args(["--unsafe-no-fsync", "--log-level", "warn"])
        .args(["--listen-client-urls", &clients, "--advertise-client-urls", &clients])
        .args(["--listen-peer-urls", &format!("http://127.0.0.1:{peer}")]);
    Ok(Process::start("etcd", etcd, &folder.join("etcd.log"))?)
}

pub(super) fn apiserver(
    programs: &Programs,
    folder: &Path,
    etcd: u16,
    secure: u16,
) -> Result<Process, Error> {
    let file = |flag: &str, name: &str| format!("--{flag}={}", folder.join(name).display());
    let mut apiserver = leash::command(&programs.kube_apiserver, AT_ONCE)?;
    apiserver
        .arg(format!("--etcd-servers=http://127.0.0.1:{etcd}"))
        .args([
            "--bind-address=127.0.0.1",
            "--advertise-address=127.0.0.1",
            "--endpoint-reconciler-type=none",
        ])
        .arg(format!("--secure-port={secure}"))
        .arg(file("tls-cert-file", "server.crt"))
        .arg(file("tls-private-key-file", "server.key"))
        .arg(file("client-ca-file", "ca.crt"))
        .arg(file("service-account-key-file", "service-accounts.pub"))
        .arg(file("service-account-signing-key-file", "service-accounts.key"))
        .args([
            "--service-account-issuer=https://kubernetes.default.svc",
            "--service-cluster-ip-range=10.0.0.0/24",
        ])
        .args(["--authorization-mode=RBAC", "--enable-priority-and-fairness=false"])
        .arg(format!("--disable-admission-plugins={}", NO_PLUGINS.join(",")))
        .arg(format!(
            "--runtime-config=api/all=false,api/v1=true,{}",
            APIS.map(|api| format!("{api}/v1=true")).join(",")
        ));
    Ok(Process::start("kube-apiserver", apiserver, &folder.join("kube-apiserver.log"))?)
}

pub(super) fn controllers(programs: &Programs, folder: &Path) -> Result<Process, Error> {
    let mut controllers = leash::command(&programs.kube_controllers, AT_ONCE)?;
    controllers.arg("-kubeconfig").arg(folder.join("kubeconfig"));
    Ok(Process::start("kube-controllers", controllers, &folder.join("kube-controllers.log"))?)
}

/// The API groups that charms and their relatives use; each more costs memory.
const APIS: [&str; 11] = [
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "apiregistration.k8s.io",
    "apps",
    "authentication.k8s.io",
    "authorization.k8s.io",
    "coordination.k8s.io",
    "discovery.k8s.io",
    "networking.k8s.io",
    "rbac.authorization.k8s.io",
    "storage.k8s.io",
];

/// Plug-ins that wait for controllers or for API groups which are not there.
const NO_PLUGINS: [&str; 22] = [
    "CertificateApproval",
    "CertificateSigning",
    "CertificateSubjectRestriction",
    "ClusterTrustBundleAttest",
    "DefaultIngressClass",
    "DefaultStorageClass",
    "DefaultTolerationSeconds",
    "LimitRanger",
    "MutatingAdmissionPolicy",
    "NodeDeclaredFeatureValidator",
    "PersistentVolumeClaimResize",
    "PodGroupProtection",
    "PodResizeValidator",
    "PodSecurity",
    "PodTopologyLabels",
    "Priority",
    "ResourceQuota",
    "RuntimeClass",
    "ServiceAccount",
    "StorageObjectInUseProtection",
    "TaintNodesByCondition",
    "ValidatingAdmissionPolicy",
];

pub(super) fn free_ports<const N: usize>() -> io::Result<[u16; N]> {
    let mut ports = [0; N];
    // All are held until the last is known, so that they differ.
    let mut held = Vec::new();
    for port in &mut ports {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        *port = listener.local_addr()?.port();
        held.push(listener);
    }
    Ok(ports)
}
