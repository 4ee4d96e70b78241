//! Secrets as the controller keeps them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Bag;

/// A secret, its revisions, and who may read it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Secret {
    /// Its identifier: 20 characters, or a URI with them.
    pub id: String,
    /// Whose it is.
    pub owner: Owner,
    /// The owner's label; empty for none.
    pub label: String,
    /// The label that our unit reads it by.
    pub consumer_label: Option<String>,
    /// Its content by revision.
    pub revisions: BTreeMap<u32, Bag>,
    /// The revision that our unit has read, and reads again unless it asks for the newest.
    pub tracked: Option<u32>,
    /// Whether somebody else's secret is granted to us.
    pub readable: bool,
    /// Whether our application granted it, by relation: to a unit, or else to the whole application.
    pub grants: BTreeMap<u32, Option<String>>,
    /// The owner's words about it.
    pub description: String,
    /// When it is to be rotated; empty for not said.
    pub rotation: String,
}

/// Whose a secret is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Owner {
    /// Our application's: its leader manages it.
    Application,
    /// Our unit's.
    Unit,
    /// Another application's, or a user's.
    #[default]
    Other,
}

impl Secret {
    /// A secret of another application that we may read.
    pub fn granted(id: &str, content: &[(&str, &str)]) -> Self {
        Self { readable: true, ..Self::holding(id, content) }
    }

    /// A secret of another application that we may not read.
    pub fn kept(id: &str, content: &[(&str, &str)]) -> Self {
        Self::holding(id, content)
    }

    /// A secret of our own application.
    pub fn owned(id: &str, label: &str, content: &[(&str, &str)]) -> Self {
        Self { owner: Owner::Application, label: label.to_owned(), ..Self::holding(id, content) }
    }

    /// Its newest content.
    pub fn newest(&self) -> Option<&Bag> {
        self.revisions.values().next_back()
    }

    /// The number of its newest revision; 0 if it has none.
    pub fn newest_revision(&self) -> u32 {
        self.revisions.keys().next_back().copied().unwrap_or(0)
    }

    /// Adds a revision.
    pub fn revise(&mut self, content: &[(&str, &str)]) {
        self.revisions.insert(self.newest_revision() + 1, bag(content));
    }

    /// Whether `id` names this secret, in any form that Juju takes.
    pub fn is(&self, id: &str) -> bool {
        let wanted = identifier(id);
        wanted.is_some() && wanted == identifier(&self.id)
    }

    /// Its identifier without scheme and model.
    pub(crate) fn bare_id(&self) -> &str {
        identifier(&self.id).unwrap_or(&self.id)
    }

    fn holding(id: &str, content: &[(&str, &str)]) -> Self {
        Self {
            id: id.to_owned(),
            revisions: BTreeMap::from([(1, bag(content))]),
            ..Self::default()
        }
    }
}

/// The 20 characters in `secret:<id>`, `secret://<model>/<id>`, `<model>/<id>` or `<id>`.
pub(crate) fn identifier(uri: &str) -> Option<&str> {
    let rest = uri.strip_prefix("secret:").unwrap_or(uri);
    let rest = rest.strip_prefix("//").unwrap_or(rest);
    let id = match rest.split_once('/') {
        Some((model, id)) if model.len() == 36 => id,
        Some(_) => return None,
        None => rest,
    };
    // Five bits a character make 100, of which an identifier has 96.
    let digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'v');
    (id.len() == 20 && id.bytes().all(digit) && id.ends_with(['0', 'g'])).then_some(id)
}

fn bag(content: &[(&str, &str)]) -> Bag {
    content.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_uri_names_the_same_secret() {
        let id = "9m4e2mr0ui3e8a215n4g";
        let model = "7c1b8c5e-0000-4000-8000-000000000001";
        let secret = Secret::granted(&format!("secret:{id}"), &[]);
        for uri in [id.to_owned(), format!("secret://{model}/{id}"), format!("{model}/{id}")] {
            assert!(secret.is(&uri), "{uri}");
        }
        for other in
            ["", "secret:", "secret:short", "https://example.com", "secret:x/9m4e2mr0ui3e8a215n4g"]
        {
            assert!(!secret.is(other), "{other}");
        }
    }
}
