//! The file that hook commands of one run share.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Charm, Invocation, State, Status};

/// Everything that a hook command needs to know of the run it belongs to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct World {
    pub(crate) context_id: String,
    pub(crate) charm: Charm,
    /// What stays even if the hook fails: the state before it, and what takes effect at once.
    pub(crate) kept: State,
    /// What the charm sees: the same with all of its changes.
    pub(crate) draft: State,
    pub(crate) context: Context,
    pub(crate) action: Option<RunningAction>,
    pub(crate) commands: Vec<Invocation>,
    /// Changes that only the controller will refuse, as it says it.
    pub(crate) refused_at_flush: Vec<String>,
    /// Whether our application's data or secrets were written.
    pub(crate) needs_leadership: bool,
    /// The status of the unit when it was first asked for: the agent asks its controller once in a hook.
    pub(crate) status_seen: Option<Status>,
}

/// What the hook is about.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Context {
    pub(crate) relation: Option<u32>,
    pub(crate) endpoint: Option<String>,
    pub(crate) remote_app: Option<String>,
    pub(crate) remote_unit: Option<String>,
    /// The unit that left, which is not listed any more.
    pub(crate) departed: Option<String>,
    /// The relation that ends, which has no units any more.
    pub(crate) breaking: Option<u32>,
    /// Whether the relation that ends is listed all the same.
    pub(crate) still_listed: bool,
    /// `storage/number`.
    pub(crate) storage: Option<String>,
}

/// The action that runs.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct RunningAction {
    pub(crate) parameters: BTreeMap<String, Value>,
    pub(crate) results: BTreeMap<String, Value>,
    pub(crate) failure: Option<String>,
}

impl World {
    /// The file that has the world, beside the agent's socket.
    pub(crate) fn beside(socket: &Path) -> PathBuf {
        socket.with_file_name("world.json")
    }

    /// Makes a change that takes effect at once.
    pub(crate) fn at_once(&mut self, change: impl Fn(&mut State)) {
        change(&mut self.kept);
        change(&mut self.draft);
    }

    pub(crate) fn leader(&self) -> bool {
        self.draft.leader
    }
}
