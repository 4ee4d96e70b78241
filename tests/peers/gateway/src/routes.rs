//! Which request goes where, as the charm writes it and the proxy reads it.

use serde::{Deserialize, Serialize};

/// What the proxy does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Routes {
    /// The names and addresses that its certificate is for, where a listener speaks TLS.
    pub names: Vec<String>,
    /// Where it listens.
    pub listeners: Vec<Listener>,
}

/// A port that the proxy listens on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Listener {
    /// The port.
    pub port: u16,
    /// Whether it speaks TLS.
    pub tls: bool,
    /// In any order.
    pub routes: Vec<Route>,
}

/// Paths that lead to one host.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Route {
    /// What the path begins with.
    pub prefix: String,
    /// What that means.
    pub matching: Matching,
    /// What takes the prefix's place.
    pub rewrite: String,
    /// Looked up at each request.
    pub host: String,
    /// Where it listens.
    pub port: u16,
}

/// What it means that a path begins with a prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Matching {
    /// As texts do: `/feast/` is no prefix of `/feast`. So it is in Istio's `VirtualService`.
    Text,
    /// Element by element, with or without the slash at the end: `/feast/` is a prefix of `/feast` and not of `/feasting`.
    /// So it is in Kubernetes' `HTTPRoute`.
    Elements,
}

impl Listener {
    /// The route with the longest prefix of `path`, and the path behind it.
    pub fn find(&self, path: &str) -> Option<(&Route, String)> {
        let matches = self.routes.iter().filter_map(|route| Some((route, route.behind(path)?)));
        matches.max_by_key(|(route, _)| route.prefix.len())
    }
}

impl Route {
    fn behind(&self, path: &str) -> Option<String> {
        let Self { prefix, matching, rewrite, .. } = self;
        match matching {
            Matching::Text => Some(format!("{rewrite}{}", path.strip_prefix(prefix)?)),
            Matching::Elements => {
                let rest = path.strip_prefix(prefix.trim_end_matches('/'))?;
                let whole = rest.is_empty() || rest.starts_with('/');
                let path = format!("{}{rest}", rewrite.trim_end_matches('/'));
                whole.then(|| if path.is_empty() { "/".to_owned() } else { path })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(matching: Matching, path: &str) -> Option<String> {
        let route = |prefix: &str, rewrite: &str| Route {
            prefix: prefix.to_owned(),
            matching,
            rewrite: rewrite.to_owned(),
            host: "h".to_owned(),
            port: 1,
        };
        let routes = vec![route("/feast/", "/"), route("/feast/api/", "/v1/")];
        let listener = Listener { routes, ..Listener::default() };
        listener.find(path).map(|(_, path)| path)
    }

    #[test]
    fn a_prefix_gives_way_to_its_rewrite_and_the_longest_wins() {
        for matching in [Matching::Text, Matching::Elements] {
            let found = |path: &str| found(matching, path);
            assert_eq!(found("/feast/").as_deref(), Some("/"));
            assert_eq!(found("/feast/static/x.js").as_deref(), Some("/static/x.js"));
            assert_eq!(found("/feast/api/x").as_deref(), Some("/v1/x"));
            assert_eq!(found("/feasting"), None);
            assert_eq!(found("/"), None);
        }
    }

    #[test]
    fn without_its_slash_a_prefix_matches_elements_and_no_text() {
        assert_eq!(found(Matching::Text, "/feast"), None);
        assert_eq!(found(Matching::Elements, "/feast").as_deref(), Some("/"));
        assert_eq!(found(Matching::Elements, "/feast/api").as_deref(), Some("/v1"));
    }
}
