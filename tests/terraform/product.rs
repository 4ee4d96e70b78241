//! The product module integrates what it deploys, and what it is told of, in the right way.

use hcl::{Map, Value};

use crate::endpoints::{endpoints, metadata};
use crate::module::{CHARMS, Module, PRODUCT};
use crate::plan::{Plan, plan};

/// The variables that name neighbours, and the charms that they are for.
const NEIGHBOURS: [(&str, &str); 5] = [
    ("resource_dispatcher", "resource-dispatcher"),
    ("dashboard", "kubeflow-dashboard"),
    ("ingress", "istio-pilot"),
    ("istio_ingress", "istio-ingress-k8s"),
    ("service_mesh", "istio-beacon-k8s"),
];

/// The relations that it makes whatever is in the model.
const ALONE: [&str; 4] = [
    "feast-integrator:offline-store feast-offline-store:database",
    "feast-integrator:online-store feast-online-store:database",
    "feast-integrator:registry feast-registry:database",
    "feast-ui:feast-configuration feast-integrator:feast-configuration",
];

/// The product in a model with these neighbours, by their variables.
fn beside(variables: &[&str]) -> Result<Plan, String> {
    let mut given = Map::from_iter([("model_uuid".to_owned(), Value::from("a-uuid"))]);
    for variable in variables {
        let (_, charm) = NEIGHBOURS.iter().find(|(known, _)| known == variable).unwrap();
        let neighbour: Value = [("app_name", *charm)].into_iter().collect();
        given.insert((*variable).to_owned(), neighbour);
    }
    plan(&Module::named(PRODUCT), &given)
}

fn text(value: &Value, key: &str) -> String {
    value.as_object().unwrap()[key].as_str().unwrap().to_owned()
}

/// The two ends of a relation: application and endpoint of each.
fn ends(integration: &Value) -> Vec<(String, String)> {
    let ends = integration.as_object().unwrap()["application"].as_array().unwrap();
    ends.iter().map(|end| (text(end, "name"), text(end, "endpoint"))).collect()
}

/// The relations, as `juju integrate` would be told of them.
fn relations(plan: &Plan) -> Vec<String> {
    let mut relations: Vec<_> = plan
        .integrations
        .iter()
        .map(|integration| {
            assert_eq!(text(integration, "model_uuid"), "a-uuid");
            ends(integration)
                .iter()
                .map(|(application, endpoint)| format!("{application}:{endpoint}"))
                .collect::<Vec<_>>()
                .join(" ")
        })
        .collect();
    relations.sort();
    relations
}

fn expected(more: &[&str]) -> Vec<String> {
    let mut expected: Vec<_> = ALONE.iter().chain(more).map(|&relation| relation.into()).collect();
    expected.sort();
    expected
}

/// The names of the applications with their charms, and whether they are trusted.
fn applications(plan: &Plan) -> Vec<(String, String, bool)> {
    let mut applications: Vec<_> = plan
        .applications
        .iter()
        .map(|application| {
            assert_eq!(text(application, "model_uuid"), "a-uuid");
            let application_object = application.as_object().unwrap();
            let charm = &application_object["charm"].as_array().unwrap()[0];
            let trust = application_object.get("trust").is_some_and(|it| it == &true.into());
            (text(application, "name"), text(charm, "name"), trust)
        })
        .collect();
    applications.sort();
    applications
}

#[test]
fn alone_it_is_five_applications_and_four_relations() {
    let plan = beside(&[]).unwrap();
    assert_eq!(relations(&plan), expected(&[]));
    let database = |name: &str| (name.to_owned(), "postgresql-k8s".to_owned(), true);
    let ours = |name: &str| (name.to_owned(), name.to_owned(), false);
    assert_eq!(
        applications(&plan),
        [
            ours("feast-integrator"),
            database("feast-offline-store"),
            database("feast-online-store"),
            database("feast-registry"),
            ours("feast-ui"),
        ]
    );
}

#[test]
fn in_kubeflow_it_is_integrated_with_all_neighbours() {
    let plan = beside(&["resource_dispatcher", "dashboard", "ingress"]).unwrap();
    let more = [
        "feast-integrator:pod-defaults resource-dispatcher:pod-defaults",
        "feast-integrator:secrets resource-dispatcher:secrets",
        "feast-ui:dashboard-links kubeflow-dashboard:links",
        "feast-ui:ingress istio-pilot:ingress",
    ];
    assert_eq!(relations(&plan), expected(&more));
    assert_eq!(applications(&plan), applications(&beside(&[]).unwrap()));
}

#[test]
fn in_ambient_mode_it_has_another_route_and_may_join_the_mesh() {
    let plan = beside(&["istio_ingress", "service_mesh"]).unwrap();
    let more = [
        "feast-ui:istio-ingress-route istio-ingress-k8s:istio-ingress-route",
        "feast-ui:service-mesh istio-beacon-k8s:service-mesh",
    ];
    assert_eq!(relations(&plan), expected(&more));
    let ui = applications(&plan).into_iter().find(|(name, ..)| name == "feast-ui");
    assert_eq!(ui, Some(("feast-ui".to_owned(), "feast-ui".to_owned(), true)));
}

#[test]
fn it_is_not_behind_two_gateways() {
    let error = beside(&["ingress", "istio_ingress"]).unwrap_err();
    assert!(error.starts_with("Set either ingress "), "{error}");
}

#[test]
fn it_is_told_what_is_in_the_model_by_name() {
    let module = Module::named(PRODUCT);
    let given = Map::from_iter([("dashboard".to_owned(), Value::Object(Map::new()))]);
    assert_eq!(plan(&module, &given).unwrap_err(), "dashboard: app_name is missing");
    let given = Map::from_iter([("dashbord".to_owned(), Value::Null)]);
    assert!(plan(&module, &given).unwrap_err().ends_with(" has no variable dashbord"));
}

#[test]
fn both_ends_of_every_relation_have_the_same_interface() {
    let databases = ["feast-offline-store", "feast-online-store", "feast-registry"];
    let mut seen = 0;
    for gateway in ["ingress", "istio_ingress"] {
        let plan = beside(&["resource_dispatcher", "dashboard", gateway, "service_mesh"]).unwrap();
        for integration in &plan.integrations {
            let [(requirer, endpoint), (provider, other)] = &*ends(integration) else {
                panic!("{integration:?} has not two ends");
            };
            let interface = |application: &str, role: &str, endpoint: &str| {
                let folder = match application {
                    ours if CHARMS.contains(&ours) => format!("metadata/{ours}"),
                    database if databases.contains(&database) => {
                        "tests/peers/postgresql-k8s/metadata".to_owned()
                    }
                    neighbour => format!("tests/peers/{neighbour}/metadata"),
                };
                endpoints(&metadata(&folder), role).remove(endpoint)
            };
            let wanted = interface(requirer, "requires", endpoint);
            let offered = interface(provider, "provides", other);
            assert!(wanted.is_some(), "{requirer} requires no {endpoint}");
            assert_eq!(wanted, offered, "{integration:?}");
            seen += 1;
        }
    }
    assert_eq!(seen, 18);
}
