//! What the person who runs an action wants. Juju has checked it against `actions.yaml`, and filled in the defaults.

use std::time::Duration;

use charm::Observation;
use serde_json::Value;

/// How long an action may take that says nothing else, in seconds: the default in `actions.yaml`.
const TIMEOUT: u64 = 10;

/// The longest that anybody may ask for, in seconds.
const LONGEST: u64 = 600;

/// How long the action may take: its parameter `timeout`.
pub fn timeout(seen: &Observation) -> Duration {
    let seconds = seen.parameters.get("timeout").and_then(Value::as_u64).unwrap_or(TIMEOUT);
    Duration::from_secs(seconds.clamp(1, LONGEST))
}

/// A parameter that is true or false; false where it is not there.
pub fn flag(seen: &Observation, name: &str) -> bool {
    seen.parameters.get(name).and_then(Value::as_bool).unwrap_or_default()
}

/// A parameter that is a word; empty where it is not there.
pub fn word<'a>(seen: &'a Observation, name: &str) -> &'a str {
    seen.parameters.get(name).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn given(name: &str, value: Value) -> Observation {
        let parameters = [(name.to_owned(), value)].into();
        Observation { parameters, ..Observation::default() }
    }

    #[test]
    fn the_time_is_within_limits_whatever_is_given() {
        let seconds = |value| timeout(&given("timeout", value)).as_secs();
        assert_eq!(seconds(json!(3)), 3);
        assert_eq!((seconds(json!(0)), seconds(json!(100_000))), (1, 600));
        assert_eq!((seconds(json!("x")), timeout(&Observation::default()).as_secs()), (10, 10));
    }

    #[test]
    fn what_is_not_given_is_false_or_empty() {
        assert!(flag(&given("reveal", json!(true)), "reveal"));
        assert!(!flag(&given("reveal", json!("true")), "reveal"));
        assert_eq!(word(&given("format", json!("json")), "format"), "json");
        assert_eq!(word(&Observation::default(), "format"), "");
    }
}
