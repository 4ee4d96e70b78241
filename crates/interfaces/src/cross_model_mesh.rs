//! `cross_model_mesh`: an application in another model says who it is, so that a mesh may let it in.
//!
//! The requirer's application databag holds `cmr_data`, a JSON object of exactly `app_name` and `juju_model_name`; the
//! provider publishes nothing.

use charm::Databag;
use serde::Serialize;
use serde_json::Value;

use crate::{Error, python_json};

const KEY: &str = "cmr_data";

/// The application that wants access, under the names that it has in its own model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The name of the application.
    pub application: String,
    /// The name of its model.
    pub model: String,
}

impl Identity {
    /// What the application that wants access publishes.
    pub fn databag(&self) -> Databag {
        #[derive(Serialize)]
        struct Wire<'a> {
            app_name: &'a str,
            juju_model_name: &'a str,
        }
        let Self { application, model } = self;
        Databag::from([(
            KEY,
            python_json::text(&Wire { app_name: application, juju_model_name: model }),
        )])
    }

    /// Reads who wants access.
    pub fn read(remote: &Databag) -> Result<Option<Self>, Error> {
        let Some(text) = remote.get(KEY) else { return Ok(None) };
        let value: Value =
            serde_json::from_str(text).map_err(|_| Error::invalid(KEY, "is not JSON"))?;
        let field = |name: &'static str| {
            let text = value.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
            text.map(ToOwned::to_owned)
                .ok_or_else(|| Error::invalid(format!("{KEY}.{name}"), "is not a name"))
        };
        Ok(Some(Self { application: field("app_name")?, model: field("juju_model_name")? }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_databag_is_the_originals_and_reads_back() {
        let identity =
            Identity { application: "feast-ui".to_owned(), model: "kubeflow".to_owned() };
        let bag = identity.databag();
        assert_eq!(
            bag.get(KEY),
            Some(r#"{"app_name": "feast-ui", "juju_model_name": "kubeflow"}"#)
        );
        assert_eq!(Identity::read(&bag), Ok(Some(identity)));
        assert_eq!(Identity::read(&Databag::new()), Ok(None));
    }

    #[test]
    fn an_identity_that_is_none_is_named_by_its_field() {
        for (text, error) in [
            ("{", "cmr_data is not JSON"),
            ("[]", "cmr_data.app_name is not a name"),
            (
                r#"{"app_name": "a", "juju_model_name": 1}"#,
                "cmr_data.juju_model_name is not a name",
            ),
        ] {
            let found = Identity::read(&Databag::from([(KEY, text)])).unwrap_err();
            assert_eq!(found.to_string(), error);
        }
    }
}
