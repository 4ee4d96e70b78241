//! What Juju tells a hook by its environment.

use std::env;
use std::path::{Path, PathBuf};

use charm::{Dispatch, Kind, RelationEvent, RelationId};

use crate::agent::Agent;
use crate::hook_commands::HookCommands;
use crate::{ApplyError, CommandError};

/// A hook or action that Juju runs, and the way to its hook commands.
///
/// Juju builds the environment from scratch for every hook; many of the variables are always set, though empty.
#[derive(Debug)]
pub struct Juju {
    dispatch: Dispatch,
    unit: String,
    application: String,
    model: String,
    charm_dir: PathBuf,
    commands: HookCommands,
}

/// Why Juju could not be spoken to.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// See [`NotAHook`].
    #[error(transparent)]
    NotAHook(#[from] NotAHook),
    /// A hook command did not work.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// A change could not be handed to Juju.
    #[error(transparent)]
    Apply(#[from] ApplyError),
}

/// The program was not started by Juju.
#[derive(Debug, thiserror::Error)]
#[error(
    "reading the environment of a hook: {variable} is {state}; this program is a charm, which Juju starts"
)]
pub struct NotAHook {
    variable: &'static str,
    state: &'static str,
}

impl Juju {
    /// Reads the `JUJU_*` variables, and starts no process.
    ///
    /// # Errors
    ///
    /// [`Error::NotAHook`] when they do not describe a hook or an action.
    pub fn from_env() -> Result<Self, Error> {
        Ok(Self::read(|variable| env::var(variable).ok(), env::current_dir().ok().as_deref())?)
    }

    /// What Juju started the charm for.
    pub fn dispatch(&self) -> &Dispatch {
        &self.dispatch
    }

    /// The name of this unit, `feast-ui/0`.
    pub fn unit(&self) -> &str {
        &self.unit
    }

    /// The name of this application, `feast-ui`.
    pub fn application(&self) -> &str {
        &self.application
    }

    /// The name of the model; on Kubernetes also that of its namespace.
    pub fn model(&self) -> &str {
        &self.model
    }

    /// The directory that the charm was unpacked into.
    pub fn charm_dir(&self) -> &Path {
        &self.charm_dir
    }

    pub(crate) fn commands(&self) -> &HookCommands {
        &self.commands
    }

    fn read(
        variable: impl Fn(&str) -> Option<String>,
        dir: Option<&Path>,
    ) -> Result<Self, NotAHook> {
        let filled = |name: &str| variable(name).filter(|value| !value.is_empty());
        let needed = |name: &'static str| {
            filled(name).ok_or(NotAHook { variable: name, state: "absent or empty" })
        };
        let path = needed("JUJU_DISPATCH_PATH")?;
        let (kind, name) = match path.split_once('/') {
            Some(("hooks", name)) if !name.is_empty() => (Kind::Hook, name),
            Some(("actions", name)) if !name.is_empty() => (Kind::Action, name),
            _ => {
                return Err(NotAHook {
                    variable: "JUJU_DISPATCH_PATH",
                    state: "neither hooks/<name> nor actions/<name>",
                });
            }
        };
        let relation =
            filled("JUJU_RELATION").zip(filled("JUJU_RELATION_ID")).and_then(|(endpoint, id)| {
                Some(RelationEvent {
                    id: relation_id(&id)?,
                    breaking: name.strip_suffix("-relation-broken") == Some(&endpoint),
                    endpoint,
                    application: filled("JUJU_REMOTE_APP"),
                    unit: filled("JUJU_REMOTE_UNIT"),
                })
            });
        let unit = needed("JUJU_UNIT_NAME")?;
        let agent = dir.and_then(Path::to_str).and_then(|dir| Agent::of(&variable, dir));
        let application = unit.split('/').next().unwrap_or(&unit).to_owned();
        Ok(Self {
            dispatch: Dispatch {
                kind,
                name: name.to_owned(),
                relation,
                workload: filled("JUJU_WORKLOAD_NAME"),
                secret: filled("JUJU_SECRET_ID"),
                secret_revision: filled("JUJU_SECRET_REVISION")
                    .and_then(|revision| revision.parse().ok()),
            },
            unit,
            application,
            model: needed("JUJU_MODEL_NAME")?,
            charm_dir: needed("JUJU_CHARM_DIR")?.into(),
            commands: HookCommands::through(agent),
        })
    }
}

