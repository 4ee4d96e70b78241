//! Which request goes where.

use serde::Deserialize;

/// What the proxy does.
#[derive(Debug, Deserialize)]
pub(crate) struct Routes {
    /// Where it listens.
    pub(crate) port: u16,
    /// In any order.
    pub(crate) routes: Vec<Route>,
}

/// Paths that lead to one host.
#[derive(Debug, Deserialize)]
pub(crate) struct Route {
    /// What the path begins with.
    pub(crate) prefix: String,
    /// What takes its place.
    pub(crate) rewrite: String,
    /// Looked up at each request.
    pub(crate) host: String,
    /// Where it listens.
    pub(crate) port: u16,
}

impl Routes {
    /// The route with the longest prefix of `path`, and the path behind it.
    pub(crate) fn find(&self, path: &str) -> Option<(&Route, String)> {
        let matches = self.routes.iter().filter(|route| path.starts_with(&route.prefix));
        let route = matches.max_by_key(|route| route.prefix.len())?;
        Some((route, format!("{}{}", route.rewrite, &path[route.prefix.len()..])))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn routes() -> Routes {
        let route = |prefix: &str, rewrite: &str| Route {
            prefix: prefix.to_owned(),
            rewrite: rewrite.to_owned(),
            host: "h".to_owned(),
            port: 1,
        };
        Routes { port: 1, routes: vec![route("/feast/", "/"), route("/feast/api/", "/v1/")] }
    }

    fn found(path: &str) -> Option<String> {
        routes().find(path).map(|(_, path)| path)
    }

    #[test]
    fn a_prefix_gives_way_to_its_rewrite() {
        assert_eq!(found("/feast/"), Some("/".to_owned()));
        assert_eq!(found("/feast/static/x.js"), Some("/static/x.js".to_owned()));
    }

    #[test]
    fn the_longest_prefix_wins() {
        assert_eq!(found("/feast/api/x"), Some("/v1/x".to_owned()));
    }

    #[test]
    fn without_its_slash_a_prefix_does_not_match() {
        assert_eq!(found("/feast"), None);
        assert_eq!(found("/"), None);
    }
}
