//! A real server that encrypts.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use postgresql::{Error, Login, SslMode, Stage};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

use crate::real::Server;
use crate::{LONG, look, trouble};

/// An authority, in PEM, and its certificate for a server of another name than the tests' in `folder`.
fn certificates(folder: &Path, names: &[&str]) -> String {
    let key = KeyPair::generate().unwrap();
    let mut authority = CertificateParams::default();
    authority.distinguished_name.push(DnType::CommonName, "tests");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let pem = authority.self_signed(&key).unwrap().pem();
    let issuer = Issuer::new(authority, key);
    let key = KeyPair::generate().unwrap();
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let server = CertificateParams::new(names).unwrap().signed_by(&key, &issuer).unwrap();
    fs::write(folder.join("server.crt"), server.pem()).unwrap();
    let path = folder.join("server.key");
    fs::write(&path, key.serialize_pem()).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    pem
}

/// A server that encrypts, and the authority that vouches for it by `names`.
fn server(names: &[&str]) -> Option<(Server, String)> {
    let folder = tempfile::tempdir().unwrap();
    let authority = certificates(folder.path(), names);
    let at = |name: &str| folder.path().join(name).display().to_string();
    let settings = [
        "ssl=on".to_owned(),
        format!("ssl_cert_file={}", at("server.crt")),
        format!("ssl_key_file={}", at("server.key")),
    ];
    Some((Server::start(&settings)?, authority))
}

fn with(server: &Server, sslmode: SslMode) -> Login {
    Login { sslmode, ..server.login() }
}

#[tokio::test]
async fn whoever_asks_for_tls_gets_it_and_who_does_not_gets_none() {
    let Some((server, authority)) = server(&["127.0.0.1"]) else { return };
    let other = tempfile::tempdir().unwrap();
    let several = certificates(other.path(), &["127.0.0.1"]) + &authority;
    for sslmode in [
        SslMode::Prefer,
        SslMode::Require,
        SslMode::VerifyCa(authority.clone()),
        SslMode::VerifyFull(authority),
        SslMode::VerifyFull(several),
    ] {
        let findings = look(&with(&server, sslmode.clone()), LONG).await;
        let told = findings.steps[2].result.clone().unwrap();
        assert_eq!(told, format!("TLS 1.3 (sslmode={})", sslmode.word()));
        assert!(findings.facts.is_some(), "{findings:?}");
    }
    let findings = look(&with(&server, SslMode::Disable), LONG).await;
    assert_eq!(findings.steps[2].result.clone().unwrap(), "off (sslmode=disable)");
    assert!(findings.facts.is_some(), "{findings:?}");
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused_by_verify_full_alone() {
    let Some((server, authority)) = server(&["elsewhere.example.com"]) else { return };
    let findings = look(&with(&server, SslMode::VerifyCa(authority.clone())), LONG).await;
    assert!(findings.facts.is_some(), "{findings:?}");
    let full = with(&server, SslMode::VerifyFull(authority));
    let (passed, stage, error) = trouble(&look(&full, LONG).await);
    assert_eq!((passed, stage), (vec![Stage::Dns, Stage::Tcp], Stage::Tls));
    assert!(error.to_string().contains("not valid for name"), "{error}");
}

#[tokio::test]
async fn a_certificate_of_another_authority_is_refused_by_both() {
    let Some((server, _)) = server(&["127.0.0.1"]) else { return };
    let other = tempfile::tempdir().unwrap();
    let authority = certificates(other.path(), &["127.0.0.1"]);
    for sslmode in [SslMode::VerifyCa(authority.clone()), SslMode::VerifyFull(authority)] {
        let (_, stage, error) = trouble(&look(&with(&server, sslmode), LONG).await);
        assert_eq!(stage, Stage::Tls);
        assert!(matches!(error, Error::Tls(_)), "{error}");
    }
    for (pem, reason) in [("", "there is none"), ("no PEM", "there is none")] {
        let sslmode = SslMode::VerifyFull(pem.to_owned());
        let (_, stage, error) = trouble(&look(&with(&server, sslmode), LONG).await);
        assert_eq!(stage, Stage::Tls);
        let told = format!("sslmode=verify-full needs the certificate of an authority: {reason}");
        assert_eq!(error.to_string(), told);
    }
}
