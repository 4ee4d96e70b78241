//! The file as a tree, and as text.

use crate::scalar::quoted;

/// A part of the file.
#[derive(Clone, PartialEq)]
pub(crate) enum Node {
    /// A scalar that stands for itself: a number, a truth value, `null`, or a word of Feast's own.
    Word(String),
    /// Any string.
    Text(String),
    /// Values in a row.
    Sequence(Vec<Self>),
    /// Values by key, in order.
    Mapping(Vec<(String, Self)>),
}

impl Node {
    pub(crate) fn word(word: &(impl ToString + ?Sized)) -> Self {
        Self::Word(word.to_string())
    }

    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    pub(crate) fn mapping<const N: usize>(entries: [(&str, Self); N]) -> Self {
        Self::Mapping(entries.map(|(key, value)| (key.to_owned(), value)).into())
    }

    /// The lines of a mapping at the top.
    pub(crate) fn document(entries: &[(String, Self)]) -> String {
        let mut text = String::new();
        write_entries(&mut text, 0, entries);
        text
    }
}

fn write_entries(text: &mut String, indent: usize, entries: &[(String, Node)]) {
    for (key, value) in entries {
        text.extend(std::iter::repeat_n(' ', indent));
        if is_plain(key) {
            text.push_str(key);
        } else {
            text.push_str(&quoted(key));
        }
        text.push(':');
        match value {
            Node::Mapping(entries) if !entries.is_empty() => {
                text.push('\n');
                write_entries(text, indent + 2, entries);
            }
            value => {
                text.push(' ');
                write_flow(text, value);
                text.push('\n');
            }
        }
    }
}

/// On one line, as in JSON.
fn write_flow(text: &mut String, node: &Node) {
    match node {
        Node::Word(word) => text.push_str(word),
        Node::Text(content) => text.push_str(&quoted(content)),
        Node::Sequence(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                text.push_str(if index == 0 { "" } else { ", " });
                write_flow(text, item);
            }
            text.push(']');
        }
        Node::Mapping(entries) => {
            // Not next to each other: a template engine would take two for its own.
            text.push_str("{ ");
            for (index, (key, value)) in entries.iter().enumerate() {
                text.push_str(if index == 0 { "" } else { ", " });
                text.push_str(&quoted(key));
                text.push_str(": ");
                write_flow(text, value);
            }
            text.push_str(" }");
        }
    }
}

/// Whether a key is a string to every YAML without quotes.
fn is_plain(key: &str) -> bool {
    key.len() > 2
        && key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
        && !["yes", "off", "true", "false", "null"].contains(&key)
}
