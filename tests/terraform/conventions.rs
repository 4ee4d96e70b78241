//! What the users of any charm's module rely on.

use std::fs;

use hcl::Block;

use crate::module::{CHARMS, Module, PRODUCT, Variable, constant, label, string};

/// What `juju_application` and `juju_integration` take, in all releases of the provider from 1.0 to 2.2, as its
/// documentation has it, and what Terraform itself takes of every resource.
const ARGUMENTS: [(&str, &[&str]); 5] = [
    (
        "juju_application",
        &[
            "model_uuid",
            "name",
            "config",
            "constraints",
            "resources",
            "storage_directives",
            "trust",
            "units",
        ],
    ),
    ("juju_application charm", &["name", "base", "channel", "revision"]),
    ("juju_integration", &["model_uuid", "via"]),
    ("juju_integration application", &["name", "endpoint", "offer_url"]),
    ("resource", &["count", "for_each"]),
];

fn modules() -> impl Iterator<Item = (&'static str, Module)> {
    CHARMS.into_iter().chain([PRODUCT]).map(|name| (name, Module::named(name)))
}

/// The arguments that `name` takes.
fn known(name: &str) -> &'static [&'static str] {
    ARGUMENTS.iter().find(|(known, _)| *known == name).map_or(&[], |(_, arguments)| arguments)
}

fn names(block: &Block) -> Vec<&str> {
    block.body().attributes().map(hcl::Attribute::key).collect()
}

#[test]
fn a_module_has_the_usual_files() {
    for (name, module) in modules() {
        for file in ["main.tf", "outputs.tf", "variables.tf", "versions.tf", "README.md"] {
            assert!(module.folder.join(file).is_file(), "{name} has no {file}");
        }
    }
}

#[test]
fn a_module_works_with_the_same_releases_as_the_others() {
    for (name, module) in modules() {
        let mut blocks = module.blocks("terraform");
        let terraform = blocks.next().unwrap();
        assert!(blocks.next().is_none(), "{name}");
        assert_eq!(constant(terraform, "required_version"), Some(">= 1.6".into()), "{name}");
        let providers = terraform.body().blocks().next().unwrap();
        assert_eq!(providers.identifier(), "required_providers");
        let juju = [("source", "juju/juju"), ("version", ">= 1.0, < 3.0")];
        assert_eq!(constant(providers, "juju"), Some(juju.into_iter().collect()), "{name}");
        assert_eq!(names(providers), ["juju"], "{name}");
    }
}

#[test]
fn resources_take_only_what_every_release_of_the_provider_knows() {
    for (name, module) in modules() {
        for resource in module.blocks("resource") {
            let kind = label(resource, 0);
            for argument in names(resource) {
                let all = [known(kind), known("resource")].concat();
                assert!(all.contains(&argument), "{name}: {kind} has {argument}");
            }
            assert!(names(resource).contains(&"model_uuid"), "{name}: {:?}", resource.labels());
            for block in resource.body().blocks().filter(|block| block.identifier() != "lifecycle")
            {
                let kind = format!("{kind} {}", block.identifier());
                assert!(!known(&kind).is_empty(), "{name}: {kind}");
                for argument in names(block) {
                    assert!(known(&kind).contains(&argument), "{name}: {kind} has {argument}");
                }
            }
        }
    }
}

#[test]
fn variables_have_types_and_descriptions_and_are_used_in_alphabetical_order() {
    for (name, module) in modules() {
        let main: String = ["main.tf", "integrations.tf"]
            .map(|file| fs::read_to_string(module.folder.join(file)).unwrap_or_default())
            .concat();
        let variables = module.variables();
        for (variable, Variable { kind, description, .. }) in &variables {
            assert_ne!(**kind, hcl::Expression::Null, "{name}: {variable} has no type");
            assert!(!description.is_empty(), "{name}: {variable} has no description");
            assert!(main.contains(&format!("var.{variable}")), "{name}: {variable} is not used");
        }
        let names: Vec<_> = variables.iter().map(|(variable, _)| *variable).collect();
        assert!(names.is_sorted(), "{name}: {names:?}");
        let required = variables.iter().filter(|(_, variable)| variable.default.is_none());
        let required: Vec<_> = required.map(|(variable, _)| *variable).collect();
        assert_eq!(required, ["model_uuid"], "{name}");
    }
}

#[test]
fn the_readme_lists_all_variables_and_outputs_as_they_are() {
    for (name, module) in modules() {
        let readme = fs::read_to_string(module.folder.join("README.md")).unwrap();
        let variables: Vec<_> = module
            .variables()
            .into_iter()
            .map(|(variable, Variable { kind, description, default })| {
                let kind = hcl::format::to_string(kind).unwrap();
                let kind = if kind.starts_with("object") { "object".to_owned() } else { kind };
                let required = if default.is_none() { "yes" } else { "no" };
                [variable.to_owned(), kind, description, required.to_owned()]
            })
            .collect();
        assert_eq!(table(&readme, "Inputs"), variables, "{name}");
        let outputs: Vec<_> = module
            .blocks("output")
            .map(|block| {
                [label(block, 0).to_owned(), string(&constant(block, "description").unwrap())]
            })
            .collect();
        assert!(outputs.is_sorted(), "{name}: {outputs:?}");
        assert_eq!(table(&readme, "Outputs"), outputs, "{name}");
    }
}

/// The cells of the rows below the heading `heading` of a document in Markdown, whose first cell is code.
fn table(document: &str, heading: &str) -> Vec<Vec<String>> {
    let (_, section) = document.split_once(&format!("\n## {heading}\n")).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `")?.strip_suffix(" |"));
    rows.map(|row| row.replacen('`', "", 1).split(" | ").map(str::to_owned).collect()).collect()
}
