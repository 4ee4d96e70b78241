//! What the charm wants in situations, without Juju and without a gateway.

use charm::{Change, CheckHealth, CheckState, Container, Dispatch, File, Relation, ServiceState};
use interfaces::istio_ingress_route;
use peer_gateway::{CERTIFICATE_FILE, CHECK, ROUTES_FILE, SERVICE};
use serde_json::Value;

use super::*;

const ADDRESS: Option<IpAddr> = Some(IpAddr::V4(std::net::Ipv4Addr::new(127, 1, 4, 1)));

/// The leader of a gateway that runs, with Feast's UI related to it.
fn everything() -> Observation {
    let health = CheckHealth { state: CheckState::Up, successes: Some(1), failures: 0 };
    let container = Container {
        states: [(SERVICE.to_owned(), ServiceState::Active)].into(),
        health: [(CHECK.to_owned(), health)].into(),
        ..Container::default()
    };
    Observation {
        leader: true,
        relations: [(ROUTE.to_owned(), vec![related(1, feast("feast-ui", false))])].into(),
        containers: [(CONTAINER.to_owned(), container)].into(),
        ..Observation::default()
    }
}

fn feast(service: &str, tls: bool) -> Databag {
    let route = istio_ingress_route::Route {
        model: "kubeflow".to_owned(),
        service: service.to_owned(),
        port: 8888,
        prefix: "/feast/".to_owned(),
        rewrite: "/".to_owned(),
        tls,
    };
    route.databag()
}

fn related(id: u32, remote: Databag) -> Relation {
    Relation { id: RelationId(id), application: format!("app-{id}"), remote, ..Relation::default() }
}

fn set(seen: &mut Observation, option: &str, value: ConfigValue) {
    seen.config.insert(option.to_owned(), value);
}

/// The listeners and their paths, as the proxy is told them.
fn served(plan: &Plan) -> Vec<String> {
    let file = plan.workloads[CONTAINER].files[ROUTES_FILE].content.reveal();
    let routes: Routes = serde_json::from_str(file).unwrap();
    let listener = |one: &peer_gateway::Listener| {
        let paths: Vec<&str> = one.routes.iter().map(|route| route.prefix.as_str()).collect();
        format!("{}{} {}", one.port, if one.tls { " tls" } else { "" }, paths.join(" "))
    };
    routes.listeners.iter().map(listener).collect()
}

fn told(plan: &Plan, id: u32) -> Vec<(&str, &str)> {
    match &plan.databags[&RelationId(id)] {
        Publication::Exactly(bag) | Publication::Including(bag) => bag.iter().collect(),
    }
}

#[test]
fn a_route_at_port_80_is_served_and_the_application_told_where() {
    let plan = decide(&everything(), ADDRESS);
    assert_eq!(plan.status, Status::Active("Serving at 127.1.4.1".to_owned()));
    assert_eq!(served(&plan), ["80 /feast/"]);
    assert_eq!(told(&plan, 1), [("external_host", "127.1.4.1"), ("tls_enabled", "False")]);
    assert_eq!(plan.ports, Some([Port::tcp(80)].into()));
}

#[test]
fn with_a_certificate_a_route_at_port_443_is_served_and_one_at_port_80_is_in_the_way_of_the_gateways_own()
 {
    let mut seen = everything();
    set(&mut seen, "tls", ConfigValue::Boolean(true));
    let plan = decide(&seen, ADDRESS);
    assert_eq!(served(&plan), ["80 ", "443 tls "]);
    assert_eq!(told(&plan, 1), [("external_host", "127.1.4.1"), ("tls_enabled", "True")]);

    seen.relations.insert(ROUTE.to_owned(), vec![related(1, feast("feast-ui", true))]);
    assert_eq!(served(&decide(&seen, ADDRESS)), ["80 ", "443 tls /feast/"]);
}

#[test]
fn without_a_certificate_a_route_at_port_443_is_plain_http_there() {
    let mut seen = everything();
    seen.relations.insert(ROUTE.to_owned(), vec![related(1, feast("feast-ui", true))]);
    assert_eq!(served(&decide(&seen, ADDRESS)), ["80 ", "443 /feast/"]);
}

#[test]
fn the_host_that_is_told_may_have_a_path_and_the_certificate_is_for_its_name() {
    let mut seen = everything();
    let host = "example.com/istio-system-gw";
    set(&mut seen, "external-host", ConfigValue::Text(host.to_owned()));
    let plan = decide(&seen, ADDRESS);
    assert_eq!(told(&plan, 1)[0], ("external_host", host));
    let file = plan.workloads[CONTAINER].files[ROUTES_FILE].content.reveal();
    let routes: Routes = serde_json::from_str(file).unwrap();
    assert_eq!(routes.names, ["127.1.4.1", "example.com"]);
}

