//! What the fifteen keys cannot say: the file itself, in a Juju secret.

use std::collections::BTreeMap;
use std::num::NonZeroU16;

use charm::{Databag, Secret, SecretAnswer, SecretContent};

use crate::Error;

/// The key in the databag of the provider's unit that holds the URI of the secret.
///
/// The application's databag has no place for it: a Python UI fails every hook on a sixteenth key.
pub const ANNOUNCEMENT: &str = "secret-configuration";

/// The path at which the file expects the certificates in the UI's container.
pub const CERTIFICATES: &str = "/home/ubuntu/ca.crt";

const FEATURE_STORE: &str = "feature-store";
const CA: &str = "certificates";
const CONNECT_TIMEOUT: &str = "connect-timeout";

/// The file for the UI and what belongs to it, as the secret holds it. A requirer that knows it prefers it to the
/// fifteen keys, which may be there or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// `feature_store.yaml`, in which certificates are at [`CERTIFICATES`].
    pub feature_store: Secret,
    /// The certificates, in PEM, where the file names them.
    pub certificates: Option<String>,
    /// How long to wait for a database, in seconds; the UI's own choice where it is none.
    pub connect_timeout: Option<NonZeroU16>,
}

impl Rendered {
    /// What the secret holds.
    pub fn content(&self) -> SecretContent {
        let Self { feature_store, certificates, connect_timeout } = self;
        [
            Some((FEATURE_STORE, feature_store.clone())),
            certificates.as_ref().map(|ca| (CA, Secret::new(ca))),
            connect_timeout.map(|timeout| (CONNECT_TIMEOUT, Secret::new(timeout.to_string()))),
        ]
        .into_iter()
        .flatten()
        .map(|(key, value)| (key.to_owned(), value))
        .collect()
    }

    /// What the provider's leader publishes in its own databag.
    pub fn announcement(uri: &str) -> Databag {
        Databag::from([(ANNOUNCEMENT, uri)])
    }

    /// Reads what a unit of the provider announced; `units` are the databags of its units, `secrets` the answers by URI,
    /// or by the `label` under which the secret was followed before the unit that announced it went away.
    ///
    /// `Ok(None)` means that there is no announcement, or that its secret cannot be read (yet, or any more): the unit that
    /// announced it may have ceased to lead.
    pub fn read(
        units: &BTreeMap<String, Databag>,
        secrets: &BTreeMap<String, SecretAnswer>,
        label: &str,
    ) -> Result<Option<Self>, Error> {
        let announced = units.values().filter_map(|unit| unit.get(ANNOUNCEMENT));
        let content = announced.chain([label]).find_map(|name| match secrets.get(name) {
            Some(SecretAnswer::Content(content)) => Some(content),
            _ => None,
        });
        let Some(content) = content else { return Ok(None) };
        let get = |key: &str| content.get(key).filter(|value| !value.is_empty());
        let feature_store = get(FEATURE_STORE).ok_or_else(|| {
            Error::Missing(vec![format!("{FEATURE_STORE} in the secret of {ANNOUNCEMENT}")])
        })?;
        let connect_timeout = get(CONNECT_TIMEOUT)
            .map(|text| text.reveal().parse())
            .transpose()
            .map_err(|_| Error::invalid(CONNECT_TIMEOUT, "is no number of seconds"))?;
        Ok(Some(Self {
            feature_store: feature_store.clone(),
            certificates: get(CA).map(|ca| ca.reveal().to_owned()),
            connect_timeout,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const URI: &str = "secret:9m4e2mr0ui3e8a215n4g";
    const LABEL: &str = "feast-configuration.1.secret-configuration";

    fn rendered() -> Rendered {
        Rendered {
            feature_store: "project: \"shop\"\n".into(),
            certificates: Some("PEM".to_owned()),
            connect_timeout: NonZeroU16::new(3),
        }
    }

    fn read(content: SecretContent) -> Result<Option<Rendered>, Error> {
        let units = BTreeMap::from([
            ("feast-integrator/0".to_owned(), Databag::new()),
            ("feast-integrator/1".to_owned(), Rendered::announcement("secret:gone")),
            ("feast-integrator/2".to_owned(), Rendered::announcement(URI)),
        ]);
        let secrets = BTreeMap::from([
            ("secret:gone".to_owned(), SecretAnswer::NotFound),
            (URI.to_owned(), SecretAnswer::Content(content)),
        ]);
        Rendered::read(&units, &secrets, LABEL)
    }

    #[test]
    fn what_the_secret_holds_reads_back_whichever_unit_announced_it() {
        let bare = Rendered { certificates: None, connect_timeout: None, ..rendered() };
        for rendered in [rendered(), bare] {
            assert_eq!(read(rendered.content()), Ok(Some(rendered)));
        }
    }

    #[test]
    fn an_announcement_that_cannot_be_followed_says_nothing() {
        let units = BTreeMap::from([("a/0".to_owned(), Rendered::announcement(URI))]);
        for answer in [SecretAnswer::Denied, SecretAnswer::NotFound, SecretAnswer::NotAUri] {
            let secrets = BTreeMap::from([(URI.to_owned(), answer)]);
            assert_eq!(Rendered::read(&units, &secrets, LABEL), Ok(None));
        }
        assert_eq!(Rendered::read(&BTreeMap::new(), &BTreeMap::new(), LABEL), Ok(None));
    }

    #[test]
    fn a_secret_outlives_the_unit_that_announced_it() {
        let content = SecretAnswer::Content(rendered().content());
        let secrets = BTreeMap::from([(LABEL.to_owned(), content)]);
        assert_eq!(Rendered::read(&BTreeMap::new(), &secrets, LABEL), Ok(Some(rendered())));
    }

    #[test]
    fn a_secret_that_makes_no_sense_is_named_by_its_key() {
        let error = read(SecretContent::new()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "missing feature-store in the secret of secret-configuration"
        );
        let mut content = rendered().content();
        content.insert(CONNECT_TIMEOUT.to_owned(), "soon".into());
        let error = read(content).unwrap_err();
        assert_eq!(error.to_string(), "connect-timeout is no number of seconds");
    }

    #[test]
    fn keys_are_those_that_juju_takes() {
        for key in rendered().content().keys() {
            let plain = |byte: u8| byte.is_ascii_lowercase() || byte == b'-';
            assert!(key.len() > 2 && key.bytes().all(plain), "{key}");
        }
    }
}
