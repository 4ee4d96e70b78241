//! Which paths the gateway has.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use charm::{Answer, ConfigValue, Observation, Plan, Port, Publication, Status};
use interfaces::ingress::{Asked, Provider, Route};
use peer_gateway::{CONTAINER, Listener, Matching, Routes};

/// The endpoint of applications that want a path.
pub(crate) const INGRESS: &str = "ingress";
/// The option with the gateway's port.
const GATEWAY_PORT: &str = "gateway-port";

/// What the charm wants, given what it sees and the address of its pod.
pub(crate) fn decide(seen: &Observation, address: Option<IpAddr>) -> Plan {
    if !seen.leader {
        return Plan::only(Status::Waiting("Waiting for leadership".to_owned()));
    }
    let mut plan = Plan::only(Status::active());
    for relation in seen.relations(INGRESS) {
        let versions = Publication::Including(Provider::sdi().databag());
        plan.databags.insert(relation.id, versions);
    }
    let port = match port(seen) {
        Ok(port) => port,
        Err(trouble) => {
            plan.status = trouble;
            return plan;
        }
    };
    plan.ports = Some([Port::tcp(port)].into());
    plan.status = match routes(seen) {
        Ok(routes) => {
            let routes = routes.into_iter().map(|route| behind_the_gateway(route, &seen.model));
            let listener = Listener { port, tls: false, routes: routes.collect() };
            let routes = Routes { listeners: vec![listener], ..Routes::default() };
            plan.workloads.insert(CONTAINER.to_owned(), peer_gateway::workload(&routes));
            peer_gateway::status(seen.containers.get(CONTAINER))
        }
        // The routes stay as they are.
        Err(trouble) => trouble,
    };
    if seen.dispatch.action_name() == Some("gateway") {
        plan.answer = Some(match address {
            Some(address) => {
                let url = format!("http://{}", SocketAddr::new(address, port));
                Answer::Results(BTreeMap::from([("url".to_owned(), url)]))
            }
            None => Answer::Failure("the pod has no address yet".to_owned()),
        });
    }
    plan
}

/// All routes or none, as in the real pilot: one application that has not said its versions, or asks for nonsense,
/// holds up everybody.
fn routes(seen: &Observation) -> Result<Vec<Route>, Status> {
    let mut routes = BTreeMap::new();
    let mut silent = 0_usize;
    for relation in seen.relations(INGRESS) {
        match Asked::read(&relation.remote) {
            Ok(Asked::NoVersions) => silent += 1,
            Ok(Asked::NoRoute) => {}
            // The gateway's object has the name of the service: of two with the same name the later one is left.
            Ok(Asked::Route(route)) => {
                routes.insert(route.service.clone(), route);
            }
            Err(error) => {
                let text = format!("[{INGRESS}] {}: {error}", relation.application);
                return Err(Status::Blocked(text));
            }
        }
    }
    if silent > 0 {
        let text = format!("Execution handled {silent} errors.  See logs for details.");
        return Err(Status::Waiting(text));
    }
    Ok(routes.into_values().collect())
}

fn behind_the_gateway(route: Route, model: &str) -> peer_gateway::Route {
    let Route { service, port, namespace, prefix, rewrite } = route;
    let namespace = namespace.as_deref().unwrap_or(model);
    peer_gateway::Route {
        matching: Matching::Text,
        rewrite: rewrite.unwrap_or_else(|| prefix.clone()),
        host: format!("{service}.{namespace}.svc.cluster.local"),
        prefix,
        port,
    }
}

fn port(seen: &Observation) -> Result<u16, Status> {
    let port = match seen.config.get(GATEWAY_PORT) {
        Some(ConfigValue::Integer(number)) => u16::try_from(*number).ok(),
        _ => None,
    };
    port.filter(|port| *port != 0)
        .ok_or_else(|| Status::Blocked(format!("[{GATEWAY_PORT}] is not a port from 1 to 65535")))
}

#[cfg(test)]
mod tests {
    use charm::{
        CheckHealth, CheckState, Container, Databag, Dispatch, Relation, RelationId, ServiceState,
    };
    use peer_gateway::{CHECK, ROUTES_FILE, SERVICE};

    use super::*;

    fn feast() -> Route {
        Route {
            service: "feast-ui".to_owned(),
            port: 8888,
            namespace: None,
            prefix: "/feast/".to_owned(),
            rewrite: Some("/".to_owned()),
        }
    }