#[test]
fn before_the_gateway_has_an_address_no_host_is_told() {
    let plan = decide(&everything(), None);
    assert_eq!(told(&plan, 1), [("tls_enabled", "False")]);
    assert!(matches!(plan.status, Status::Waiting(_)));
}

#[test]
fn two_applications_that_want_the_same_path_lose_it_both() {
    let mut seen = everything();
    let other = related(2, feast("other", false));
    seen.relations.insert(ROUTE_UNAUTHENTICATED.to_owned(), vec![other]);
    let plan = decide(&seen, ADDRESS);
    assert_eq!(served(&plan), ["80 "]);
    assert_eq!((told(&plan, 1), told(&plan, 2)), (vec![], vec![]));

    // One at another port is in nobody's way.
    let other = related(2, feast("other", true));
    seen.relations.insert(ROUTE_UNAUTHENTICATED.to_owned(), vec![other]);
    assert_eq!(served(&decide(&seen, ADDRESS)), ["80 /feast/", "443 /feast/"]);
}

#[test]
fn a_document_that_violates_the_grammar_is_no_route_and_no_trouble() {
    let mut seen = everything();
    let bag = Databag::from([("config", r#"{"listeners": []}"#)]);
    seen.relations.insert(ROUTE.to_owned(), vec![related(1, bag)]);
    let plan = decide(&seen, ADDRESS);
    assert_eq!(served(&plan), ["80 "]);
    assert_eq!(told(&plan, 1).len(), 2);
    assert!(matches!(plan.status, Status::Active(_)));
}

#[test]
fn an_application_of_ingress_gets_a_url_and_one_of_another_protocol_nothing() {
    let mut seen = everything();
    let asked = [
        ("model", r#""kubeflow""#),
        ("name", r#""web""#),
        ("port", "8080"),
        ("strip-prefix", "true"),
    ];
    let pilots = interfaces::ingress::Route::withdrawal();
    let related = vec![related(3, asked.into()), related(4, pilots)];
    seen.relations.insert(INGRESS.to_owned(), related);
    let plan = decide(&seen, ADDRESS);
    assert_eq!(served(&plan), ["80 /feast/ /kubeflow-web"]);
    assert_eq!(told(&plan, 3), [("ingress", r#"{"url":"http://127.1.4.1/kubeflow-web"}"#)]);
    assert_eq!(told(&plan, 4), []);
}

#[test]
fn what_the_proxy_cannot_do_blocks_and_names_the_application() {
    let mut seen = everything();
    let text = feast("feast-ui", false).get("config").unwrap().replace("PathPrefix", "Exact");
    let bag = Databag::from([("config", text)]);
    seen.relations.insert(ROUTE.to_owned(), vec![related(1, bag)]);
    let status = decide(&seen, ADDRESS).status;
    let text = "[app-1] the proxy here cannot match but by prefix";
    assert_eq!(status, Status::Blocked(text.to_owned()));
}

#[test]
fn the_action_tells_how_the_gateway_is_reached() {
    let mut seen = everything();
    seen.dispatch = Dispatch::action("gateway");
    set(&mut seen, "port-offset", ConfigValue::Integer(8000));
    let results = |seen: &Observation| match decide(seen, ADDRESS).answer {
        Some(Answer::Results(results)) => results,
        other => panic!("{other:?}"),
    };
    let found = results(&seen);
    assert_eq!(found["url"], "http://127.1.4.1:8080");
    assert_eq!(
        serde_json::from_str::<Value>(&found["routes"]).unwrap(),
        json!(["http-80 /feast/"])
    );

    set(&mut seen, "tls", ConfigValue::Boolean(true));
    assert!(matches!(decide(&seen, ADDRESS).answer, Some(Answer::Failure(_))));
    let file = File { content: "PEM".into(), mode: 0o644 };
    let container = seen.containers.get_mut(CONTAINER).unwrap();
    container.files.insert(CERTIFICATE_FILE.to_owned(), file);
    let found = results(&seen);
    assert_eq!(
        (found["url"].as_str(), found["certificate"].as_str()),
        ("https://127.1.4.1:8443", "PEM")
    );
}

#[test]
fn a_second_run_changes_nothing() {
    let seen = everything();
    let after = seen.after(&decide(&seen, ADDRESS).changes(&seen));
    let again = decide(&after, ADDRESS).changes(&after);
    assert!(matches!(again[..], [Change::StatusSet(_)]), "{again:?}");
}
