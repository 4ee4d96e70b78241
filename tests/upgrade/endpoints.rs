//! What Juju compares before it refreshes a charm, in both directions.
//!
//! It refuses a charm without an endpoint that is related, one that gives it another role or interface, and one that
//! allows it fewer relations than there are; on Kubernetes also one with other storage. Juju 4.1 (beta 2) refuses any charm
//! that has an endpoint more as well. So the two are to have the same ones.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_yaml::Value;

/// Role, name, interface and limit.
type Endpoint = (&'static str, &'static str, &'static str, Option<u64>);

/// Those of the Python charm feast-integrator.
const INTEGRATOR: [Endpoint; 6] = [
    ("requires", "offline-store", "postgresql_client", None),
    ("requires", "online-store", "postgresql_client", None),
    ("requires", "registry", "postgresql_client", None),
    ("requires", "secrets", "kubernetes_manifest", None),
    ("requires", "pod-defaults", "kubernetes_manifest", None),
    ("provides", "feast-configuration", "feast-configuration", Some(1)),
];

/// Those of the Python charm feast-ui.
const UI: [Endpoint; 7] = [
    ("requires", "feast-configuration", "feast-configuration", Some(1)),
    ("requires", "dashboard-links", "kubeflow_dashboard_links", None),
    ("requires", "ingress", "ingress", None),
    ("requires", "istio-ingress-route", "istio_ingress_route", None),
    ("requires", "service-mesh", "service_mesh", Some(1)),
    ("requires", "require-cmr-mesh", "cross_model_mesh", None),
    ("provides", "provide-cmr-mesh", "cross_model_mesh", None),
];

fn metadata(charm: &str) -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../metadata").join(charm);
    let text = fs::read_to_string(folder.join("metadata.yaml")).unwrap();
    serde_yaml::from_str(&text).unwrap()
}

#[test]
fn juju_refuses_neither_the_refresh_from_the_python_charms_nor_the_one_back() {
    for (charm, python) in [("feast-integrator", &INTEGRATOR[..]), ("feast-ui", &UI)] {
        let metadata = metadata(charm);
        let ours: BTreeSet<_> = ["requires", "provides", "peers"]
            .into_iter()
            .flat_map(|role| {
                metadata[role].as_mapping().into_iter().flatten().map(move |one| (role, one))
            })
            .map(|(role, (name, endpoint))| {
                assert_eq!(endpoint.get("scope"), None, "{name:?}");
                let interface = endpoint["interface"].as_str().unwrap();
                (role, name.as_str().unwrap(), interface, endpoint["limit"].as_u64())
            })
            .collect();
        assert_eq!(ours, python.iter().copied().collect(), "{charm}");
        assert_eq!(metadata.get("storage"), None, "{charm}");
    }
}

#[test]
fn the_pods_are_what_they_were() {
    let ui = metadata("feast-ui");
    let containers: BTreeMap<String, BTreeMap<String, Value>> =
        serde_yaml::from_value(ui["containers"].clone()).unwrap();
    let container = BTreeMap::from(
        [("resource", "oci-image".into()), ("uid", 584_792.into()), ("gid", 584_792.into())]
            .map(|(key, value): (&str, Value)| (key.to_owned(), value)),
    );
    assert_eq!(containers, BTreeMap::from([("feast-ui".to_owned(), container)]));
    assert_eq!(ui["resources"]["oci-image"]["type"], "oci-image");
    assert_eq!(metadata("feast-integrator").get("containers"), None);
    for charm in ["feast-integrator", "feast-ui"] {
        assert_eq!(metadata(charm)["charm-user"], "non-root");
    }
}
