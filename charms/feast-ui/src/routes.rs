//! The two kinds of ingress, and which one applies.

use charm::{Databag, Observation, Plan, Publication, Status};
use interfaces::{ingress, istio_ingress_route};

use crate::inputs::{INGRESS, ISTIO_INGRESS_ROUTE};
use crate::options::Choices;
use crate::workload::PORT;

/// What to do about a provider that does not speak as istio-pilot does.
const ADVICE: &str = "relate ingress to istio-pilot, or istio-ingress-route to istio-ingress-k8s";

/// Asks for the route that applies, where this unit leads, and says what is wrong with it.
pub(crate) fn ask(plan: &mut Plan, seen: &Observation, choices: &Choices) -> Vec<Status> {
    let conflict =
        !seen.relations(INGRESS).is_empty() && !seen.relations(ISTIO_INGRESS_ROUTE).is_empty();
    if seen.leader {
        sidecar(plan, seen, choices, conflict);
        ambient(plan, seen, choices, conflict);
    }
    if conflict {
        return vec![Status::Blocked(format!(
            "[istio-relations-conflict-detector] Cannot have both '{ISTIO_INGRESS_ROUTE}' and '{INGRESS}' relations at the \
             same time."
        ))];
    }
    let mut troubles: Vec<Status> = sidecar_troubles(seen).chain(ambient_troubles(seen)).collect();
    if choices.require_ingress
        && seen.relations(INGRESS).is_empty()
        && seen.relations(ISTIO_INGRESS_ROUTE).is_empty()
    {
        troubles.push(Status::Blocked(format!(
            "[{INGRESS}] Please add the missing relation: {INGRESS} or {ISTIO_INGRESS_ROUTE}"
        )));
    }
    troubles
}

/// Versions go out even in a conflict: one application without them makes the gateway skip everybody's routes. A route
/// that was asked for before the conflict stays, so that nobody is cut off by the second relation alone; what the gateway
/// could not read does not, because it would fail on it.
fn sidecar(plan: &mut Plan, seen: &Observation, choices: &Choices, conflict: bool) {
    let route = ingress::Route {
        service: seen.application.clone(),
        port: PORT,
        namespace: Some(seen.model.clone()),
        prefix: choices.prefix(),
        rewrite: Some("/".to_owned()),
    };
    for relation in seen.relations(INGRESS) {
        let asked =
            || matches!(ingress::Asked::read(&relation.local), Ok(ingress::Asked::Route(_)));
        let bag = if conflict && !asked() { ingress::Route::withdrawal() } else { route.databag() };
        plan.databags.insert(relation.id, Publication::Exactly(bag));
    }
}

fn ambient(plan: &mut Plan, seen: &Observation, choices: &Choices, conflict: bool) {
    for relation in seen.relations(ISTIO_INGRESS_ROUTE) {
        let bag = if conflict {
            Databag::new()
        } else {
            // What makes no sense does not move a route that is there, and neither does silence: the gateway takes its
            // answer back for a conflict, which would be over at another port and back with the answer.
            let asked = || matches!(istio_ingress_route::Route::read(&relation.local), Ok(Some(route)) if route.tls);
            let told = istio_ingress_route::Gateway::tls(&relation.remote);
            let tls = told.ok().flatten().unwrap_or_else(asked);
            istio_ingress_route::Route {
                model: seen.model.clone(),
                service: seen.application.clone(),
                port: PORT,
                prefix: choices.prefix(),
                rewrite: "/".to_owned(),
                tls,
            }
            .databag()
        };
        plan.databags.insert(relation.id, Publication::Exactly(bag));
    }
}

fn sidecar_troubles(seen: &Observation) -> impl Iterator<Item = Status> {
    seen.relations(INGRESS).iter().filter_map(|relation| {
        let from = &relation.application;
        let told = |text: String| format!("[sidecar_mode_relation:{INGRESS}] {text}");
        match ingress::Provider::read(&relation.remote) {
            Ok(Some(provider)) if provider.understands_us() => None,
            Ok(Some(ingress::Provider::Sdi(_))) => Some(Status::Blocked(told(format!(
                "No compatible {INGRESS} versions found for apps: {from}"
            )))),
            Ok(Some(ingress::Provider::PerApplication)) => {
                Some(Status::Blocked(told(format!("{from} speaks another protocol: {ADVICE}"))))
            }
            // A provider of the other protocol says nothing either, to an application that does not ask in it.
            Ok(None) => Some(Status::Waiting(told(format!(
                "Waiting for {INGRESS} versions of apps: {from}. If this persists, {ADVICE}"
            )))),
            Err(error) => {
                Some(Status::Blocked(told(format!("Invalid relation data from {from}: {error}"))))
            }
        }
    })
}

fn ambient_troubles(seen: &Observation) -> impl Iterator<Item = Status> {
    seen.relations(ISTIO_INGRESS_ROUTE).iter().filter_map(|relation| {
        let error = istio_ingress_route::Gateway::read(&relation.remote).err()?;
        Some(Status::Blocked(format!(
            "[ambient_mode_relation:{ISTIO_INGRESS_ROUTE}] Invalid relation data from {}: {error}",
            relation.application
        )))
    })
}
