//! What the charm wants of Juju, of its container and of the server.

use std::collections::BTreeSet;

use charm::{Observation, Plan, Port, RelationId, Secret, Status};
use interfaces::postgresql_client::Endpoints;
use peer_postgresql_k8s::{Clients, Found, ServerChange};

use crate::actions;
use crate::workload::{self, CONTAINER, PORT, SUPERUSER_SECRET, superuser_password};

/// What the names of the roles of applications begin with.
pub(crate) const ROLES: &str = "relation_id_";

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
    if let Some(password) = superuser_password(seen) {
        plan.workloads.insert(CONTAINER.to_owned(), workload::server(password));
    } else {
        // No server before Juju keeps it: a hook that fails would leave one whose password nobody knows.
        let secret = workload::superuser_secret(fresh());
        plan.secrets.insert(SUPERUSER_SECRET.to_owned(), Some(secret));
    }
    let clients = clients(seen);
    let rotated: BTreeSet<RelationId> = actions::rotated(&clients);
    let changes = clients.serve(&mut plan, server, &rotated, fresh);
    plan.answer = actions::answer(&clients, server, &rotated);
    Decision { plan, server: changes }
}

/// The related applications, who find the server by the Service of its primary.
pub(crate) fn clients(seen: &Observation) -> Clients<'_> {
    let Observation { application, model, .. } = seen;
    let host = format!("{application}-primary.{model}.svc.cluster.local");
    Clients { seen, roles: ROLES, endpoints: Endpoints::only(host, PORT) }
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
