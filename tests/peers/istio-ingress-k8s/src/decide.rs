//! Which paths the gateway has, and what applications are told of it.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use charm::{
    Answer, ConfigValue, Databag, Observation, Plan, Port, Publication, RelationId, Status,
};
use interfaces::istio_ingress_route::Gateway;
use peer_gateway::{CONTAINER, Route, Routes};
use serde_json::json;

use crate::document::Document;
use crate::listeners::{self, Name, Wanted, in_conflict, of_application, of_document, of_proxy};
use crate::per_application::{self, Application};

/// The endpoint of applications that ask for listeners and routes.
pub(crate) const ROUTE: &str = "istio-ingress-route";
/// The same for applications that nobody has to log in to.
pub(crate) const ROUTE_UNAUTHENTICATED: &str = "istio-ingress-route-unauthenticated";
/// The endpoint of applications that want a URL.
pub(crate) const INGRESS: &str = "ingress";

/// What the operator has set.
struct Settings {
    host: Option<String>,
    tls: bool,
    offset: u16,
}

/// What the charm wants, given what it sees and the address of its pod.
pub(crate) fn decide(seen: &Observation, address: Option<IpAddr>) -> Plan {
    if !seen.leader {
        return Plan::only(Status::Active(
            "Backup unit; standing by for leader takeover".to_owned(),
        ));
    }
    let settings = settings(seen, address);
    let wanted = wanted(seen, settings.tls);
    let conflict = in_conflict(&wanted);
    let kept = wanted.iter().filter(|one| !conflict.contains(&one.relation));
    let listeners = listeners::listeners(settings.tls, kept);

    let mut plan = Plan::only(status(seen, &settings, &wanted));
    plan.databags = databags(seen, &settings, &conflict);
    plan.ports = Some(listeners.keys().map(|name| Port::tcp(name.port)).collect());
    plan.answer = answer(seen, &settings, &listeners, address);
    let names = settings.host.iter().map(|host| host.split('/').next().unwrap_or(host).to_owned());
    let names: BTreeSet<String> = names.chain(address.map(|address| address.to_string())).collect();
    let listeners = listeners
        .into_iter()
        .map(|(name, routes)| of_proxy(name, routes, settings.offset))
        .collect();
    let routes = Routes { names: names.into_iter().collect(), listeners };
    plan.workloads.insert(CONTAINER.to_owned(), peer_gateway::workload(&routes));
    plan
}

fn settings(seen: &Observation, address: Option<IpAddr>) -> Settings {
    let host = match seen.config.get("external-host") {
        Some(ConfigValue::Text(host)) if !host.is_empty() => Some(host.clone()),
        _ => address.map(|address| address.to_string()),
    };
    let tls = seen.config.get("tls") == Some(&ConfigValue::Boolean(true));
    let offset = match seen.config.get("port-offset") {
        Some(ConfigValue::Integer(offset)) => u16::try_from(*offset).unwrap_or_default(),
        _ => 0,
    };
    Settings { host, tls, offset }
}

/// What all applications want. Who asks for nonsense asks for nothing.
fn wanted(seen: &Observation, tls: bool) -> Vec<Wanted> {
    let mut wanted = Vec::new();
    for relation in [ROUTE, ROUTE_UNAUTHENTICATED].iter().flat_map(|one| seen.relations(one)) {
        let document = Document::read(&relation.remote).ok().flatten();
        wanted.extend(document.iter().flat_map(|document| of_document(relation.id, document, tls)));
    }
    for relation in seen.relations(INGRESS) {
        let application = Application::read(&relation.remote);
        wanted.extend(application.iter().map(|one| of_application(relation.id, one, tls)));
    }
    wanted
}

/// Applications in conflict are told nothing, and those that asked for nothing are told all the same where the gateway is.
fn databags(
    seen: &Observation,
    settings: &Settings,
    conflict: &BTreeSet<RelationId>,
) -> BTreeMap<RelationId, Publication> {
    let gateway = Gateway { external_host: settings.host.clone(), tls: settings.tls }.databag();
    let scheme = if settings.tls { "https" } else { "http" };
    let url = |application: &Application| {
        let host = settings.host.as_ref()?;
        Some(per_application::answer(&format!("{scheme}://{host}{}", application.path())))
    };
    let routes = [ROUTE, ROUTE_UNAUTHENTICATED].iter().flat_map(|one| seen.relations(one));
    let routes = routes.map(|relation| (relation.id, Some(gateway.clone())));
    let urls = seen.relations(INGRESS).iter();
    let urls = urls.map(|one| (one.id, Application::read(&one.remote).as_ref().and_then(url)));
    routes
        .chain(urls)
        .map(|(id, bag)| {
            let bag = bag.filter(|_| !conflict.contains(&id)).unwrap_or_else(Databag::new);
            (id, Publication::Exactly(bag))
        })
        .collect()
}

fn status(seen: &Observation, settings: &Settings, wanted: &[Wanted]) -> Status {
    let beyond = wanted.iter().find_map(|one| Some((one.relation, *one.routes.as_ref().err()?)));
    let application = |id: RelationId| {
        let mut all = seen.relations.values().flatten();
        all.find(|one| one.id == id).map_or("", |one| &one.application)
    };
    let blocked = beyond.map(|(id, why)| Status::Blocked(format!("[{}] {why}", application(id))));
    let serving = match &settings.host {
        Some(host) => Status::Active(format!("Serving at {host}")),
        None => Status::Waiting("Waiting for the address of the gateway".to_owned()),
    };
    let proxy = peer_gateway::status(seen.containers.get(CONTAINER));
    Status::worst(blocked.into_iter().chain([serving, proxy]))
}

fn answer(
    seen: &Observation,
    settings: &Settings,
    listeners: &BTreeMap<Name, Vec<Route>>,
    address: Option<IpAddr>,
) -> Option<Answer> {
    if seen.dispatch.action_name() != Some("gateway") {
        return None;
    }
    let certificate = peer_gateway::certificate(seen.containers.get(CONTAINER));
    let (Some(address), true) = (address, certificate.is_some() || !settings.tls) else {
        return Some(Answer::Failure(
            "the gateway has no address or no certificate yet".to_owned(),
        ));
    };
    let name = Name { port: if settings.tls { 443 } else { 80 }, tls: settings.tls };
    let scheme = if settings.tls { "https" } else { "http" };
    let port = of_proxy(name, Vec::new(), settings.offset).port;
    let routes: Vec<String> = listeners
        .iter()
        .flat_map(|(name, routes)| routes.iter().map(move |one| format!("{name} {}", one.prefix)))
        .collect();
    let mut results = BTreeMap::from([
        ("url".to_owned(), format!("{scheme}://{address}:{port}")),
        ("routes".to_owned(), json!(routes).to_string()),
    ]);
    if let (true, Some(certificate)) = (settings.tls, certificate) {
        results.insert("certificate".to_owned(), certificate.to_owned());
    }
    Some(Answer::Results(results))
}

#[cfg(test)]
mod tests;
