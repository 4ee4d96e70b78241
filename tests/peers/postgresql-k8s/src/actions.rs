//! What the charm's actions do and answer.

use std::collections::{BTreeMap, BTreeSet};

use charm::{Answer, Observation, RelationId};
use peer_postgresql_k8s::{Clients, Found};

const ROTATE: &str = "rotate";
const SHOW_ENDPOINT: &str = "show-endpoint";
const RELATION: &str = "relation";

/// The relations that get a new password: those with a role that the action names.
pub(crate) fn rotated(clients: &Clients<'_>) -> BTreeSet<RelationId> {
    let seen = clients.seen;
    if seen.dispatch.action_name() != Some(ROTATE) {
        return BTreeSet::new();
    }
    let named = seen.parameters.get(RELATION);
    let mut rotated = clients.admitted();
    rotated.retain(|id| named.is_none_or(|named| named.as_u64() == Some(id.0.into())));
    rotated
}

/// What the person who ran an action is told.
pub(crate) fn answer(
    clients: &Clients<'_>,
    server: Option<&Found>,
    rotated: &BTreeSet<RelationId>,
) -> Option<Answer> {
    let seen = clients.seen;
    let action = seen.dispatch.action_name()?;
    let Some(found) = server else { return refusal(seen, "the server does not answer") };
    let results = match action {
        ROTATE if rotated.is_empty() => {
            return refusal(seen, "there is no such relation with a role");
        }
        ROTATE => BTreeMap::from([("rotated".to_owned(), rotated.len().to_string())]),
        SHOW_ENDPOINT => BTreeMap::from([
            ("endpoint".to_owned(), clients.endpoints.to_string()),
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
