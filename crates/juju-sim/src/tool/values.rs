//! Keys and values from command lines and files.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read as _};

use super::args::Parsed;
use super::output::Refusal;
use super::{NO_STDIN, Stdin, without_code};
use crate::Bag;

/// `key=value` arguments. Juju trims both, so exact values need a file.
pub(super) fn pairs(args: &[String]) -> Result<Bag, Refusal> {
    let mut pairs = Bag::new();
    for arg in args.iter().filter(|arg| !arg.is_empty()) {
        let Some((key, value)) = arg.split_once('=').filter(|(key, _)| !key.is_empty()) else {
            return Err(Refusal::usage(format!("expected \"key=value\", got {arg:?}")));
        };
        let (key, value) = (key.trim().to_owned(), value.trim().to_owned());
        if pairs.insert(key.clone(), value).is_some() {
            return Err(Refusal::usage(format!("key {key:?} specified more than once")));
        }
    }
    Ok(pairs)
}

/// The map in the file that was named, if one was; `-` is standard input.
pub(super) fn file(parsed: &Parsed) -> Result<Bag, Refusal> {
    let Some(path) = parsed.text("file") else { return Ok(Bag::new()) };
    let failed =
        |error: io::Error| Refusal::failed(format!("open {path}: {}", without_code(&error)));
    let mut bytes = Vec::new();
    match &parsed.stdin {
        _ if path != "-" => bytes = fs::read(parsed.dir.join(path)).map_err(failed)?,
        Stdin::Own => drop(io::stdin().read_to_end(&mut bytes).map_err(failed)?),
        Stdin::Given(given) => bytes.clone_from(given),
        Stdin::Nothing => return Err(Refusal::failed(NO_STDIN)),
    }
    let text = String::from_utf8(bytes)
        .map_err(|_| Refusal::failed("yaml: invalid leading UTF-8 octet"))?;
    go_yaml(&text).map_err(Refusal::failed)
}

/// Reads what go-yaml v2 reads into a map of strings, and refuses what it refuses.
///
/// The parser is a sibling of go-yaml's, and differs in that it knows the escape `\/`.
fn go_yaml(text: &str) -> Result<Bag, String> {
    if has_escaped_slash(text) {
        return Err("yaml: found unknown escape character".to_owned());
    }
    if text.trim().is_empty() {
        return Ok(Bag::new());
    }
    let map: BTreeMap<String, Option<String>> = serde_yaml::from_str(text).map_err(|error| {
        let error = error.to_string();
        let into = if error.contains("expected a map") { "map[string]string" } else { "string" };
        let found = error.split_once("invalid type: ").and_then(|(_, rest)| rest.split_once(", "));
        match found {
            Some((found, _)) => {
                let tag = match found {
                    "sequence" => "!!seq".to_owned(),
                    "map" => "!!map".to_owned(),
                    scalar => format!(
                        "!!str `{}`",
                        scalar.trim_start_matches("string ").trim_matches('"')
                    ),
                };
                format!("yaml: unmarshal errors:\n  line 1: cannot unmarshal {tag} into {into}")
            }
            None => {
                // On the first line, go-yaml does not say where.
                format!("yaml: {}", error.split(" at ").next().unwrap_or(&error))
            }
        }
    })?;
    Ok(map.into_iter().map(|(key, value)| (key, value.unwrap_or_default())).collect())
}

fn has_escaped_slash(text: &str) -> bool {
    let mut escaped = false;
    text.chars().any(|character| {
        let found = escaped && character == '/';
        escaped = character == '\\' && !escaped;
        found
    })
}

/// `arg` without what must not be seen: the value of `key=value` in commands that carry data.
pub(super) fn without_value(tool: &str, arg: &str) -> String {
    let carries = ["secret-add", "secret-set", "relation-set", "state-set"].contains(&tool);
    match arg.split_once('=') {
        Some((key, value)) if carries && !key.starts_with('-') => {
            format!("{key}=<{} bytes>", value.len())
        }
        _ => arg.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bag(pairs: &[(&str, &str)]) -> Bag {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn arguments_are_trimmed() {
        let args = ["k= a b ".to_owned(), String::new(), " l =".to_owned()];
        assert_eq!(pairs(&args).unwrap(), bag(&[("k", "a b"), ("l", "")]));
    }

    #[test]
    fn files_are_taken_literally() {
        assert_eq!(
            go_yaml("{\"a\": \" a b \", \"b\": null, c: 1.10, d: yes}").unwrap(),
            bag(&[("a", " a b "), ("b", ""), ("c", "1.10"), ("d", "yes")])
        );
        assert_eq!(go_yaml("{\"e\": \"😀\\u0007\"}").unwrap(), bag(&[("e", "😀\u{7}")]));
        assert_eq!(go_yaml("").unwrap(), Bag::new());
    }

    #[test]
    fn what_go_yaml_refuses_is_refused() {
        for (text, why) in [
            ("{\"e\": \"\\ud83d\\ude00\"}", "invalid Unicode character escape code"),
            ("{\"e\": \"a\\/b\"}", "unknown escape character"),
            ("{\"e\": \"\u{7f}\"}", "control characters are not allowed"),
            ("[\"a\"]", "cannot unmarshal !!seq into map[string]string"),
        ] {
            let error = go_yaml(text).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
        assert_eq!(go_yaml("{\"e\": \"a\u{85}b\"}").unwrap()["e"], "a b");
        assert_eq!(go_yaml("{\"e\": \"a \u{2028} b\"}").unwrap()["e"], "a\u{2028}b");
    }
}
