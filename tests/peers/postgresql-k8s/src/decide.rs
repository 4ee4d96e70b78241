//! What the charm wants of Juju, of its container and of the server.

use std::collections::BTreeSet;

use charm::{Observation, Plan, Port, RelationId, Secret, Status};

use crate::actions;
use crate::relation::{self, DATABASE, Login, answer, request, secrets};
use crate::workload::{self, CONTAINER, PORT, SUPERUSER_SECRET, superuser_password};

/// What the server says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    /// Such as `15.8`.
    pub(crate) version: String,
    /// The relations that have a role.
    pub(crate) roles: BTreeSet<RelationId>,
    /// The relations whose role can log in to its database with the password that Juju keeps.
    pub(crate) admitted: BTreeSet<RelationId>,
}

/// One thing to do to the server.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum ServerChange {
    /// Make the database where it does not exist, and see that the role can log in.
    Admit(Login),
    /// Drop the role of a relation. What it made stays.
    Drop(RelationId),
}

/// What the charm wants.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Decision {
    /// Of the container and of Juju.
    pub(crate) plan: Plan,
    /// Of the server, before Juju hears of it.
    pub(crate) server: Vec<ServerChange>,
}

/// What the charm wants, given what it sees and what the server says, if it does; `fresh` makes a new password.
pub(crate) fn decide(
    seen: &Observation,
    server: Option<&Found>,
    fresh: &mut dyn FnMut() -> Secret,
) -> Decision {
    if !seen.leader {
        let why = "[leadership-gate] Only the leader runs a server; please scale to one unit";
        let mut plan = Plan::only(Status::Waiting(why.to_owned()));
        plan.answer = actions::refusal(seen, "only the leader can do this");
        return Decision { plan, server: Vec::new() };
    }
    let mut plan = Plan::only(status(seen, server));
    plan.ports = Some([Port::tcp(PORT)].into());
    let mut changes = Vec::new();
    if let Some(password) = superuser_password(seen) {
        plan.workloads.insert(CONTAINER.to_owned(), workload::server(password));
    } else {
        // No server before Juju keeps it: a hook that fails would leave one whose password nobody knows.
        let secret = workload::superuser_secret(fresh());
        plan.secrets.insert(SUPERUSER_SECRET.to_owned(), Some(secret));
    }
    let rotated = actions::rotated(seen);
    for relation in seen.relations(DATABASE) {
        let id = relation.id;
        let request = match request(relation) {
            Ok(request) => request,
            Err(trouble) => {
                let text = format!("[{DATABASE}] {}: {trouble}", relation.application);
                plan.status = Status::worst([plan.status, Status::Blocked(text)]);
                continue;
            }
        };
        let rotate = server.is_some() && rotated.contains(&id);
        let kept = relation::password(id, seen).filter(|_| !rotate);
        let password = kept.cloned().unwrap_or_else(&mut *fresh);
        plan.secrets.extend(secrets(id, request.as_ref(), &password, seen));
        let (Some(request), Some(found)) = (request, server) else { continue };
        if let Some(answer) = answer(relation, &request, &found.version, seen) {
            if rotate || !found.admitted.contains(&id) {
                let login = Login { id, password, database: request.database };
                changes.push(ServerChange::Admit(login));
            }
            plan.databags.insert(id, answer);
        }
    }
    let live: BTreeSet<RelationId> = seen.relations(DATABASE).iter().map(|one| one.id).collect();
    let roles = server.map(|found| found.roles.clone()).unwrap_or_default();
    changes.extend(roles.difference(&live).copied().map(ServerChange::Drop));
    let stale = seen.owned_secrets.keys().filter(|label| {
        let id = label.strip_prefix(DATABASE).and_then(|label| label.split('.').nth(1));
        id.and_then(|id| id.parse().ok()).is_some_and(|id| !live.contains(&RelationId(id)))
    });
    plan.secrets.extend(stale.map(|label| (label.clone(), None)));
    plan.answer = actions::answer(seen, server, &rotated);
    Decision { plan, server: changes }
}

fn status(seen: &Observation, server: Option<&Found>) -> Status {
    let waiting = |why: &str| Status::Waiting(format!("[{CONTAINER}] {why}"));
    if server.is_some() {
        Status::active()
    } else if !seen.containers.contains_key(CONTAINER) {
        waiting("Waiting for Pebble")
    } else if superuser_password(seen).is_none() {
        Status::Maintenance(format!("[{CONTAINER}] Making the superuser's password"))
    } else if workload::runs(seen) {
        waiting("The server does not answer")
    } else {
        waiting("The server does not run")
    }
}

#[cfg(test)]
mod tests;
