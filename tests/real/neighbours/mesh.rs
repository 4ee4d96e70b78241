//! feast-ui in Istio's ambient mesh, by an old beacon.

use serde_json::{Value, json};

use super::model::{MODEL, Model};

const BEACON: (&str, &str) = ("feast-ui:service-mesh", "istio-beacon-k8s:service-mesh");

/// Where the labels that are ours are written down.
const RECORD: &str = "juju-service-mesh-feast-ui-labels";

/// The labels of a beacon come onto what Juju made, once there is leave to put them there; they go and come again with what
/// the beacon says, and go for good with the relation. And the beacon never fails, though it is of those that do on an
/// application that has not told its policies.
pub(crate) fn labels_come_with_trust_and_follow_the_beacon_and_go_without_a_trace(model: &Model) {
    model.deploy("istio-beacon-k8s", &["--config", "library-patch=10"]);
    model.settle(&["istio-beacon-k8s"]);
    // Of two that are related at the same moment, nobody can say which speaks first.
    model.controller.kill_and_hold("istio-beacon-k8s/0").unwrap();
    model.integrate(BEACON.0, BEACON.1);
    model.wait(|_| model.said_by("feast-ui/0", "service-mesh") == json!({"policies": "[]"}));
    model.controller.release("istio-beacon-k8s/0").unwrap();

    model.wait(|status| {
        status.unit("feast-ui/0").is_some_and(|unit| {
            let said = &unit.workload_status;
            said.current == "blocked"
                && said.message.starts_with("[service-mesh] ")
                && said.message.ends_with("juju trust feast-ui --scope=cluster")
        })
    });
    assert_eq!(labels(model), of_juju(&json!({})));
    model.juju(&["trust", "feast-ui", "--scope=cluster"]);
    model.wait_for_ui("active");
    assert_eq!(labels(model), of_juju(&in_the_mesh()));
    assert!(model.object("configmap", MODEL, RECORD).is_some());
    let policies = model.run("istio-beacon-k8s/0", "policies")["policies"].take();
    assert_eq!(policies, r#"{"feast-ui":[]}"#);

    for (whole_model, wanted) in [("true", json!({})), ("false", in_the_mesh())] {
        let option = format!("model-on-mesh={whole_model}");
        model.juju(&["config", "istio-beacon-k8s", &option]);
        model.wait(|_| labels(model) == of_juju(&wanted));
    }
    model.part(BEACON.0, BEACON.1);
    model.wait(|_| model.object("configmap", MODEL, RECORD).is_none());
    model.wait_for_ui("active");
    assert_eq!(labels(model), of_juju(&json!({})));

    model.settle(&["istio-beacon-k8s"]);
    let log = model.controller.debug_log().unwrap();
    let failed =
        |line: &&str| line.starts_with("unit-istio-beacon-k8s-0:") && line.contains("ERROR");
    assert_eq!(log.lines().filter(failed).collect::<Vec<_>>(), [] as [&str; 0]);
}

/// The labels that Juju itself puts on pods and on the Service, and these.
fn of_juju(others: &Value) -> [Value; 2] {
    let mut pods = others.clone();
    pods["app.kubernetes.io/name"] = "feast-ui".into();
    let mut service = pods.clone();
    service["app.kubernetes.io/managed-by"] = "juju".into();
    [pods, service]
}

fn in_the_mesh() -> Value {
    json!({
        "istio.io/dataplane-mode": "ambient",
        "istio.io/use-waypoint": "kubeflow-istio-beacon-k8s-waypoint",
        "istio.io/use-waypoint-namespace": "kubeflow",
    })
}

/// The labels of new pods, and of the Service.
fn labels(model: &Model) -> [Value; 2] {
    let set = model.object("statefulset", MODEL, "feast-ui").unwrap();
    let service = model.object("service", MODEL, "feast-ui").unwrap();
    [set["spec"]["template"]["metadata"]["labels"].clone(), service["metadata"]["labels"].clone()]
}
