//! What the charm wants of Juju, of its container and of the server behind it.

use std::collections::BTreeSet;
use std::net::IpAddr;

use charm::{ConfigValue, Observation, Plan, Port, Publication, Relation, Secret, Status};
use interfaces::postgresql_client::{Connection, Endpoints, Request, Tls};
use peer_postgresql_k8s::{Clients, Found, ServerChange};

use crate::workload::{self, CONTAINER, NODE_PORT, PORT, nodes};

/// The endpoint of the PostgreSQL behind the pooler.
pub(crate) const BACKEND: &str = "backend-database";
/// The database that the charm itself connects to.
const OWN_DATABASE: &str = "pgbouncer";
/// What the names of the roles of applications begin with.
pub(crate) const ROLES: &str = "pgbouncer_relation_id_";
/// The option that says how applications are told to connect.
const EXPOSE_EXTERNAL: &str = "expose-external";

/// What the charm wants.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Decision {
    /// Of the container and of Juju.
    pub(crate) plan: Plan,
    /// Of the server, before Juju hears of it.
    pub(crate) server: Vec<ServerChange>,
}

/// What the charm wants, given what it sees, the address of its pod and what the server says, if it does; `fresh` makes a
/// new password.
pub(crate) fn decide(
    seen: &Observation,
    address: Option<IpAddr>,
    server: Option<&Found>,
    fresh: &mut dyn FnMut() -> Secret,
) -> Decision {
    if !seen.leader {
        let why = "[leadership-gate] Only the leader runs a pooler; please scale to one unit";
        let plan = Plan::only(Status::Waiting(why.to_owned()));
        return Decision { plan, server: Vec::new() };
    }
    let mut plan = Plan::only(Status::active());
    plan.ports = Some([Port::tcp(PORT)].into());
    for relation in seen.relations(BACKEND) {
        plan.databags.insert(relation.id, Publication::Including(request(relation)));
    }
    let (connection, address) = match (backend(seen), address) {
        (Ok(connection), Some(address)) => (connection, address),
        (backend, _) => {
            let waiting = || Status::Waiting("Waiting for the address of the pod".to_owned());
            plan.status = backend.err().unwrap_or_else(waiting);
            return Decision { plan, server: Vec::new() };
        }
    };
    let workload = workload::pooler(address, connection.endpoints.first());
    plan.workloads.insert(CONTAINER.to_owned(), workload);
    let silent = Status::Waiting(format!("[{BACKEND}] The server does not answer"));
    let pooler = workload::status(seen.containers.get(CONTAINER));
    plan.status = Status::worst([pooler].into_iter().chain(server.is_none().then_some(silent)));
    let changes = match clients(seen, address) {
        Ok(clients) => clients.serve(&mut plan, server, &BTreeSet::new(), fresh),
        Err(trouble) => {
            plan.status = trouble;
            Vec::new()
        }
    };
    Decision { plan, server: changes }
}

/// How to connect to the server behind the pooler, or why that is not known.
pub(crate) fn backend(seen: &Observation) -> Result<Connection, Status> {
    let [relation] = seen.relations(BACKEND) else {
        let text = format!("[{BACKEND}] Please add the missing relation: {BACKEND}");
        return Err(Status::Blocked(text));
    };
    match Connection::read(&relation.remote, &seen.secrets, None) {
        Ok(Some(connection)) => Ok(connection),
        Ok(None) => Err(Status::Waiting(format!("[{BACKEND}] Waiting for the database"))),
        Err(error) => Err(Status::Blocked(format!("[{BACKEND}] {error}"))),
    }
}

/// What is asked of the server: a superuser, who makes the roles of applications.
fn request(relation: &Relation) -> charm::Databag {
    let mut request = Request::new(OWN_DATABASE).databag_after(&relation.local);
    request.insert("extra-user-roles", "SUPERUSER");
    request
}

/// The related applications, who find the pooler where the operator says.
pub(crate) fn clients(seen: &Observation, address: IpAddr) -> Result<Clients<'_>, Status> {
    let Observation { application, model, .. } = seen;
    let exposed = match seen.config.get(EXPOSE_EXTERNAL) {
        Some(ConfigValue::Text(exposed)) => exposed.as_str(),
        _ => "false",
    };
    let list = match exposed {
        "false" => format!("{application}.{model}.svc.cluster.local:{PORT}"),
        "nodeport" => nodes(address).map(|node| format!("{node}:{NODE_PORT}")).join(","),
        "loadbalancer" => format!("{address}:{PORT}"),
        _ => {
            let text = format!("[{EXPOSE_EXTERNAL}] is not false, nodeport or loadbalancer");
            return Err(Status::Blocked(text));
        }
    };
    let endpoints = Endpoints::read("endpoints", &list)
        .map_err(|error| Status::Blocked(format!("[{EXPOSE_EXTERNAL}] {error}")))?;
    Ok(Clients { seen, roles: ROLES, endpoints, tls: Tls::Off })
}

#[cfg(test)]
mod tests;
