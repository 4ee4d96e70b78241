//! What was found on the way to a database, and in it.

use std::time::Duration;

use crate::Error;

/// What was found on the way to a database, and in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// The stages that were reached, in order. Only the last one can have failed.
    pub steps: Vec<Step>,
    /// What the server says; none where a stage failed.
    pub facts: Option<Facts>,
}

/// One stage of the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Which.
    pub stage: Stage,
    /// How long it took.
    pub took: Duration,
    /// What came of it in a few words, or why it failed.
    pub result: Result<String, Error>,
}

/// A stage of the way to a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The name of the host becomes addresses.
    Dns,
    /// One of them takes a connection.
    Tcp,
    /// The connection is encrypted, or need not be.
    Tls,
    /// The server lets the user into the database.
    Login,
    /// The server answers questions.
    Questions,
}

/// What a server says about itself, a database and its user.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// As in `SHOW server_version`: `16.10`.
    pub version: String,
    /// Who the session acts as, which need not be who logged in.
    pub user: String,
    /// Whether the server replays another one's changes, and takes none.
    pub recovery: bool,
    /// Whether the session takes no changes, whatever the server does.
    pub read_only: bool,
    /// Whether there is the schema, and whether the user may use it and create tables in it.
    pub schema: Option<(bool, bool)>,
    /// The tables, views and sequences of the schema, by name.
    pub tables: Vec<Table>,
    /// From a question to its answer.
    pub round_trip: Duration,
}

/// A table, view or sequence.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// Its name in the schema.
    pub name: String,
    /// The role that it belongs to.
    pub owner: String,
    /// Whether that is a group: a role that cannot log in.
    pub group: bool,
    /// Whether the user has the owner's rights: as the owner, as its member or as a superuser.
    pub held: bool,
    /// Whether the user may read and write it, whoever it belongs to.
    pub usable: bool,
}

impl Findings {
    /// Why the way ends before the database is known.
    pub fn trouble(&self) -> Option<&Error> {
        self.steps.iter().find_map(|step| step.result.as_ref().err())
    }
}

impl Facts {
    /// The tables of another user. What belongs to a group whose rights the user has is there for all its members.
    pub fn foreign(&self) -> impl Iterator<Item = &Table> {
        self.tables.iter().filter(|table| table.owner != self.user && !(table.group && table.held))
    }
}

impl Stage {
    /// Its name in results.
    pub fn name(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
            Self::Login => "login",
            Self::Questions => "questions",
        }
    }
}
