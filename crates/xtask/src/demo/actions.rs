//! What an operator asks the charms, by `juju run`.

use crate::Result;
use crate::demo::deploy;
use crate::serve::Address;

const INTEGRATOR: &str = "feast-integrator/0";
const UI: &str = "feast-ui/0";

/// Runs every action that changes no table, and looks at what it says of a model in which nothing is wrong.
pub(crate) fn check(address: &Address, direct: bool) -> Result<String> {
    let ask = |unit: &str, action: &str, key: &str| deploy::result(address, unit, action, key);
    let mut checks = 0;
    for unit in [INTEGRATOR, UI] {
        let table = ask(unit, "validate", "table")?;
        let rows = table.lines().skip(1);
        let amiss: Vec<&str> =
            rows.clone().filter(|row| row.split_whitespace().nth(2) != Some("ok")).collect();
        if !amiss.is_empty() || rows.clone().count() < 9 {
            return Err(format!("`juju run {unit} validate`: {}", amiss.join("; ")).into());
        }
        checks += rows.count();
    }
    for (unit, action, key, wanted) in [
        (INTEGRATOR, "plan", "table", "Nothing would change."),
        (UI, "plan", "table", "Nothing would change."),
        (INTEGRATOR, "show-config", "feature-store-yaml", "[redacted]"),
        (INTEGRATOR, "repair-ownership", "table", "No table belongs to another role."),
        (UI, "list-projects", "table", "feast_project"),
        (UI, "restart", "result", "The UI was restarted, and answers."),
    ] {
        let told = ask(unit, action, key)?;
        if !told.contains(wanted) {
            return Err(format!("`juju run {unit} {action}` does not say {wanted:?}").into());
        }
    }
    deploy::wait(address, direct)?;
    Ok(format!(
        "validate found {checks} things in order; plan, show-config, repair-ownership, list-projects and restart said so too"
    ))
}
