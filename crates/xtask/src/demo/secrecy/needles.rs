//! What passwords look like, in the shapes in which programs write them down.

use std::collections::BTreeSet;
use std::fmt;
use std::io::Read;

use aho_corasick::AhoCorasick;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use charm::Secret;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::Result;

/// Looks for passwords.
pub(crate) struct Needles {
    search: AhoCorasick,
    /// Which password each pattern is of, and its shape.
    meanings: Vec<Found>,
}

/// A password that was found. It prints as its name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Found {
    password: String,
    shape: &'static str,
}

impl Needles {
    /// Of passwords and their names.
    pub(crate) fn of<'a>(
        passwords: impl IntoIterator<Item = (&'a Secret, &'a str)>,
    ) -> Result<Self> {
        let (mut patterns, mut meanings) = (Vec::new(), Vec::new());
        for (password, name) in passwords {
            let password = password.reveal();
            let encoded = utf8_percent_encode(password, NON_ALPHANUMERIC).to_string();
            let raw = [("raw", password.to_owned()), ("percent-encoded", encoded)];
            let mut shapes: Vec<(&'static str, String)> = raw.to_vec();
            shapes.dedup_by(|one, other| one.1 == other.1);
            for (_, text) in &raw[..shapes.len()] {
                shapes.extend((0..3).map(|offset| ("base64", within_base64(text, offset))));
            }
            for (shape, pattern) in shapes {
                patterns.push(pattern);
                meanings.push(Found { password: name.to_owned(), shape });
            }
        }
        Ok(Self { search: AhoCorasick::new(patterns)?, meanings })
    }

    /// Those that are in `text`, each once.
    pub(crate) fn find<'a>(&'a self, text: &'a [u8]) -> impl Iterator<Item = &'a Found> {
        let found: BTreeSet<&Found> =
            self.search.find_iter(text).map(|found| &self.meanings[found.pattern()]).collect();
        found.into_iter()
    }

    /// Those that are in a file, each once.
    pub(crate) fn find_in(&self, file: impl Read) -> std::io::Result<BTreeSet<&Found>> {
        self.search
            .stream_find_iter(file)
            .map(|found| Ok(&self.meanings[found?.pattern()]))
            .collect()
    }
}

/// What base64 makes of `text` at a place whose number leaves `offset` when it is divided by three, without the letters
/// that depend on what is around it.
fn within_base64(text: &str, offset: usize) -> String {
    let mut bytes = vec![0; offset];
    bytes.extend(text.as_bytes());
    let encoded = STANDARD_NO_PAD.encode(&bytes);
    let (first, end) = ((offset * 8).div_ceil(6), bytes.len() * 8 / 6);
    encoded[first..end].to_owned()
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.password, self.shape)
    }
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    fn found(text: &[u8]) -> Vec<String> {
        let (first, second) = ("Ab3xYz09Kq7LmN4p".into(), "p@ss w/rd?".into());
        let needles = Needles::of([(&first, "first"), (&second, "second")]).unwrap();
        let found: Vec<String> = needles.find(text).map(ToString::to_string).collect();
        let in_a_file = needles.find_in(text).unwrap();
        assert!(in_a_file.into_iter().map(ToString::to_string).eq(found.clone()));
        found
    }

    #[test]
    fn a_password_is_found_in_every_shape_and_by_its_name() {
        assert_eq!(found(b"x=Ab3xYz09Kq7LmN4p;"), ["first (raw)"]);
        assert_eq!(found(b"postgresql://u:p%40ss%20w%2Frd%3F@h"), ["second (percent-encoded)"]);
        for password in ["Ab3xYz09Kq7LmN4p", "p@ss w/rd?", "p%40ss%20w%2Frd%3F"] {
            let name = if password.starts_with('A') { "first (base64)" } else { "second (base64)" };
            for before in ["", "a", "ab", "abc", "user: x\npassword: \""] {
                for after in ["", "z", "yz", "\"\nmore: 1"] {
                    let text = STANDARD.encode(format!("{before}{password}{after}"));
                    assert_eq!(found(text.as_bytes()), [name], "{before:?} {after:?}");
                }
            }
        }
    }

    #[test]
    fn a_part_of_a_password_is_none() {
        assert!(found(b"Ab3xYz09Kq7LmN4").is_empty());
        assert!(found(STANDARD.encode("Ab3xYz09Kq7LmN4").as_bytes()).is_empty());
    }
}
