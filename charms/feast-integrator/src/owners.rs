//! Tables that belong to another role: only an action finds them, and the status tells of them until they are mended.
//!
//! No hook asks a database. What an action has found stays in the status, where Juju keeps it and the operator reads it,
//! for as long as the user is the one that it was found for.

use actions::Examined;
use charm::{Observation, Status};
use postgresql::Facts;

use crate::inputs::{self, DATABASES, connection};
use crate::{options, stores};

/// What there may be to say of a store and its user, the worse first.
fn notes(endpoint: &str, user: &str) -> [Status; 2] {
    let note = |may_not: &str| {
        format!(
            "[{endpoint}] Tables of another role that {user} may not {may_not}: run repair-ownership"
        )
    };
    [Status::Blocked(note("use")), Status::Active(note("change"))]
}

/// `status`, with what an action has found before.
pub(crate) fn remember(status: Status, seen: &Observation) -> Status {
    let told = seen.status.as_ref().map_or("", Status::message);
    let found = DATABASES.iter().filter_map(|(endpoint, _)| {
        let user = connection(seen, endpoint).ok()?.username;
        notes(endpoint, &user).into_iter().find(|note| told.contains(note.message()))
    });
    together(status, joined(found))
}

/// What the status becomes once an action has `examined` the stores. `None` where it stays, or where it tells of
/// something else that comes first.
pub(crate) fn found(seen: &Observation, examined: &[Examined]) -> Option<Status> {
    let told = seen.status.as_ref()?;
    let choices = options::choices(seen).ok()?;
    let in_order = stores::in_order(&inputs::databases(seen, &choices).ok()?);
    if *told != remember(in_order.clone(), seen) {
        return None;
    }
    let now = examined.iter().filter_map(|store| {
        let (login, findings) = store.found.as_ref().ok()?;
        let [useless, fixed] = notes(store.name, &login.user);
        match &findings.facts {
            Some(facts) => match extent(facts) {
                Extent::Ours => None,
                Extent::Usable => Some(fixed),
                Extent::Useless => Some(useless),
            },
            // A database that did not answer now has not changed what was found before.
            None => {
                [useless, fixed].into_iter().find(|note| told.message().contains(note.message()))
            }
        }
    });
    let now = together(in_order, joined(now));
    (now != *told).then_some(now)
}

fn together(status: Status, found: Option<Status>) -> Status {
    let Some(found) = found else { return status };
    match (status.with_note(found.message()), found) {
        (Status::Active(message), Status::Blocked(_)) => Status::Blocked(message),
        (status, _) => status,
    }
}

enum Extent {
    Ours,
    Usable,
    Useless,
}

fn extent(facts: &Facts) -> Extent {
    let theirs = || facts.foreign().filter(|table| !table.held);
    if theirs().any(|table| !table.usable) {
        Extent::Useless
    } else if theirs().next().is_some() {
        Extent::Usable
    } else {
        Extent::Ours
    }
}

/// All messages under the worst word.
fn joined(notes: impl Iterator<Item = Status>) -> Option<Status> {
    let notes: Vec<Status> = notes.collect();
    let messages: Vec<&str> = notes.iter().map(Status::message).collect();
    let message = messages.join("; ");
    match notes.iter().any(|note| matches!(note, Status::Blocked(_))) {
        _ if notes.is_empty() => None,
        true => Some(Status::Blocked(message)),
        false => Some(Status::Active(message)),
    }
}

#[cfg(test)]
mod tests;
