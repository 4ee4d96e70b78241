//! The values of the charm's options.

use std::collections::BTreeMap;

use charm::ConfigValue;
use serde_json::Value;

use crate::command::Error;
use crate::hook_commands::HookCommands;

/// All options that have a value.
pub(crate) async fn read(commands: &HookCommands) -> Result<BTreeMap<String, ConfigValue>, Error> {
    let options: BTreeMap<String, Value> = commands.ask("config-get", &[]).await?;
    Ok(options.into_iter().filter_map(|(name, value)| Some((name, typed(value)?))).collect())
}

/// Juju prints a float without a fraction as it prints an integer, so it reads as one.
fn typed(value: Value) -> Option<ConfigValue> {
    match value {
        Value::String(text) => Some(ConfigValue::Text(text)),
        Value::Bool(flag) => Some(ConfigValue::Boolean(flag)),
        Value::Number(number) => match number.as_i64() {
            Some(integer) => Some(ConfigValue::Integer(integer)),
            None => number.as_f64().map(ConfigValue::Float),
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_type_of_option_reads_as_itself() {
        assert_eq!(typed(json!("8")), Some(ConfigValue::Text("8".to_owned())));
        assert_eq!(typed(json!(8)), Some(ConfigValue::Integer(8)));
        assert_eq!(typed(json!(0.5)), Some(ConfigValue::Float(0.5)));
        assert_eq!(typed(json!(false)), Some(ConfigValue::Boolean(false)));
        assert_eq!(typed(json!(null)), None);
    }
}
