//! The values of a charm's options, with what is wrong with them.

use std::fmt::Display;
use std::ops::RangeInclusive;

use crate::{ConfigValue, Observation, Status};

/// Reads options one by one, and remembers what is wrong.
///
/// An option that is absent or an empty text has no value, whatever its type: the charm's own default applies. Each
/// trouble names its option and what is expected, and never repeats the value, which may be a password.
#[derive(Debug)]
pub struct Options<'a> {
    seen: &'a Observation,
    troubles: Vec<Status>,
}

impl<'a> Options<'a> {
    /// The options that a hook saw.
    pub fn of(seen: &'a Observation) -> Self {
        Self { seen, troubles: Vec::new() }
    }

    /// An option of type `string` or `secret`.
    pub fn text(&mut self, name: &str) -> Option<&'a str> {
        match self.seen.config.get(name)? {
            ConfigValue::Text(text) => Some(text.trim()).filter(|text| !text.is_empty()),
            _ => self.refuse(name, "is not a text"),
        }
    }

    /// An option of type `boolean`.
    pub fn boolean(&mut self, name: &str) -> Option<bool> {
        match self.seen.config.get(name)? {
            ConfigValue::Boolean(flag) => Some(*flag),
            _ => self.refuse(name, "is neither true nor false"),
        }
    }

    /// An option of type `int` within `range`.
    pub fn integer<T>(&mut self, name: &str, range: RangeInclusive<T>) -> Option<T>
    where
        T: TryFrom<i64> + PartialOrd + Display,
    {
        let value = match self.seen.config.get(name)? {
            ConfigValue::Integer(value) => T::try_from(*value).ok(),
            _ => None,
        };
        value.filter(|value| range.contains(value)).or_else(|| {
            let reason = format!("is not an integer from {} to {}", range.start(), range.end());
            self.refuse(name, reason)
        })
    }

    /// An option of type `string` that is one of a few words.
    pub fn choice<T: Copy>(&mut self, name: &str, words: &[(&str, T)]) -> Option<T> {
        let text = self.text(name)?;
        let found = words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        found.or_else(|| {
            let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            self.refuse(name, format!("is none of {}", words.join(", ")))
        })
    }

    /// An option of type `string` that `read` makes something of, or says what is wrong with it.
    pub fn parsed<T, E: Display>(
        &mut self,
        name: &str,
        read: impl FnOnce(&'a str) -> Result<T, E>,
    ) -> Option<T> {
        match read(self.text(name)?) {
            Ok(value) => Some(value),
            Err(reason) => self.refuse(name, reason),
        }
    }

    /// Notes what is wrong with an option, to be read after its name.
    pub fn refuse<T>(&mut self, name: &str, reason: impl Display) -> Option<T> {
        self.troubles.push(Status::Blocked(format!("[config] {name} {reason}")));
        None
    }

    /// What is wrong, in the order in which the options were read.
    pub fn troubles(self) -> Vec<Status> {
        self.troubles
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(values: &[(&str, ConfigValue)]) -> Observation {
        let config = values.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
        Observation { config: config.collect(), ..Observation::default() }
    }

    fn text(text: &str) -> ConfigValue {
        ConfigValue::Text(text.to_owned())
    }

    #[test]
    fn values_are_read_by_their_type() {
        let seen = seen(&[
            ("project", text(" shop ")),
            ("size", ConfigValue::Integer(7)),
            ("keep", ConfigValue::Boolean(true)),
            ("mode", text("b")),
        ]);
        let mut options = Options::of(&seen);
        assert_eq!(options.text("project"), Some("shop"));
        assert_eq!(options.integer("size", 1_u16..=9), Some(7));
        assert_eq!(options.boolean("keep"), Some(true));
        assert_eq!(options.choice("mode", &[("a", 1), ("b", 2)]), Some(2));
        assert_eq!(options.parsed("project", |text| Ok::<_, &str>(text.len())), Some(4));
        assert!(options.troubles().is_empty());
    }

    #[test]
    fn what_is_absent_or_empty_has_no_value_and_is_no_trouble() {
        let seen = seen(&[("project", text("")), ("mode", text(" "))]);
        let mut options = Options::of(&seen);
        assert_eq!(options.text("project"), None);
        assert_eq!(options.choice("mode", &[("a", 1)]), None);
        assert_eq!(options.integer("size", 1_u16..=9), None);
        assert!(options.troubles().is_empty());
    }

    #[test]
    fn each_trouble_names_its_option_and_what_is_expected_and_not_the_value() {
        let seen = seen(&[
            ("size", ConfigValue::Integer(70_000)),
            ("mode", text("hunter2")),
            ("keep", text("hunter2")),
            ("project", text("hunter2")),
        ]);
        let mut options = Options::of(&seen);
        options.integer("size", 1_u16..=9);
        options.choice("mode", &[("a", 1), ("b", 2)]);
        options.boolean("keep");
        options.parsed("project", |_| Err::<(), _>("is not a name"));
        let told: Vec<String> = options.troubles().iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "blocked [config] size is not an integer from 1 to 9",
                "blocked [config] mode is none of a, b",
                "blocked [config] keep is neither true nor false",
                "blocked [config] project is not a name",
            ]
        );
    }
}
