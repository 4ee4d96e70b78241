//! A Terraform module as it is written.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use hcl::eval::{Context, Evaluate as _};
use hcl::expr::{FuncCall, ObjectKey};
use hcl::{Block, Body, Expression, Value};

/// The charms that have a module of their own, and the product that deploys them together.
pub(crate) const CHARMS: [&str; 2] = ["feast-integrator", "feast-ui"];
pub(crate) const PRODUCT: &str = "feast";

/// All `.tf` files of a folder.
pub(crate) struct Module {
    pub(crate) folder: PathBuf,
    body: Body,
}

/// An input of a module.
pub(crate) struct Variable<'a> {
    /// What may be given, and the defaults of parts that are left out.
    pub(crate) kind: &'a Expression,
    /// What it is for.
    pub(crate) description: String,
    /// The value when nothing is given; without one, something must be.
    pub(crate) default: Option<Value>,
}

impl Module {
    /// The module of `terraform/`.
    pub(crate) fn named(name: &str) -> Self {
        Self::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../terraform").join(name))
    }

    /// The module in `folder`.
    pub(crate) fn read(folder: PathBuf) -> Self {
        let mut files: Vec<PathBuf> = fs::read_dir(&folder)
            .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|end| end == "tf"))
            .collect();
        files.sort();
        let texts = files.iter().map(|path| (path, fs::read_to_string(path).unwrap()));
        let bodies = texts.map(|(path, text)| match hcl::parse(&text) {
            Ok(body) => body,
            Err(error) => panic!("{}: {error}", path.display()),
        });
        let body = Body(bodies.flat_map(Body::into_inner).collect());
        Self { folder, body }
    }

    /// The blocks of one kind: `resource`, `module`, `variable` or the like.
    pub(crate) fn blocks(&self, kind: &str) -> impl Iterator<Item = &Block> {
        self.body.blocks().filter(move |block| block.identifier() == kind)
    }

    /// The inputs, in the order in which they are written.
    pub(crate) fn variables(&self) -> Vec<(&str, Variable<'_>)> {
        let variable = |block| Variable {
            kind: attribute(block, "type").unwrap_or(&Expression::Null),
            description: constant(block, "description")
                .map_or_else(String::new, |text| string(&text)),
            default: constant(block, "default"),
        };
        self.blocks("variable").map(|block| (label(block, 0), variable(block))).collect()
    }
}

pub(crate) fn label(block: &Block, index: usize) -> &str {
    block.labels()[index].as_str()
}

pub(crate) fn attribute<'a>(block: &'a Block, name: &str) -> Option<&'a Expression> {
    block.body().attributes().find(|attribute| attribute.key() == name).map(hcl::Attribute::expr)
}

/// The value of an attribute that refers to nothing.
pub(crate) fn constant(block: &Block, name: &str) -> Option<Value> {
    attribute(block, name).map(|expression| expression.evaluate(&Context::new()).unwrap())
}

pub(crate) fn string(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// What a value of type `kind` becomes, as Terraform fills in the parts that are left out.
pub(crate) fn complete(kind: &Expression, value: Value) -> Result<Value, String> {
    let Expression::FuncCall(call) = kind else { return Ok(value) };
    let (Some(Expression::Object(parts)), Value::Object(given)) = (call.args.first(), &value)
    else {
        return Ok(value);
    };
    let mut given = given.clone();
    let mut complete = BTreeMap::new();
    for (key, kind) in parts {
        let ObjectKey::Identifier(name) = key else { return Err(format!("a type has {key:?}")) };
        let name = name.as_str();
        let (kind, optional) = match kind {
            Expression::FuncCall(call) if is(call, "optional") => (&call.args[0], Some(call)),
            kind => (kind, None),
        };
        let part = match (given.swap_remove(name), optional) {
            (Some(part), _) => self::complete(kind, part)?,
            (None, Some(call)) => match call.args.get(1) {
                Some(default) => default.evaluate(&Context::new()).unwrap(),
                None => Value::Null,
            },
            (None, None) => return Err(format!("{name} is missing")),
        };
        complete.insert(name.to_owned(), part);
    }
    match given.keys().next() {
        Some(unknown) => Err(format!("there is no {unknown}")),
        None => Ok(complete.into_iter().collect()),
    }
}

fn is(call: &FuncCall, name: &str) -> bool {
    call.name.name.as_str() == name
}
