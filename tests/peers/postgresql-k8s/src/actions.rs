//! What the charm's actions do and answer.

use std::collections::{BTreeMap, BTreeSet};

use charm::{Answer, Observation, Plan, RelationId};
use peer_postgresql_k8s::{Clients, Found};

use crate::certificates::{self, TLS_SECRET};

const ROTATE: &str = "rotate";
const ROTATE_CA: &str = "rotate-ca";
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

/// Whether the server is to be known by a new authority.
pub(crate) fn renews_the_authority(seen: &Observation) -> bool {
    seen.dispatch.action_name() == Some(ROTATE_CA)
}

/// What the person who ran an action is told, given what will be done for it.
pub(crate) fn answer(
    clients: &Clients<'_>,
    server: Option<&Found>,
    rotated: &BTreeSet<RelationId>,
    plan: &Plan,
) -> Option<Answer> {
    let seen = clients.seen;
    let action = seen.dispatch.action_name()?;
    let Some(found) = server else { return refusal(seen, "the server does not answer") };
    let results = match action {
        ROTATE if rotated.is_empty() => {
            return refusal(seen, "there is no such relation with a role");
        }
        ROTATE => BTreeMap::from([("rotated".to_owned(), rotated.len().to_string())]),
        ROTATE_CA => {
            let secret = plan.secrets.get(TLS_SECRET).and_then(Option::as_ref);
            match secret.and_then(|secret| certificates::authority(&secret.content)) {
                Some(authority) => BTreeMap::from([("tls-ca".to_owned(), authority.to_owned())]),
                None => return refusal(seen, "the server does not speak TLS: set tls=true"),
            }
        }
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