    fn everything() -> Observation {
        let health = CheckHealth { state: CheckState::Up, successes: Some(1), failures: 0 };
        let container = Container {
            states: [(SERVICE.to_owned(), ServiceState::Active)].into(),
            health: [(CHECK.to_owned(), health)].into(),
            ..Container::default()
        };
        Observation {
            model: "kubeflow".to_owned(),
            leader: true,
            config: [(GATEWAY_PORT.to_owned(), ConfigValue::Integer(8080))].into(),
            relations: [(INGRESS.to_owned(), vec![related(1, feast().databag())])].into(),
            containers: [(CONTAINER.to_owned(), container)].into(),
            ..Observation::default()
        }
    }

    fn related(id: u32, remote: Databag) -> Relation {
        Relation {
            id: RelationId(id),
            application: format!("app-{id}"),
            remote,
            ..Relation::default()
        }
    }

    fn routes_file(plan: &Plan) -> Option<&str> {
        Some(plan.workloads.get(CONTAINER)?.files[ROUTES_FILE].content.reveal())
    }

    #[test]
    fn a_request_becomes_a_route_and_versions_are_published() {
        let plan = decide(&everything(), None);
        assert_eq!(plan.status, Status::active());
        assert_eq!(
            routes_file(&plan),
            Some(
                r#"{"listeners":[{"port":8080,"routes":[{"host":"feast-ui.kubeflow.svc.cluster.local","matching":"text","port":8888,"prefix":"/feast/","rewrite":"/"}],"tls":false}],"names":[]}"#
            )
        );
        let Publication::Including(bag) = &plan.databags[&RelationId(1)] else { panic!("adds") };
        assert_eq!(bag.get("_supported_versions"), Some("- v1\n- v2\n"));
    }

    #[test]
    fn one_application_without_versions_holds_up_every_route() {
        let mut seen = everything();
        seen.relations.get_mut(INGRESS).unwrap().push(related(2, Databag::new()));
        let plan = decide(&seen, None);
        assert_eq!(
            plan.status,
            Status::Waiting("Execution handled 1 errors.  See logs for details.".to_owned())
        );
        assert_eq!(routes_file(&plan), None);
        assert_eq!(plan.databags.len(), 2);
    }

    #[test]
    fn nonsense_blocks_and_leaves_the_routes_as_they_are() {
        let mut seen = everything();
        let bag =
            [("_supported_versions", "- v1\n"), ("data", "port: '8888'\nprefix: /\nservice: a\n")];
        seen.relations.get_mut(INGRESS).unwrap().push(related(2, bag.into()));
        let plan = decide(&seen, None);
        assert!(plan.status.message().starts_with("[ingress] app-2: data.port"), "{plan:?}");
        assert_eq!(routes_file(&plan), None);
    }

    #[test]
    fn versions_without_data_are_no_route() {
        let mut seen = everything();
        seen.relations.insert(INGRESS.to_owned(), vec![related(1, Route::withdrawal())]);
        let plan = decide(&seen, None);
        assert_eq!(plan.status, Status::active());
        assert_eq!(
            routes_file(&plan),
            Some(r#"{"listeners":[{"port":8080,"routes":[],"tls":false}],"names":[]}"#)
        );
    }

    #[test]
    fn a_gateway_that_does_not_answer_is_not_active() {
        let mut seen = everything();
        let container = seen.containers.get_mut(CONTAINER).unwrap();
        container.health.get_mut(CHECK).unwrap().successes = Some(0);
        assert_eq!(
            decide(&seen, None).status,
            Status::Waiting("[proxy] The gateway does not answer".to_owned())
        );
        seen.containers.clear();
        let status = decide(&seen, None).status;
        assert_eq!(status, Status::Waiting("[proxy] Waiting for Pebble".to_owned()));
    }

    #[test]
    fn the_action_tells_the_address_of_the_gateway() {
        let seen = Observation { dispatch: Dispatch::action("gateway"), ..everything() };
        let plan = decide(&seen, Some([127, 1, 0, 9].into()));
        let Some(Answer::Results(results)) = plan.answer else { panic!("an answer") };
        assert_eq!(results["url"], "http://127.1.0.9:8080");
    }

    #[test]
    fn a_second_run_changes_nothing() {
        let seen = everything();
        let after = seen.after(&decide(&seen, None).changes(&seen));
        let again = decide(&after, None).changes(&after);
        assert!(matches!(again[..], [charm::Change::StatusSet(_)]), "{again:?}");
    }
}
