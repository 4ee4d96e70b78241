//! `ingress` as traefik and istio-ingress-k8s speak it: an application that gives its model, its name and its port, each as
//! JSON, is given a URL. Keys of other protocols under the same name are ignored.

use charm::Databag;
use serde::de::DeserializeOwned;
use serde_json::json;

/// What an application asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Application {
    pub(crate) model: String,
    pub(crate) name: String,
    pub(crate) port: u16,
    /// Whether the path that it is reached by is taken off.
    pub(crate) strip_prefix: bool,
}

impl Application {
    /// Reads what an application asks for; nothing while a key is missing or makes no sense.
    pub(crate) fn read(remote: &Databag) -> Option<Self> {
        fn field<T: DeserializeOwned>(remote: &Databag, key: &str) -> Option<T> {
            serde_json::from_str(remote.get(key)?).ok()
        }
        Some(Self {
            model: field(remote, "model")?,
            name: field(remote, "name")?,
            port: field(remote, "port")?,
            strip_prefix: field(remote, "strip-prefix").unwrap_or_default(),
        })
    }

    /// The path that the application is reached by.
    pub(crate) fn path(&self) -> String {
        format!("/{}-{}", self.model, self.name)
    }
}

/// What an application is told: where it is reached.
pub(crate) fn answer(url: &str) -> Databag {
    Databag::from([("ingress", json!({ "url": url }).to_string())])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_complete_or_none() {
        let complete =
            [("model", r#""kubeflow""#), ("name", r#""web""#), ("port", "80"), ("data", "- x")];
        let application = Application::read(&complete.into()).unwrap();
        assert_eq!(
            (application.path().as_str(), application.strip_prefix),
            ("/kubeflow-web", false)
        );
        for key in ["model", "name", "port"] {
            let mut bag = Databag::from(complete);
            for value in ["", "{", "[]"] {
                bag.insert(key, value);
                assert_eq!(Application::read(&bag), None, "{key} {value}");
            }
        }
    }
}
