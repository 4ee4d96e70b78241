//! feast-ui behind Istio's gateway in ambient mode.

use std::sync::Arc;

use rustls::crypto::ring::default_provider;
use serde_json::{Value, json};
use ureq::Agent;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

use super::GATEWAY;
use super::model::Model;

const PILOT: (&str, &str) = ("feast-ui:ingress", "istio-pilot:ingress");
const ANOTHER_PROTOCOL: (&str, &str) = ("feast-ui:ingress", "istio-ingress-k8s:ingress");

/// The gateway says where it is and whether it has a certificate, the UI asks for its route at the port that fits, and a
/// person gets the page.
pub(crate) fn the_ui_is_reached_through_the_gateway_without_and_with_tls(model: &Model) {
    assert_eq!(routes(model), json!(["http-80 /feast/"]));
    the_page_is_there(model);

    let host = "external-host=feast.example.com/kubeflow-gateway";
    model.juju(&["config", "istio-ingress-k8s", "tls=true", host]);
    model.wait(|_| routes(model) == json!(["https-443 /feast/"]));
    the_page_is_there(model);
    model.settle(&["istio-ingress-k8s", "feast-ui"]);
    let said = model.said_by("istio-ingress-k8s/0", "istio-ingress-route");
    assert_eq!(said["external_host"], "feast.example.com/kubeflow-gateway");
    assert_eq!(said["tls_enabled"], "True");
}

/// A second kind of gateway takes the route of the first away, and gives it back when it goes.
pub(crate) fn in_a_conflict_the_route_is_withdrawn_and_afterwards_it_is_back(model: &Model) {
    model.integrate(PILOT.0, PILOT.1);
    model.wait_for_ui(
        "blocked [istio-relations-conflict-detector] Cannot have both 'istio-ingress-route' and 'ingress' relations at the same time.",
    );
    model.wait(|_| routes(model) == json!([]));
    assert_eq!(model.said_by("feast-ui/0", "istio-ingress-route"), json!({}));
    let (status, _) = get(model, "/feast/");
    assert_eq!(status, 404);
    model.settle(&["istio-ingress-k8s", "istio-pilot"]);

    model.part(PILOT.0, PILOT.1);
    model.wait_for_ui("active");
    model.wait(|_| routes(model) == json!(["https-443 /feast/"]));
    the_page_is_there(model);
}

/// istio-ingress-k8s has an endpoint `ingress` as well, for applications that ask in another protocol.
pub(crate) fn an_endpoint_of_another_protocol_is_no_trouble_and_the_status_says_what_to_do(
    model: &Model,
) {
    model.part(GATEWAY.0, GATEWAY.1);
    model.wait(|_| routes(model) == json!([]));
    model.integrate(ANOTHER_PROTOCOL.0, ANOTHER_PROTOCOL.1);
    model.wait_for_ui(
        "waiting [sidecar_mode_relation:ingress] Waiting for ingress versions of apps: istio-ingress-k8s. If this persists, relate ingress to istio-pilot, or istio-ingress-route to istio-ingress-k8s",
    );
    model.settle(&["istio-ingress-k8s"]);
    assert_eq!(routes(model), json!([]));
    assert_eq!(model.said_by("istio-ingress-k8s/0", "ingress"), json!({}));
    model.part(ANOTHER_PROTOCOL.0, ANOTHER_PROTOCOL.1);
    model.wait_for_ui("active");
}

/// The routes of the gateway, as `LISTENER PATH`.
fn routes(model: &Model) -> Value {
    let results = model.run("istio-ingress-k8s/0", "gateway");
    serde_json::from_str(results["routes"].as_str().unwrap_or("null")).unwrap()
}

fn the_page_is_there(model: &Model) {
    let (status, page) = get(model, "/feast/");
    assert_eq!(status, 200, "{page}");
    assert!(page.contains(r#"<div id="root">"#), "{page}");
    let (status, projects) = get(model, "/feast/projects-list.json");
    assert_eq!(status, 200, "{projects}");
    assert!(projects.contains("feast_project"), "{projects}");
}

/// What the gateway answers, which has to prove who it is where it speaks TLS.
fn get(model: &Model, path: &str) -> (u16, String) {
    let results = model.run("istio-ingress-k8s/0", "gateway");
    let url = format!("{}{path}", results["url"].as_str().unwrap());
    let roots = results["certificate"].as_str().map(|pem| {
        let certificate = Certificate::from_pem(pem.as_bytes()).unwrap();
        RootCerts::new_with_certs(&[certificate])
    });
    let mut tls =
        TlsConfig::builder().unversioned_rustls_crypto_provider(Arc::new(default_provider()));
    if let Some(roots) = roots {
        tls = tls.root_certs(roots);
    }
    let agent: Agent =
        Agent::config_builder().http_status_as_error(false).tls_config(tls.build()).build().into();
    let mut answer = agent.get(&url).call().unwrap();
    (answer.status().as_u16(), answer.body_mut().read_to_string().unwrap())
}
