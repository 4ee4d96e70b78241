//! What the other side of a relation wrote, and makes no sense.

use std::borrow::Cow;

/// The other side of a relation has spoken, and it makes no sense, or we are asked to say what cannot be said.
///
/// It names fields and never shows what they hold, so that it may become a status and a line of a log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A field holds something that it cannot mean.
    #[error("{field} {reason}")]
    Invalid {
        /// The key in the databag or the secret, and where it is a document the place in it.
        field: Cow<'static, str>,
        /// What is wrong with it, to be read after its name.
        reason: &'static str,
    },
    /// Some fields of a set that only makes sense as a whole are not there.
    #[error("missing {}", .0.join(", "))]
    Missing(Vec<String>),
}

impl Error {
    pub(crate) fn invalid(field: impl Into<Cow<'static, str>>, reason: &'static str) -> Self {
        Self::Invalid { field: field.into(), reason }
    }
}
