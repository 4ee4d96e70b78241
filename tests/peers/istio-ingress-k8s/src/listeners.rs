//! From what applications ask for to where the gateway listens.

use std::collections::{BTreeMap, BTreeSet};

use charm::RelationId;
use peer_gateway::{Listener, Matching, Route};

use crate::document::{Document, Filter, HttpRoute, PathChange, PathKind, Protocol};
use crate::per_application::Application;

/// A listener, as the real gateway names it: `http-80`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Name {
    pub(crate) port: u16,
    pub(crate) tls: bool,
}

/// Something that an application wants of the gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// By whom.
    pub(crate) relation: RelationId,
    /// At which listener.
    pub(crate) at: Name,
    /// The path by which it is told from others; a listener alone has none.
    pub(crate) path: Option<String>,
    /// Where the path leads, or why the proxy in the gateway's place cannot lead there.
    pub(crate) routes: Result<Vec<Route>, &'static str>,
}

/// What a document says, at a gateway with or without a certificate: each listener is of HTTPS with it, on its own port.
pub(crate) fn of_document(relation: RelationId, document: &Document, tls: bool) -> Vec<Wanted> {
    let listeners = document.listeners.iter().filter(|one| one.protocol == Protocol::Http);
    let listeners = listeners.map(|one| Wanted {
        relation,
        at: Name { port: one.port, tls },
        path: None,
        routes: Ok(Vec::new()),
    });
    let routes = document.http_routes.iter().map(|route| Wanted {
        relation,
        at: Name { port: route.listener.port, tls },
        path: Some(first_path(route)),
        routes: routes(route, &document.model),
    });
    listeners.chain(routes).collect()
}

/// What an application of `ingress` gets.
pub(crate) fn of_application(relation: RelationId, application: &Application, tls: bool) -> Wanted {
    let Application { model, name, port, strip_prefix } = application;
    let prefix = application.path();
    let route = Route {
        matching: Matching::Elements,
        rewrite: if *strip_prefix { "/".to_owned() } else { prefix.clone() },
        host: format!("{name}.{model}.svc.cluster.local"),
        port: *port,
        prefix: prefix.clone(),
    };
    Wanted {
        relation,
        at: Name { port: if tls { 443 } else { 80 }, tls },
        path: Some(prefix),
        routes: Ok(vec![route]),
    }
}

/// The relations that want the same path of the same listener as another one. All of them lose everything.
pub(crate) fn in_conflict(wanted: &[Wanted]) -> BTreeSet<RelationId> {
    let mut claims: BTreeMap<(Name, &str), BTreeSet<RelationId>> = BTreeMap::new();
    for one in wanted {
        if let Some(path) = &one.path {
            claims.entry((one.at, path)).or_default().insert(one.relation);
        }
    }
    claims.into_values().filter(|relations| relations.len() > 1).flatten().collect()
}

/// Where the gateway listens: at its own listeners and at those that are wanted. Two of different protocols cannot be at
/// one port: then the gateway's own is there, and routes at the other one lead nowhere.
pub(crate) fn listeners<'a>(
    tls: bool,
    wanted: impl Iterator<Item = &'a Wanted>,
) -> BTreeMap<Name, Vec<Route>> {
    let own = [Some(Name { port: 80, tls: false }), tls.then_some(Name { port: 443, tls: true })];
    let mut listeners: BTreeMap<Name, Vec<Route>> =
        own.into_iter().flatten().map(|name| (name, Vec::new())).collect();
    for one in wanted {
        let Name { port, tls } = one.at;
        if !listeners.contains_key(&Name { port, tls: !tls }) {
            let routes = one.routes.iter().flatten().cloned();
            listeners.entry(one.at).or_default().extend(routes);
        }
    }
    listeners
}

/// The listener of the proxy, which listens `offset` ports higher.
pub(crate) fn of_proxy(name: Name, routes: Vec<Route>, offset: u16) -> Listener {
    Listener { port: name.port.saturating_add(offset), tls: name.tls, routes }
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", if self.tls { "https" } else { "http" }, self.port)
    }
}

fn first_path(route: &HttpRoute) -> String {
    let first = route.matches.iter().flatten().next().and_then(|one| one.path.as_ref());
    first.map_or("/", |path| &path.value).to_owned()
}

fn routes(route: &HttpRoute, model: &str) -> Result<Vec<Route>, &'static str> {
    let mut rewrite = None;
    for filter in route.filters.iter().flatten() {
        match filter {
            Filter::UrlRewrite { rewrite: change } => match &change.path {
                Some(PathChange::ReplacePrefixMatch { prefix }) => rewrite = Some(prefix),
                Some(PathChange::ReplaceFullPath { .. }) => {
                    return Err("the proxy here cannot replace a full path");
                }
                None => {}
            },
            Filter::RequestRedirect { .. } => return Err("the proxy here cannot redirect"),
        }
    }
    let Some(backend) = route.backends.first() else { return Ok(Vec::new()) };
    let mut routes = Vec::new();
    for path in route.matches.iter().flatten().filter_map(|one| one.path.as_ref()) {
        if path.kind != PathKind::PathPrefix {
            return Err("the proxy here cannot match but by prefix");
        }
        routes.push(Route {
            prefix: path.value.clone(),
            matching: Matching::Elements,
            rewrite: rewrite.unwrap_or(&path.value).clone(),
            host: format!("{}.{model}.svc.cluster.local", backend.service),
            port: backend.port,
        });
    }
    Ok(routes)
}
