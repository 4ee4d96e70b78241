//! What Terraform would make of a module: its resources and outputs, evaluated.

use std::collections::BTreeMap;

use hcl::eval::{Context, Evaluate as _};
use hcl::{Block, Map, Value};

use crate::module::{Module, attribute, complete, label};

/// Attributes and blocks of a resource that are for Terraform, not for its provider.
const META: [&str; 3] = ["count", "for_each", "lifecycle"];

/// What would be made.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    /// The arguments of each `juju_application`, those of other modules included.
    pub(crate) applications: Vec<Value>,
    /// The arguments of each `juju_integration`.
    pub(crate) integrations: Vec<Value>,
    /// The module's outputs.
    pub(crate) outputs: Map<String, Value>,
}

/// The names by which expressions refer to what has been evaluated.
struct Scope(BTreeMap<String, Map<String, Value>>);

/// Evaluates `module` for the inputs `given`.
///
/// # Errors
///
/// What Terraform would say: an input that is missing or unknown, a reference to nothing, or a condition that is not met.
pub(crate) fn plan(module: &Module, given: &Map<String, Value>) -> Result<Plan, String> {
    let (mut plan, mut scope) = (Plan::default(), Scope(BTreeMap::new()));
    scope.0.insert("var".to_owned(), inputs(module, given)?);
    let mut todo: Vec<&Block> =
        ["locals", "resource", "module"].into_iter().flat_map(|kind| module.blocks(kind)).collect();
    // In whatever order they refer to one another.
    while !todo.is_empty() {
        let mut failed = Vec::new();
        for block in &todo {
            if let Err(error) = take(block, module, &mut scope, &mut plan) {
                failed.push((*block, error));
            }
        }
        if failed.len() == todo.len() {
            return Err(failed.swap_remove(0).1);
        }
        todo = failed.into_iter().map(|(block, _)| block).collect();
    }
    for output in module.blocks("output") {
        let value = evaluate(output, "value", &scope.context())?.unwrap_or(Value::Null);
        plan.outputs.insert(label(output, 0).to_owned(), value);
    }
    Ok(plan)
}

fn inputs(module: &Module, given: &Map<String, Value>) -> Result<Map<String, Value>, String> {
    let variables = module.variables();
    if let Some(unknown) =
        given.keys().find(|name| variables.iter().all(|(known, _)| known != name))
    {
        return Err(format!("{} has no variable {unknown}", module.folder.display()));
    }
    let mut inputs = Map::new();
    for (name, variable) in variables {
        let value = given.get(name).cloned().or(variable.default);
        let value = value.ok_or_else(|| format!("variable {name} is missing"))?;
        let value = complete(variable.kind, value).map_err(|error| format!("{name}: {error}"))?;
        inputs.insert(name.to_owned(), value);
    }
    Ok(inputs)
}

/// Evaluates a block of a module into `scope` and `plan`, or changes neither.
fn take(block: &Block, module: &Module, scope: &mut Scope, plan: &mut Plan) -> Result<(), String> {
    let context = scope.context();
    match block.identifier() {
        "locals" => {
            let values = arguments(block, &context)?;
            scope.0.entry("local".to_owned()).or_default().extend(values);
        }
        "module" => {
            let mut given = arguments(block, &context)?;
            let source = given.swap_remove("source").unwrap_or(Value::Null);
            let folder = module.folder.join(source.as_str().unwrap_or_default());
            let inner = self::plan(&Module::read(folder), &given)?;
            plan.applications.extend(inner.applications);
            plan.integrations.extend(inner.integrations);
            let name = label(block, 0).to_owned();
            scope.0.entry("module".to_owned()).or_default().insert(name, inner.outputs.into());
        }
        _ => {
            let (made, value) = resource(block, &context)?;
            match label(block, 0) {
                "juju_application" => plan.applications.extend(made),
                "juju_integration" => plan.integrations.extend(made),
                other => return Err(format!("{other} is not known here")),
            }
            let kind = label(block, 0).to_owned();
            scope.0.entry(kind).or_default().insert(label(block, 1).to_owned(), value);
        }
    }
    Ok(())
}

/// All that a resource block makes, and the value by which expressions refer to it.
fn resource(block: &Block, context: &Context<'_>) -> Result<(Vec<Value>, Value), String> {
    let one = |context: &Context<'_>| -> Result<Value, String> {
        preconditions(block, context)?;
        Ok(Value::Object(arguments(block, context)?))
    };
    if let Some(count) = evaluate(block, "count", context)? {
        let count = count.as_u64().ok_or_else(|| format!("count = {count:?}"))?;
        let made = (0..count).map(|_| one(context)).collect::<Result<Vec<_>, _>>()?;
        return Ok((made.clone(), made.into()));
    }
    if let Some(each) = evaluate(block, "for_each", context)? {
        let Value::Object(each) = each else { return Err(format!("for_each = {each:?}")) };
        let mut made = Map::new();
        for (key, value) in each {
            let mut context = context.clone();
            let pair = [("key", Value::from(key.clone())), ("value", value)];
            context.declare_var("each", pair.into_iter().collect::<Value>());
            made.insert(key, one(&context)?);
        }
        return Ok((made.values().cloned().collect(), made.into()));
    }
    let made = one(context)?;
    Ok((vec![made.clone()], made))
}

fn preconditions(block: &Block, context: &Context<'_>) -> Result<(), String> {
    let lifecycles = block.body().blocks().filter(|inner| inner.identifier() == "lifecycle");
    for condition in lifecycles.flat_map(|lifecycle| lifecycle.body().blocks()) {
        if evaluate(condition, "condition", context)? != Some(Value::Bool(true)) {
            let message = evaluate(condition, "error_message", context)?;
            return Err(message
                .and_then(|text| Some(text.as_str()?.to_owned()))
                .unwrap_or_default());
        }
    }
    Ok(())
}

/// The attributes of a block, and the blocks in it as lists.
fn arguments(block: &Block, context: &Context<'_>) -> Result<Map<String, Value>, String> {
    let mut arguments = Map::new();
    for attribute in block.body().attributes().filter(|it| !META.contains(&it.key())) {
        let value = attribute.expr().evaluate(context).map_err(|error| error.to_string())?;
        arguments.insert(attribute.key().to_owned(), value);
    }
    for inner in block.body().blocks().filter(|it| !META.contains(&it.identifier())) {
        let list =
            arguments.entry(inner.identifier().to_owned()).or_insert_with(|| Value::Array(vec![]));
        let value = self::arguments(inner, context)?.into();
        list.as_array_mut().ok_or("an attribute and a block have one name")?.push(value);
    }
    Ok(arguments)
}

fn evaluate(block: &Block, name: &str, context: &Context<'_>) -> Result<Option<Value>, String> {
    let value = attribute(block, name).map(|expression| expression.evaluate(context));
    value.transpose().map_err(|error| error.to_string())
}

impl Scope {
    fn context(&self) -> Context<'static> {
        let mut context = Context::new();
        for (name, values) in &self.0 {
            context.declare_var(hcl::Identifier::sanitized(name), Value::Object(values.clone()));
        }
        context
    }
}
