//! Certificates and keys of one Kubernetes, known to nobody else and gone with it.

use std::fs::{self, File};
use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SanType,
};

use super::Error;

/// Writes `ca.crt`, `server.{crt,key}`, `admin.{crt,key}` and `service-accounts.{key,pub}` to `folder`.
pub(super) fn write(folder: &Path) -> Result<(), Error> {
    let key = KeyPair::generate()?;
    let mut ca = named("stand");
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    ca.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    public(folder, "ca.crt", &ca.self_signed(&key)?.pem())?;
    let issuer = Issuer::new(ca, key);

    let mut server = named("kube-apiserver");
    server.subject_alt_names = vec![
        SanType::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        SanType::DnsName("localhost".try_into()?),
        SanType::DnsName("kubernetes.default.svc".try_into()?),
    ];
    pair(folder, "server", server, ExtendedKeyUsagePurpose::ServerAuth, &issuer)?;

    let mut admin = named("admin");
    admin.distinguished_name.push(DnType::OrganizationName, "system:masters");
    pair(folder, "admin", admin, ExtendedKeyUsagePurpose::ClientAuth, &issuer)?;

    let tokens = KeyPair::generate()?;
    private(folder, "service-accounts.key", &tokens.serialize_pem())?;
    public(folder, "service-accounts.pub", &tokens.public_key_pem())
}

fn named(name: &str) -> CertificateParams {
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name.push(DnType::CommonName, name);
    parameters
}

fn pair(
    folder: &Path,
    name: &str,
    mut parameters: CertificateParams,
    usage: ExtendedKeyUsagePurpose,
    issuer: &Issuer<'_, KeyPair>,
) -> Result<(), Error> {
    parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    parameters.extended_key_usages = vec![usage];
    let key = KeyPair::generate()?;
    public(folder, &format!("{name}.crt"), &parameters.signed_by(&key, issuer)?.pem())?;
    private(folder, &format!("{name}.key"), &key.serialize_pem())
}

fn public(folder: &Path, name: &str, text: &str) -> Result<(), Error> {
    let path = folder.join(name);
    fs::write(&path, text).map_err(|source| Error::Folder { path, source })
}

/// Writes a file that only its owner can read.
pub(super) fn private(folder: &Path, name: &str, text: &str) -> Result<(), Error> {
    let path = folder.join(name);
    File::options()
        .create(true)
        .truncate(true)
        .write(true)
        .mode(0o600)
        .open(&path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|source| Error::Folder { path, source })
}
