//! What Juju started the charm for.

use crate::RelationId;

/// What Juju started the charm for, from the hook's environment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dispatch {
    /// A hook or an action.
    pub kind: Kind,
    /// The name after `hooks/` or `actions/` in `JUJU_DISPATCH_PATH`, such as `registry-relation-changed`.
    pub name: String,
    /// The relation that a relation hook is about.
    pub relation: Option<RelationEvent>,
    /// The container that a Pebble hook is about: `JUJU_WORKLOAD_NAME`.
    pub workload: Option<String>,
    /// The secret that a secret hook is about, as Juju writes it: `JUJU_SECRET_ID`.
    ///
    /// It is `secret:<id>` in `secret-changed` and `secret-rotate`, but on some versions the bare `<id>` in the others.
    pub secret: Option<String>,
    /// The revision that `secret-remove` and `secret-expired` are about.
    pub secret_revision: Option<u64>,
}

/// Whether Juju runs a hook or an action.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// A hook: something may have changed.
    #[default]
    Hook,
    /// An action: somebody asks.
    Action,
}

/// The relation that a hook is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelationEvent {
    /// Its number.
    pub id: RelationId,
    /// Our endpoint: `JUJU_RELATION`.
    pub endpoint: String,
    /// The application on the other side. Juju leaves it out in some hooks after the agent was restarted.
    pub application: Option<String>,
    /// The remote unit; none where the hook is about the application.
    pub unit: Option<String>,
    /// Whether this is the `-relation-broken` hook, in which the relation must be treated as gone.
    pub breaking: bool,
}

impl Dispatch {
    /// A hook without a relation, container or secret, such as `config-changed`.
    pub fn hook(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// An action.
    pub fn action(name: impl Into<String>) -> Self {
        Self { kind: Kind::Action, name: name.into(), ..Self::default() }
    }

    /// Whether this is the hook called `name`.
    pub fn is_hook(&self, name: &str) -> bool {
        self.kind == Kind::Hook && self.name == name
    }

    /// The name of the action, when this is one.
    pub fn action_name(&self) -> Option<&str> {
        (self.kind == Kind::Action).then_some(self.name.as_str())
    }

    /// The relation that is being broken, which Juju may still list.
    pub fn breaking(&self) -> Option<RelationId> {
        self.relation.as_ref().filter(|relation| relation.breaking).map(|relation| relation.id)
    }
}
