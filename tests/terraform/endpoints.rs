//! A charm's module says of the charm what its metadata says.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use hcl::{Map, Value};
use serde_yaml::Value as Yaml;

use crate::module::{CHARMS, Module};
use crate::plan::{Plan, plan};

/// The metadata of a charm: `metadata/CHARM` for ours, `tests/peers/CHARM/metadata` for a neighbour's.
pub(crate) fn metadata(folder: &str) -> Yaml {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(folder).join("metadata.yaml");
    serde_yaml::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// The names and interfaces of the endpoints that a charm `provides` or `requires`.
pub(crate) fn endpoints(metadata: &Yaml, role: &str) -> BTreeMap<String, String> {
    let endpoints = metadata[role].as_mapping().cloned().unwrap_or_default();
    endpoints
        .into_iter()
        .map(|(name, endpoint)| {
            let text = |value: &Yaml| value.as_str().unwrap().to_owned();
            (text(&name), text(&endpoint["interface"]))
        })
        .collect()
}

/// What becomes of a charm's module when nothing is given that need not be.
fn planned(charm: &str) -> Plan {
    let given = Map::from_iter([("model_uuid".to_owned(), Value::from("a-uuid"))]);
    plan(&Module::named(charm), &given).unwrap()
}

#[test]
fn the_outputs_name_exactly_the_endpoints_of_the_charm() {
    for charm in CHARMS {
        let outputs = planned(charm).outputs;
        for role in ["provides", "requires"] {
            let endpoints = endpoints(&metadata(&format!("metadata/{charm}")), role).into_keys();
            let expected: Value =
                endpoints.map(|name| (name.replace('-', "_"), Value::from(name))).collect();
            assert_eq!(sorted(&outputs[role]), sorted(&expected), "{charm}: {role}");
        }
    }
}

fn sorted(endpoints: &Value) -> BTreeMap<&String, &Value> {
    endpoints.as_object().unwrap().iter().collect()
}

#[test]
fn the_module_deploys_its_charm_under_its_own_name() {
    for charm in CHARMS {
        let Plan { applications, integrations, outputs } = planned(charm);
        assert_eq!((applications.len(), integrations.len()), (1, 0), "{charm}");
        let application = applications[0].as_object().unwrap();
        let deployed = application["charm"].as_array().unwrap()[0].as_object().unwrap();
        assert_eq!(metadata(&format!("metadata/{charm}"))["name"], charm);
        assert_eq!(deployed["name"], Value::from(charm));
        assert_eq!(application["name"], Value::from(charm));
        assert_eq!(outputs["app_name"], Value::from(charm));
        assert_eq!(outputs["application"], applications[0]);
        assert_eq!(application["model_uuid"], Value::from("a-uuid"));
        assert_eq!(application["units"], Value::from(1));
    }
}

#[test]
fn the_module_takes_resources_where_the_charm_has_some_and_names_them() {
    for charm in CHARMS {
        let metadata = metadata(&format!("metadata/{charm}"));
        let module = Module::named(charm);
        let variables = module.variables();
        let variable = variables.iter().find(|(name, _)| *name == "resources");
        let Some(resources) = metadata["resources"].as_mapping() else {
            assert!(variable.is_none(), "{charm} has no resources");
            continue;
        };
        let description = &variable.unwrap().1.description;
        for name in resources.keys() {
            let name = format!("`{}`", name.as_str().unwrap());
            assert!(description.contains(&name), "{charm}: {description} does not name {name}");
        }
    }
}
