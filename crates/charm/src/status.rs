//! What a unit tells its operator.

use std::fmt;

/// A workload status that a charm may set, with its message.
///
/// Juju's others (`error`, `unknown`, `terminated`) are Juju's to set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// A person has to act.
    Blocked(String),
    /// Another charm or a container has to act.
    Waiting(String),
    /// The unit is busy and will come back by itself.
    Maintenance(String),
    /// All is well.
    Active(String),
}

impl Status {
    /// The same status with something to add to its message.
    #[must_use]
    pub fn with_note(self, note: &str) -> Self {
        let noted = |message: String| {
            if message.is_empty() { note.to_owned() } else { format!("{message} ({note})") }
        };
        match self {
            Self::Active(message) => Self::Active(noted(message)),
            Self::Maintenance(message) => Self::Maintenance(noted(message)),
            Self::Waiting(message) => Self::Waiting(noted(message)),
            Self::Blocked(message) => Self::Blocked(noted(message)),
        }
    }

    /// The status that Juju knows by this word, with its message; `None` for Juju's own words.
    pub fn read(word: &str, message: &str) -> Option<Self> {
        let status = match word {
            "blocked" => Self::Blocked,
            "waiting" => Self::Waiting,
            "maintenance" => Self::Maintenance,
            "active" => Self::Active,
            _ => return None,
        };
        Some(status(message.to_owned()))
    }

    /// All is well, and there is nothing to add.
    pub fn active() -> Self {
        Self::Active(String::new())
    }

    /// The word that `status-set` takes.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Blocked(_) => "blocked",
            Self::Waiting(_) => "waiting",
            Self::Maintenance(_) => "maintenance",
            Self::Active(_) => "active",
        }
    }

    /// The text beside the word; may be empty.
    pub fn message(&self) -> &str {
        match self {
            Self::Blocked(message)
            | Self::Waiting(message)
            | Self::Maintenance(message)
            | Self::Active(message) => message,
        }
    }

    /// The one that needs attention most; among equals the first. Active when there is none.
    pub fn worst(statuses: impl IntoIterator<Item = Self>) -> Self {
        statuses
            .into_iter()
            .reduce(|worst, next| if next.rank() < worst.rank() { next } else { worst })
            .unwrap_or_else(Self::active)
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Blocked(_) => 0,
            Self::Waiting(_) => 1,
            Self::Maintenance(_) => 2,
            Self::Active(_) => 3,
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.message() {
            "" => f.write_str(self.word()),
            message => write!(f, "{} {message}", self.word()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_status_wins_and_among_equals_the_first() {
        let statuses = [
            Status::active(),
            Status::Waiting("a".to_owned()),
            Status::Blocked("b".to_owned()),
            Status::Blocked("c".to_owned()),
        ];
        assert_eq!(Status::worst(statuses), Status::Blocked("b".to_owned()));
        assert_eq!(Status::worst([]), Status::active());
    }

    #[test]
    fn a_status_reads_back_unless_it_is_jujus_own() {
        for status in [Status::Blocked, Status::Waiting, Status::Maintenance, Status::Active]
            .map(|status| status("a".to_owned()))
        {
            assert_eq!(Status::read(status.word(), "a"), Some(status));
        }
        assert_eq!(Status::read("unknown", ""), None);
    }
}