/// The number in `<endpoint>:<number>`.
pub(crate) fn relation_id(text: &str) -> Option<RelationId> {
    let number = text.rsplit(':').next().unwrap_or(text);
    number.parse().ok().map(RelationId)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Juju, NotAHook> {
        let common = [
            ("JUJU_UNIT_NAME", "app/0"),
            ("JUJU_MODEL_NAME", "dev"),
            ("JUJU_CHARM_DIR", "/var/lib/juju/agents/unit-app-0/charm"),
            ("JUJU_REMOTE_UNIT", ""),
        ];
        let all: Vec<_> = variables.iter().chain(&common).collect();
        Juju::read(
            |name| all.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()),
            None,
        )
    }

    #[test]
    fn a_relation_hook_names_its_relation() {
        let juju = read(&[
            ("JUJU_DISPATCH_PATH", "hooks/db-relation-changed"),
            ("JUJU_RELATION", "db"),
            ("JUJU_RELATION_ID", "db:3"),
            ("JUJU_REMOTE_APP", "pg"),
            ("JUJU_REMOTE_UNIT", "pg/1"),
        ])
        .unwrap();
        let relation = juju.dispatch().relation.clone().unwrap();
        assert_eq!((relation.id, relation.endpoint.as_str()), (RelationId(3), "db"));
        assert_eq!(relation.application.as_deref(), Some("pg"));
        assert_eq!(relation.unit.as_deref(), Some("pg/1"));
        assert!(!relation.breaking);
        assert_eq!((juju.unit(), juju.application(), juju.model()), ("app/0", "app", "dev"));
    }

    #[test]
    fn a_relation_may_break_without_its_application_being_named() {
        let juju = read(&[
            ("JUJU_DISPATCH_PATH", "hooks/db-relation-broken"),
            ("JUJU_RELATION", "db"),
            ("JUJU_RELATION_ID", "db:3"),
            ("JUJU_REMOTE_APP", ""),
        ])
        .unwrap();
        assert_eq!(juju.dispatch().breaking(), Some(RelationId(3)));
        assert_eq!(juju.dispatch().relation.clone().unwrap().application, None);
    }

    #[test]
    fn an_action_has_its_own_name() {
        let juju = read(&[("JUJU_DISPATCH_PATH", "actions/backup"), ("JUJU_HOOK_NAME", "")]);
        assert_eq!(juju.unwrap().dispatch().action_name(), Some("backup"));
    }

    #[test]
    fn secret_and_pebble_hooks_name_their_subject() {
        let juju = read(&[
            ("JUJU_DISPATCH_PATH", "hooks/secret-remove"),
            ("JUJU_SECRET_ID", "secret:9m4e2mr0ui3e8a215n4g"),
            ("JUJU_SECRET_REVISION", "2"),
        ])
        .unwrap();
        assert_eq!(juju.dispatch().secret.as_deref(), Some("secret:9m4e2mr0ui3e8a215n4g"));
        assert_eq!(juju.dispatch().secret_revision, Some(2));
        let juju = read(&[
            ("JUJU_DISPATCH_PATH", "hooks/web-pebble-ready"),
            ("JUJU_WORKLOAD_NAME", "web"),
        ])
        .unwrap();
        assert_eq!(juju.dispatch().workload.as_deref(), Some("web"));
    }

    #[test]
    fn outside_a_hook_the_variable_that_is_missing_is_named() {
        for path in
            [&[][..], &[("JUJU_DISPATCH_PATH", "elsewhere/x")], &[("JUJU_DISPATCH_PATH", "")]]
        {
            let error = read(path).unwrap_err().to_string();
            assert!(error.contains("JUJU_DISPATCH_PATH"), "{error}");
        }
    }
}
