//! What can go wrong between a charm and a Pebble.

use std::io;
use std::time::Duration;

/// How much of a text that Pebble wrote is kept, in characters: it may hold a service's output.
const KEPT: usize = 300;

/// Something could not be done in a container.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} {place}")]
pub struct Error {
    /// What was being done, such as `write /etc/app.conf`.
    pub action: String,
    /// Where: `in container feast-ui`, or `through <socket>`.
    pub place: String,
    /// Why not.
    #[source]
    pub cause: Cause,
}

/// Why something could not be done.
#[derive(Debug, thiserror::Error)]
pub enum Cause {
    /// Nothing listens: the container has not started, or has stopped.
    #[error("Pebble is not there (yet): the container has not started, or is restarting")]
    Absent(#[source] io::Error),
    /// The socket cannot be opened for another reason, such as the permissions of its directory.
    #[error(
        "Pebble's socket cannot be opened: check its path and the permissions of its directory"
    )]
    Socket(#[source] io::Error),
    /// The connection ended before the whole answer had come. Whether a write took effect is not known.
    #[error("the connection to Pebble broke: the container may be restarting")]
    Broken,
    /// Pebble did not answer in time. Whether a write took effect is not known.
    #[error("Pebble did not answer within {0:?}")]
    Silent(Duration),
    /// The answer was not what this version of the API is known to say.
    #[error("Pebble's answer makes no sense: {0}")]
    Answer(String),
    /// Pebble refused.
    #[error("Pebble refused ({status}): {message}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// Such as `login-required`, `no-default-services` or `not-found`; mostly empty.
        kind: String,
        /// Pebble's text.
        message: String,
    },
    /// Pebble could not read, write, make or remove one path.
    #[error("{path}: {message}")]
    File {
        /// Which.
        path: String,
        /// `not-found`, `permission-denied` or `generic-file-error`.
        kind: String,
        /// Pebble's text.
        message: String,
    },
    /// A change (in Pebble's sense: a start, stop or replan) ended in an error.
    #[error("change {id} failed: {message}")]
    Failed {
        /// Its number, for `pebble tasks`.
        id: String,
        /// Pebble's text, on one line.
        message: String,
    },
    /// A change goes on, but has not ended in time.
    #[error("change {id} has not ended within {limit:?}; it goes on")]
    Unfinished {
        /// Its number, for `pebble tasks`.
        id: String,
        /// How long it was waited for.
        limit: Duration,
    },
}

impl Error {
    /// Whether the container, rather than the request, is the reason: it has not started, is restarting or stopping,
    /// or its Pebble hangs. A charm says `Waiting` then; Juju runs the `pebble-ready` hook when it is back.
    pub fn container_is_gone(&self) -> bool {
        matches!(self.cause, Cause::Absent(_) | Cause::Broken | Cause::Silent(_))
    }
}

impl Cause {
    /// JSON that was not what was expected. Its text is left out: the serialiser quotes values.
    pub(crate) fn json(error: &serde_json::Error) -> Self {
        let (kind, line, column) = (error.classify(), error.line(), error.column());
        Self::Answer(format!("unexpected JSON ({kind:?}) at line {line} column {column}"))
    }

    /// The same for YAML.
    pub(crate) fn yaml(error: &serde_yaml::Error) -> Self {
        Self::Answer(error.location().map_or_else(
            || "unexpected YAML".to_owned(),
            |at| format!("unexpected YAML at line {} column {}", at.line(), at.column()),
        ))
    }
}

/// `text` on one line, without what exceeds [`KEPT`].
pub(crate) fn shortened(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(KEPT) {
        None => line,
        Some((end, _)) => format!("{}…", &line[..end]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_between_characters() {
        assert_eq!(shortened("a\n- b"), "a - b");
        let cut = shortened(&"ü".repeat(1000));
        assert_eq!(cut.chars().count(), KEPT + 1);
    }

    #[test]
    fn an_answer_that_makes_no_sense_is_not_quoted() {
        let error = serde_json::from_str::<u8>("\"hunter2\"").unwrap_err();
        assert!(error.to_string().contains("hunter2"));
        assert!(!Cause::json(&error).to_string().contains("hunter2"));
    }
}
