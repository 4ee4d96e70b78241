//! What was delivered before a database went, where the operator wants it kept.

use charm::{Databag, Observation, Plan, Publication, Relation, Status};
use jiff::Timestamp;

use crate::destination::loses_database;
use crate::inputs::SECRETS;

/// Since when it is kept, in the databag of the Secret.
const SINCE: &str = "kept-since";
/// What the operator is told.
const NOTE: &str = "the last configuration is kept";

/// Keeps what was delivered. What the operator is told besides, if anything was.
pub(crate) fn keep(plan: &mut Plan, seen: &Observation) -> Option<String> {
    let delivered = |relation: &&Relation| {
        let manifests = relation.local.get("kubernetes_manifests");
        manifests.is_some_and(|manifests| manifests != "[]")
    };
    let Some(relation) = seen.relations(SECRETS).iter().find(delivered) else {
        return keep_placed(seen);
    };
    let since = match relation.local.get(SINCE) {
        Some(since) => since.to_owned(),
        None => utc(seen.now),
    };
    let kept = Databag::from([(SINCE, since.as_str())]);
    plan.databags.insert(relation.id, Publication::Including(kept));
    Some(note(Some(&since)))
}

/// Keeps what is in namespaces. Only the status remembers since when: a leader that was none then does not know.
fn keep_placed(seen: &Observation) -> Option<String> {
    let told = told(seen);
    let placed = match seen.cluster.cluster() {
        Some(cluster) => !cluster.objects.is_empty(),
        // Most hooks do not look.
        None => told.is_some(),
    };
    let now = || note(loses_database(seen).then(|| utc(seen.now)).as_deref());
    placed.then(|| told.unwrap_or_else(now))
}

/// `status`, with the note of a configuration that is still kept.
pub(crate) fn remember(status: Status, seen: &Observation) -> Status {
    match told(seen) {
        Some(note) => status.with_note(&note),
        None => status,
    }
}

/// The note in the status.
fn told(seen: &Observation) -> Option<String> {
    let (_, rest) = seen.status.as_ref()?.message().split_once(NOTE)?;
    let since = rest.strip_prefix(" since ").and_then(|rest| rest.split_once(')'));
    let since = since.and_then(|(since, _)| since.parse::<Timestamp>().ok());
    Some(note(since.map(|since| since.to_string()).as_deref()))
}

fn note(since: Option<&str>) -> String {
    since.map_or_else(|| NOTE.to_owned(), |since| format!("{NOTE} since {since}"))
}

/// As in `2026-11-26T08:15:00Z`.
fn utc(seconds: u64) -> String {
    let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
    Timestamp::from_second(seconds).unwrap_or_default().to_string()
}
