//! The authority and the certificate of the server, as Juju keeps them.

use std::net::IpAddr;

use charm::{Change, Observation, Options, Secret, SecretContent, SecretPlan};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};

/// The label of the secret that keeps them.
pub(crate) const TLS_SECRET: &str = "certificates";

const AUTHORITY: &str = "authority";
const AUTHORITY_KEY: &str = "authority-key";
const CERTIFICATE: &str = "certificate";
const KEY: &str = "key";
const NAMES: &str = "names";

/// What a server that speaks TLS has. Both are PEM.
#[derive(Clone, Copy)]
pub(crate) struct Certificates<'a> {
    /// By which clients know the server.
    pub(crate) authority: &'a str,
    /// What the server shows them.
    pub(crate) certificate: &'a Secret,
    /// Its key.
    pub(crate) key: &'a Secret,
}

/// Whether the operator wants TLS.
pub(crate) fn wanted(seen: &Observation) -> bool {
    Options::of(seen).boolean("tls").unwrap_or(false)
}

/// What the server is to have: nothing without TLS, nor before Juju keeps it.
pub(crate) fn kept(seen: &Observation) -> Option<Certificates<'_>> {
    let content = &seen.owned_secrets.get(TLS_SECRET).filter(|_| wanted(seen))?.content;
    Some(Certificates {
        authority: content.get(AUTHORITY)?.reveal(),
        certificate: content.get(CERTIFICATE)?,
        key: content.get(KEY)?,
    })
}

/// Every name that clients, and this charm, know the server by. The address of a pod may be another one tomorrow.
pub(crate) fn names(seen: &Observation, address: Option<IpAddr>) -> Vec<String> {
    let Observation { application, model, .. } = seen;
    let services = [format!("{application}-primary"), application.clone()];
    services
        .iter()
        .map(|service| format!("{service}.{model}.svc.cluster.local"))
        .chain(address.map(|address| address.to_string()))
        .collect()
}

/// The secret as it is to be, unless it is so already: for a server with other names a new certificate of the same
/// authority, and a new authority where that is asked for.
pub(crate) fn renewed(
    seen: &Observation,
    names: &[String],
    new_authority: bool,
    issue: &mut dyn FnMut(&[String], Option<&SecretContent>) -> SecretContent,
) -> Option<SecretPlan> {
    let owned = seen.owned_secrets.get(TLS_SECRET).map(|owned| &owned.content);
    let listed = owned.and_then(|content| content.get(NAMES)).map(Secret::reveal);
    let is_right = listed == Some(names.join(" ").as_str());
    (new_authority || !is_right).then(|| SecretPlan {
        content: issue(names, owned.filter(|_| !new_authority)),
        grants: [].into(),
    })
}

/// Whether `changes` give the server other ones than Juju has kept so far.
pub(crate) fn change(seen: &Observation, changes: &[Change]) -> bool {
    let owned = seen.owned_secrets.get(TLS_SECRET).map(|owned| owned.uri.as_str());
    let is_ours = |change: &Change| matches!(change, Change::SecretSet { uri, .. } if Some(uri.as_str()) == owned);
    changes.iter().any(is_ours)
}

/// The authority that the secret holds.
pub(crate) fn authority(content: &SecretContent) -> Option<&str> {
    content.get(AUTHORITY).map(Secret::reveal)
}

/// Makes a certificate for `names`, the first of which names the authority as well, where `before` has none to sign it.
///
/// # Errors
///
/// A name that cannot be in a certificate.
pub(crate) fn issue(
    names: &[String],
    before: Option<&SecretContent>,
) -> Result<SecretContent, rcgen::Error> {
    let mut parameters = CertificateParams::default();
    let name = format!("the authority of {}", names.first().map_or("nobody", String::as_str));
    parameters.distinguished_name.push(DnType::CommonName, name);
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let before =
        before.and_then(|content| Some((content.get(AUTHORITY)?, content.get(AUTHORITY_KEY)?)));
    let (authority, key) = if let Some((authority, key)) = before {
        (authority.reveal().to_owned(), KeyPair::from_pem(key.reveal())?)
    } else {
        let key = KeyPair::generate()?;
        (parameters.self_signed(&key)?.pem(), key)
    };
    let authority_key = key.serialize_pem();
    let issuer = Issuer::new(parameters, key);

    let key = KeyPair::generate()?;
    let mut parameters = CertificateParams::new(names)?;
    parameters.distinguished_name.push(DnType::CommonName, "PostgreSQL");
    parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    // An earlier authority has the same name: with its key's number nobody takes one for the other.
    parameters.use_authority_key_identifier_extension = true;
    let certificate = parameters.signed_by(&key, &issuer)?.pem();
    let content = [
        (AUTHORITY, authority),
        (AUTHORITY_KEY, authority_key),
        (CERTIFICATE, certificate),
        (KEY, key.serialize_pem()),
        (NAMES, names.join(" ")),
    ];
    Ok(content.into_iter().map(|(key, value)| (key.to_owned(), Secret::new(value))).collect())
}

#[cfg(test)]
mod tests {
    use charm::{ConfigValue, OwnedSecret};

    use super::*;

    fn names() -> Vec<String> {
        let seen = Observation {
            application: "pg".to_owned(),
            model: "kubeflow".to_owned(),
            ..Observation::default()
        };
        super::names(&seen, Some([10, 1, 2, 3].into()))
    }

    fn with(content: SecretContent) -> Observation {
        let owned = OwnedSecret { content, ..OwnedSecret::default() };
        Observation {
            config: [("tls".to_owned(), ConfigValue::Boolean(true))].into(),
            owned_secrets: [(TLS_SECRET.to_owned(), owned)].into(),
            ..Observation::default()
        }
    }

    fn issued(names: &[String], before: Option<&SecretContent>) -> SecretContent {
        issue(names, before).unwrap()
    }

    #[test]
    fn a_certificate_is_made_anew_for_other_names_only_and_the_authority_stays() {
        let first = issued(&names(), None);
        let seen = with(first.clone());
        assert_eq!(renewed(&seen, &names(), false, &mut issued), None);

        let other = super::names(&seen, Some([10, 1, 2, 4].into()));
        let second = renewed(&seen, &other, false, &mut issued).unwrap().content;
        assert_eq!(authority(&second), authority(&first));
        assert_ne!(second[CERTIFICATE], first[CERTIFICATE]);

        let third = renewed(&seen, &names(), true, &mut issued).unwrap().content;
        assert_ne!(authority(&third), authority(&first));
    }

    #[test]
    fn without_tls_there_are_none_even_if_juju_keeps_them() {
        let mut seen = with(issued(&names(), None));
        assert!(kept(&seen).is_some());
        seen.config.clear();
        assert!(kept(&seen).is_none());
    }

    #[test]
    fn keys_are_those_that_juju_takes() {
        for key in issued(&names(), None).keys() {
            let plain = |byte: u8| byte.is_ascii_lowercase() || byte == b'-';
            assert!(key.len() > 2 && key.bytes().all(plain), "{key}");
        }
    }
}
