//! What hook commands print.

use serde_json::Value;

/// An output format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// What a shell script likes: bare text, and nothing at all for what is empty.
    Smart,
    /// YAML where there is no smart format.
    Yaml,
    /// YAML, where there is a smart format too.
    AlsoYaml,
    /// One line of JSON, as Go writes it.
    Json,
}

/// A hook command that fails.
#[derive(Debug)]
pub(super) struct Refusal {
    /// 1: it failed; 2: wrong arguments.
    pub(super) code: u8,
    /// What follows `ERROR `.
    pub(super) message: String,
}

impl Refusal {
    /// The command ran, and failed.
    pub(super) fn failed(message: impl Into<String>) -> Self {
        Self { code: 1, message: message.into() }
    }

    /// The command line is wrong.
    pub(super) fn usage(message: impl Into<String>) -> Self {
        Self { code: 2, message: message.into() }
    }

    /// What is written to standard error.
    pub(super) fn text(&self) -> String {
        format!("ERROR {}\n", self.message)
    }
}

impl Format {
    /// The format called `name` where `default` is the default.
    pub(super) fn named(name: &str, default: Self) -> Option<Self> {
        match (name, default) {
            ("json", _) => Some(Self::Json),
            ("yaml", Self::Yaml) => Some(Self::Yaml),
            ("yaml", _) => Some(Self::AlsoYaml),
            ("smart", Self::Smart) => Some(Self::Smart),
            _ => None,
        }
    }

    /// `value` in this format, with its line end.
    pub(super) fn print(self, value: &Value) -> Result<Vec<u8>, Refusal> {
        let failed = |error: String| Refusal::failed(error);
        let text = match self {
            Self::Json => go_json(value),
            Self::Yaml | Self::AlsoYaml => yaml(value).map_err(failed)?,
            Self::Smart => match value {
                Value::Null => String::new(),
                Value::String(text) if text.is_empty() => String::new(),
                Value::String(text) => format!("{text}\n"),
                Value::Bool(true) => "True\n".to_owned(),
                Value::Bool(false) => "False\n".to_owned(),
                Value::Array(items) => {
                    let lines: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
                    if lines.is_empty() { String::new() } else { lines.join("\n") + "\n" }
                }
                other => yaml(other).map_err(failed)?,
            },
        };
        Ok(text.into_bytes())
    }
}

/// JSON as Go writes it: what could end a script in a web page is escaped.
fn go_json(value: &Value) -> String {
    let escaped = |character: char| match character {
        '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => format!("\\u{:04x}", u32::from(character)),
        other => other.to_string(),
    };
    // These characters stand in strings only.
    let text: String = value.to_string().chars().map(escaped).collect();
    text + "\n"
}

fn yaml(value: &Value) -> Result<String, String> {
    serde_yaml::to_string(value).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn json_is_gos() {
        assert_eq!(
            go_json(&json!({"b": "<a>&b", "a": 1})),
            "{\"a\":1,\"b\":\"\\u003ca\\u003e\\u0026b\"}\n"
        );
    }

    #[test]
    fn the_smart_format_says_nothing_of_what_is_empty() {
        for empty in [json!(null), json!(""), json!([])] {
            assert_eq!(Format::Smart.print(&empty).unwrap(), b"");
        }
        assert_eq!(Format::Smart.print(&json!(["a", "b"])).unwrap(), b"a\nb\n");
        assert_eq!(Format::Smart.print(&json!(true)).unwrap(), b"True\n");
    }
}
