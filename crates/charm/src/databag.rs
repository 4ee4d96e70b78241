//! The data of one side of a relation.

use std::collections::BTreeMap;
use std::fmt;

/// The data of one side of a relation, or of one of its units.
///
/// Juju does not tell an empty value from an absent one, so neither does this: an empty value is never kept.
/// Databags carry passwords, so `Debug` shows sizes in place of values.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Databag(BTreeMap<String, String>);

/// What to give `relation-set`: new values by key, the empty value deletes. `Debug` and `Display` show sizes only.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Edits(BTreeMap<String, String>);

impl Databag {
    /// A databag without keys.
    pub fn new() -> Self {
        Self::default()
    }

    /// The value of `key`; never empty.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    /// Sets `key`; an empty value removes it.
    pub fn insert(&mut self, key: impl Into<String>, value: impl Into<String>) {
        let (key, value) = (key.into(), value.into());
        if value.is_empty() {
            self.0.remove(&key);
        } else {
            self.0.insert(key, value);
        }
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Keys and values, sorted by key.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// What has to be set so that this databag becomes exactly `wanted`.
    pub fn edits_to(&self, wanted: &Self) -> Edits {
        let gone = self
            .0
            .keys()
            .filter(|key| !wanted.0.contains_key(*key))
            .map(|key| (key.clone(), String::new()));
        Edits(self.additions(wanted).chain(gone).collect())
    }

    /// What has to be set so that this databag has everything in `wanted`, and keeps the rest.
    pub fn edits_to_include(&self, wanted: &Self) -> Edits {
        Edits(self.additions(wanted).collect())
    }

    /// This databag after `edits`.
    #[must_use]
    pub fn edited(&self, edits: &Edits) -> Self {
        let mut bag = self.clone();
        for (key, value) in &edits.0 {
            bag.insert(key.clone(), value.clone());
        }
        bag
    }

    fn additions(&self, wanted: &Self) -> impl Iterator<Item = (String, String)> {
        wanted
            .0
            .iter()
            .filter(|(key, value)| self.0.get(*key) != Some(value))
            .map(|(key, value)| (key.clone(), value.clone()))
    }
}

impl Edits {
    /// Whether there is nothing to set.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// New values by key, for the standard input of `relation-set --file -`.
    pub fn reveal(&self) -> &BTreeMap<String, String> {
        &self.0
    }
}

impl<K: Into<String>, V: Into<String>> FromIterator<(K, V)> for Databag {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        let mut bag = Self::new();
        for (key, value) in pairs {
            bag.insert(key, value);
        }
        bag
    }
}

impl<K: Into<String>, V: Into<String>, const N: usize> From<[(K, V); N]> for Databag {
    fn from(pairs: [(K, V); N]) -> Self {
        pairs.into_iter().collect()
    }
}

impl fmt::Debug for Databag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map()
            .entries(self.0.iter().map(|(key, value)| (key, format!("<{} bytes>", value.len()))))
            .finish()
    }
}

impl fmt::Debug for Edits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Edits({self})")
    }
}

impl fmt::Display for Edits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (key, value)) in self.0.iter().enumerate() {
            let space = if index == 0 { "" } else { " " };
            match value.len() {
                0 => write!(f, "{space}{key}=")?,
                size => write!(f, "{space}{key}=<{size} bytes>")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_set_what_differs_and_delete_what_is_stale() {
        let seen = Databag::from([("same", "1"), ("old", "2"), ("changed", "3")]);
        let wanted = Databag::from([("same", "1"), ("changed", "4"), ("new", "55")]);
        let edits = seen.edits_to(&wanted);
        assert_eq!(edits.to_string(), "changed=<1 bytes> new=<2 bytes> old=");
        assert_eq!(seen.edited(&edits), wanted);
        assert_eq!(seen.edits_to_include(&wanted).to_string(), "changed=<1 bytes> new=<2 bytes>");
    }

    #[test]
    fn an_empty_value_is_an_absent_key() {
        assert!(Databag::from([("key", "")]).is_empty());
    }

    #[test]
    fn nothing_printable_shows_a_value() {
        let bag = Databag::from([("password", "hunter2")]);
        let printed = format!("{bag:?} {:?}", Databag::new().edits_to(&bag));
        assert!(!printed.contains("hunter2"), "{printed}");
    }
}
