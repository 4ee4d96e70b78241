//! Strings in YAML.

use std::fmt::Write;

/// `text` as a double-quoted scalar of ASCII, in which `$` and `{` are hex escapes.
///
/// Feast replaces `$NAME` in the raw text of the file before it parses it, and others run their template engines over
/// it; neither sees a `$`, nor a `{{`, `{%` or `{#`, where there is none. No YAML library lets one choose its escapes,
/// hence this encoder. `serde_yaml` and the vectors in `testdata/` hold it to what YAML says.
pub(crate) fn quoted(text: &str) -> String {
    let mut scalar = String::with_capacity(text.len() + 2);
    scalar.push('"');
    for character in text.chars() {
        match (character, u32::from(character)) {
            ('"' | '\\', _) => scalar.extend(['\\', character]),
            ('$' | '{', code) | (_, code @ (0..0x20 | 0x7f..=0xff)) => {
                push_hex(&mut scalar, 'x', 2, code);
            }
            (_, code @ 0x100..=0xffff) => push_hex(&mut scalar, 'u', 4, code),
            (_, code @ 0x1_0000..) => push_hex(&mut scalar, 'U', 8, code),
            _ => scalar.push(character),
        }
    }
    scalar.push('"');
    scalar
}

fn push_hex(scalar: &mut String, letter: char, width: usize, code: u32) {
    write!(scalar, "\\{letter}{code:0width$X}").expect("a String takes everything");
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;
    use crate::url::encoded;

    #[derive(Deserialize)]
    struct Vector {
        value: String,
        yaml: String,
        url: String,
    }

    #[test]
    fn strings_are_written_as_feast_was_seen_to_read_them() {
        let vectors: Vec<Vector> =
            serde_json::from_str(include_str!("../testdata/vectors.json")).unwrap();
        assert_eq!(vectors.len(), 49);
        for Vector { value, yaml, url } in vectors {
            assert_eq!(quoted(&value), yaml.replace('{', "\\x7B"));
            assert_eq!(encoded(&value), url);
            assert_eq!(serde_yaml::from_str::<String>(&quoted(&value)).unwrap(), value);
        }
    }

    proptest! {
        #[test]
        fn every_string_reads_back(text in "\\PC*|(?s).*|[\\x00-\\xff]*|[${%#}\"'\\\\ a]*") {
            let scalar = quoted(&text);
            prop_assert_eq!(serde_yaml::from_str::<String>(&scalar).unwrap(), text);
            let plain = |c: char| (' '..='~').contains(&c) && c != '$' && c != '{';
            prop_assert!(scalar.chars().all(plain), "{}", scalar);
        }
    }
}
