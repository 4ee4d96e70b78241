//! Our charms among neighbours that the demo does not have: a pooler in front of PostgreSQL, Istio in ambient mode, and an
//! older resource dispatcher.

mod ambient;
mod mesh;
mod model;
mod pooler;

use model::{Model, port_offset};

const GATEWAY: (&str, &str) =
    ("feast-ui:istio-ingress-route", "istio-ingress-k8s:istio-ingress-route");

#[test]
fn behind_a_pooler_and_in_an_ambient_mesh_the_ui_is_reached_and_leaves_without_a_trace() {
    let Some(model) = Model::start() else { return };
    deploy(&model);
    pooler::every_kind_of_endpoints_reaches_feast_and_answers(&model);
    ambient::the_ui_is_reached_through_the_gateway_without_and_with_tls(&model);
    mesh::labels_come_with_trust_and_follow_the_beacon_and_go_without_a_trace(&model);
    ambient::in_a_conflict_the_route_is_withdrawn_and_afterwards_it_is_back(&model);
    ambient::an_endpoint_of_another_protocol_is_no_trouble_and_the_status_says_what_to_do(&model);
}

fn deploy(model: &Model) {
    let offset = format!("port-offset={}", port_offset());
    model.deploy("postgresql-k8s", &["--resource", "postgresql-image=localhost/postgresql:1"]);
    model.deploy("pgbouncer-k8s", &["--resource", "pgbouncer-image=localhost/pgbouncer:1"]);
    model.deploy("feast-integrator", &[]);
    model.deploy("resource-dispatcher", &["--trust", "--config", "library-patch=1"]);
    model.deploy("feast-ui", &["--resource", "oci-image=localhost/feast-ui:1"]);
    let proxy = ["--resource", "proxy-image=localhost/proxy:1"];
    model.deploy("istio-ingress-k8s", &[&proxy[..], &["--config", &offset]].concat());
    model.deploy("istio-pilot", &proxy);
    for (one, other) in [
        ("pgbouncer-k8s:backend-database", "postgresql-k8s:database"),
        ("feast-integrator:offline-store", "pgbouncer-k8s:database"),
        ("feast-integrator:online-store", "pgbouncer-k8s:database"),
        ("feast-integrator:registry", "pgbouncer-k8s:database"),
        ("feast-integrator:secrets", "resource-dispatcher:secrets"),
        ("feast-integrator:pod-defaults", "resource-dispatcher:pod-defaults"),
        ("feast-integrator:feast-configuration", "feast-ui:feast-configuration"),
        GATEWAY,
    ] {
        model.integrate(one, other);
    }
    model.settle(&[
        "postgresql-k8s",
        "pgbouncer-k8s",
        "feast-integrator",
        "resource-dispatcher",
        "feast-ui",
        "istio-ingress-k8s",
        "istio-pilot",
    ]);
}
