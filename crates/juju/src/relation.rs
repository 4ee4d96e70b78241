//! Relations and their databags.

use std::collections::BTreeMap;

use charm::{Databag, Edits, Endpoint, Relation, RelationId};
use serde_json::Value;

use crate::command::Error;
use crate::environment::relation_id;
use crate::hook_commands::HookCommands;
use crate::{Juju, go_yaml};

/// What Juju says of relations and databags that went away, or were never ours to see.
const ABSENT: &[&str] = &["not found", "permission denied", "unauthorized"];

impl Juju {
    /// The live relations of `endpoint`, with the databags it asks for.
    ///
    /// The relation that is being broken is none of them, whether or not Juju still lists it.
    pub(crate) async fn relations(
        &self,
        endpoint: &Endpoint,
        leader: bool,
    ) -> Result<Vec<Relation>, Error> {
        let ids: Vec<String> = self.commands().ask("relation-ids", &["--", endpoint.name]).await?;
        let ids = ids
            .iter()
            .filter_map(|id| relation_id(id))
            .filter(|id| self.dispatch().breaking() != Some(*id));
        let mut relations = Vec::new();
        for id in ids {
            relations.extend(self.relation(endpoint, id, leader).await?);
        }
        // Juju sorts the identifiers as text.
        relations.sort_by_key(|relation| relation.id);
        Ok(relations)
    }

    async fn relation(
        &self,
        endpoint: &Endpoint,
        id: RelationId,
        leader: bool,
    ) -> Result<Option<Relation>, Error> {
        let remote = endpoint.remote
            || endpoint.units_when.is_some()
            || endpoint.echo.is_some()
            || endpoint.secrets.is_some()
            || endpoint.marked_secret.is_some();
        let mut relation = Relation { id, ..Relation::default() };
        if remote || endpoint.units {
            let Some(application) = self.remote_application(id).await? else { return Ok(None) };
            relation.application = application;
        }
        if remote {
            // A relation that was removed with its application stays listed until its own hook, and cannot be read or
            // written any more. Everybody can read the other application's databag of one that is there.
            let bag = databag(self.commands(), id, true, &relation.application).await?;
            let Some(bag) = bag else { return Ok(None) };
            relation.remote = bag;
        }
        let said = |key| relation.remote.get(key) == Some("true");
        if endpoint.units || endpoint.units_when.is_some_and(said) {
            let number = id.to_string();
            let units: Vec<String> =
                or_absent(self.commands().ask("relation-list", &["-r", &number]).await)?
                    .unwrap_or_default();
            for unit in units {
                let bag = databag(self.commands(), id, false, &unit).await?;
                relation.units.insert(unit, bag.unwrap_or_default());
            }
        }
        if endpoint.local && leader {
            let echoed = endpoint.echo.and_then(|key| echo(relation.remote.get(key)?));
            let local = match echoed {
                Some(bag) => Some(bag),
                None => databag(self.commands(), id, true, self.application()).await?,
            };
            relation.local = local.unwrap_or_default();
        }
        if endpoint.local_unit {
            let bag = databag(self.commands(), id, false, self.unit()).await?;
            relation.local_unit = bag.unwrap_or_default();
        }
        Ok(Some(relation))
    }

    /// The application on the other side; none if the relation went away meanwhile.
    pub(crate) async fn remote_application(&self, id: RelationId) -> Result<Option<String>, Error> {
        let told = self.dispatch().relation.as_ref().filter(|relation| relation.id == id);
        if let Some(application) = told.and_then(|relation| relation.application.clone()) {
            return Ok(Some(application));
        }
        let number = id.to_string();
        let answer = self.commands().ask("relation-list", &["-r", &number, "--app"]).await;
        Ok(or_absent::<Option<String>>(answer)?.flatten().filter(|name| !name.is_empty()))
    }
}

/// Sets keys of our application's or our unit's databag; they reach Juju when the hook ends well.
pub(crate) async fn set(
    commands: &HookCommands,
    id: RelationId,
    application: bool,
    edits: &Edits,
) -> Result<(), Error> {
    let id = id.to_string();
    let document = go_yaml::encode(edits.reveal());
    let mut args = vec!["-r", &id];
    args.extend(application.then_some("--app"));
    args.extend(["--file", "-"]);
    commands.run_with("relation-set", &args, &document).await
}

/// A databag; none where Juju does not show it.
async fn databag(
    commands: &HookCommands,
    id: RelationId,
    application: bool,
    owner: &str,
) -> Result<Option<Databag>, Error> {
    let id = id.to_string();
    let mut args = vec!["-r", &id];
    args.extend(application.then_some("--app"));
    args.extend(["--", "-", owner]);
    let bag = or_absent(commands.ask::<Value>("relation-get", &args).await)?;
    Ok(bag.map(|bag| strings(bag).unwrap_or_default()))
}

/// Our own databag as the other side repeats it: an object in JSON.
///
/// It is what the other side has seen, which may lag behind what we have set: then we set the same again, which
/// nobody notices.
fn echo(text: &str) -> Option<Databag> {
    strings(serde_json::from_str(text).ok()?)
}

fn strings(value: Value) -> Option<Databag> {
    let Value::Object(object) = value else { return None };
    let pairs: BTreeMap<String, String> = object
        .into_iter()
        .filter_map(|(key, value)| match value {
            Value::String(text) => Some((key, text)),
            _ => None,
        })
        .collect();
    Some(pairs.into_iter().collect())
}

fn or_absent<T>(answer: Result<T, Error>) -> Result<Option<T>, Error> {
    match answer {
        Err(error) if error.says(ABSENT) => Ok(None),
        answer => answer.map(Some),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_echo_is_an_object_of_strings() {
        assert_eq!(echo(r#"{"database":"feast"}"#), Some(Databag::from([("database", "feast")])));
        assert_eq!(echo(r#"{"database":"feast","n":1}"#), echo(r#"{"database":"feast"}"#));
        for other in ["", "{", "[]", "null", "\"x\""] {
            assert_eq!(echo(other), None, "{other}");
        }
    }

    #[test]
    fn only_what_went_away_is_absent() {
        let refused = |stderr: &str| -> Result<(), Error> {
            Err(Error::Refused { command: "x", code: Some(1), stderr: stderr.to_owned() })
        };
        assert!(or_absent(refused("permission denied (unauthorized access)")).unwrap().is_none());
        assert!(
            or_absent(refused("invalid value \"9\" for option -r: relation not found")).is_ok()
        );
        assert!(or_absent(refused("connection is shut down")).is_err());
    }
}
