//! JSON that Juju's YAML parser reads back exactly.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// `map` as a document for `relation-set --file -`.
///
/// Juju reads that file with go-yaml v2, which is not quite a JSON parser: it refuses escaped surrogate pairs and raw
/// control characters, and folds the line breaks U+0085, U+2028 and U+2029 inside of quotes. So characters beyond
/// U+FFFF stay as they are, and everything that go-yaml does not take for printable is escaped.
pub(crate) fn encode(map: &BTreeMap<String, String>) -> String {
    let mut document = String::from("{");
    for (index, (key, value)) in map.iter().enumerate() {
        if index > 0 {
            document.push_str(", ");
        }
        quote(key, &mut document);
        document.push_str(": ");
        quote(value, &mut document);
    }
    document.push('}');
    document
}

fn quote(text: &str, document: &mut String) {
    document.push('"');
    for character in text.chars() {
        match character {
            '"' => document.push_str("\\\""),
            '\\' => document.push_str("\\\\"),
            '\0'..='\u{1f}'
            | '\u{7f}'..='\u{9f}'
            | '\u{2028}'
            | '\u{2029}'
            | '\u{feff}'
            | '\u{fffe}'
            | '\u{ffff}' => {
                // Writing to a string does not fail.
                let _ = write!(document, "\\u{:04x}", u32::from(character));
            }
            other => document.push(other),
        }
    }
    document.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(value: &str) -> String {
        encode(&BTreeMap::from([("key".to_owned(), value.to_owned())]))
    }

    #[test]
    fn ordinary_text_is_ordinary_json() {
        assert_eq!(encoded("a b/ä"), r#"{"key": "a b/ä"}"#);
        assert_eq!(encode(&BTreeMap::new()), "{}");
    }

    #[test]
    fn quotes_and_backslashes_are_escaped_and_slashes_are_not() {
        assert_eq!(encoded(r#"{"a\b/c"}"#), r#"{"key": "{\"a\\b/c\"}"}"#);
    }

    #[test]
    fn characters_beyond_the_first_plane_stay_as_they_are() {
        assert_eq!(encoded("😀"), r#"{"key": "😀"}"#);
    }

    #[test]
    fn what_go_yaml_refuses_or_folds_is_escaped() {
        assert_eq!(
            encoded("\0\n\t\u{7f}\u{85}\u{2028}\u{2029}\u{feff}\u{fffe}\u{ffff}"),
            r#"{"key": "\u0000\u000a\u0009\u007f\u0085\u2028\u2029\ufeff\ufffe\uffff"}"#
        );
    }

    #[test]
    fn any_character_reads_back_as_itself() {
        let all: String = ('\0'..=char::MAX).collect();
        let read: BTreeMap<String, String> = serde_json::from_str(&encoded(&all)).unwrap();
        assert!(read["key"] == all);
    }
}
