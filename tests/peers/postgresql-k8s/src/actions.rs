//! What the charm's actions do and answer.

use std::collections::{BTreeMap, BTreeSet};

use charm::{Answer, Observation, RelationId};

use crate::decide::Found;
use crate::relation::{DATABASE, endpoints, password, request};

const ROTATE: &str = "rotate";
const SHOW_ENDPOINT: &str = "show-endpoint";
const RELATION: &str = "relation";

/// The relations that get a new password: those with a role that the action names.
pub(crate) fn rotated(seen: &Observation) -> BTreeSet<RelationId> {
    if seen.dispatch.action_name() != Some(ROTATE) {
        return BTreeSet::new();
    }
    let named = seen.parameters.get(RELATION);
    seen.relations(DATABASE)
        .iter()
        .filter(|relation| matches!(request(relation), Ok(Some(_))))
        .map(|relation| relation.id)
        .filter(|id| password(*id, seen).is_some())
        .filter(|id| named.is_none_or(|named| named.as_u64() == Some(id.0.into())))
        .collect()
}

/// What the person who ran an action is told.
pub(crate) fn answer(
    seen: &Observation,
    server: Option<&Found>,
    rotated: &BTreeSet<RelationId>,
) -> Option<Answer> {
    let action = seen.dispatch.action_name()?;
    let Some(found) = server else { return refusal(seen, "the server does not answer") };
    let results = match action {
        ROTATE if rotated.is_empty() => {
            return refusal(seen, "there is no such relation with a role");
        }
        ROTATE => BTreeMap::from([("rotated".to_owned(), rotated.len().to_string())]),
        SHOW_ENDPOINT => BTreeMap::from([
            ("endpoint".to_owned(), endpoints(seen).to_string()),
            ("version".to_owned(), found.version.clone()),
        ]),
        _ => return refusal(seen, "this action is not known"),
    };
    Some(Answer::Results(results))
}

/// The same for an action that cannot be done.
pub(crate) fn refusal(seen: &Observation, why: &str) -> Option<Answer> {
    seen.dispatch.action_name().map(|_| Answer::Failure(why.to_owned()))
}
