//! What the charm wants of Juju, of its container and of the server.

use std::collections::BTreeSet;
use std::net::IpAddr;

use charm::{Observation, Options, Plan, Port, RelationId, Secret, SecretContent, Status};
use interfaces::postgresql_client::{Endpoints, Tls};
use peer_postgresql_k8s::{Clients, Found, ServerChange};

use crate::actions;
use crate::certificates::{self, TLS_SECRET};
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

/// What nobody can foresee.
pub(crate) struct Fresh<'a> {
    /// A new password.
    pub(crate) password: &'a mut dyn FnMut() -> Secret,
    /// A new certificate for these names, of the authority in a secret or of a new one.
    pub(crate) certificate: &'a mut dyn FnMut(&[String], Option<&SecretContent>) -> SecretContent,
}

/// What the charm wants, given what it sees, the address of its pod and what the server says, if it does.
pub(crate) fn decide(
    seen: &Observation,
    address: Option<IpAddr>,
    server: Option<&Found>,
    fresh: &mut Fresh<'_>,
) -> Decision {
    if !seen.leader {
        let why = "[leadership-gate] Only the leader runs a server; please scale to one unit";
        let mut plan = Plan::only(Status::Waiting(why.to_owned()));
        plan.answer = actions::refusal(seen, "only the leader can do this");
        return Decision { plan, server: Vec::new() };
    }
    let mut plan = Plan::only(status(seen, server));
    let mut options = Options::of(seen);
    let _of_tls = options.boolean("tls");
    plan.status = Status::worst([plan.status].into_iter().chain(options.troubles()));
    plan.ports = Some([Port::tcp(PORT)].into());
    let certificates = certificates::kept(seen);
    let wants_certificates = certificates::wanted(seen);
    if let Some(password) = superuser_password(seen) {
        if certificates.is_some() || !wants_certificates {
            let server = workload::server(password, certificates);
            plan.workloads.insert(CONTAINER.to_owned(), server);
        }
    } else {
        // No server before Juju keeps it: a hook that fails would leave one whose password nobody knows.
        let secret = workload::superuser_secret((fresh.password)());
        plan.secrets.insert(SUPERUSER_SECRET.to_owned(), Some(secret));
    }
    if wants_certificates {
        // What the server is to have in a later hook: it must not get what Juju may lose.
        let names = certificates::names(seen, address);
        let anew = actions::renews_the_authority(seen);
        let renewed = certificates::renewed(seen, &names, anew, fresh.certificate);
        plan.secrets.extend(renewed.map(|secret| (TLS_SECRET.to_owned(), Some(secret))));
    }
    let clients = clients(seen);
    let rotated: BTreeSet<RelationId> = actions::rotated(&clients);
    let changes = clients.serve(&mut plan, server, &rotated, fresh.password);
    plan.answer = actions::answer(&clients, server, &rotated, &plan);
    Decision { plan, server: changes }
}

/// The related applications, who find the server by the Service of its primary.
pub(crate) fn clients(seen: &Observation) -> Clients<'_> {
    let Observation { application, model, .. } = seen;
    let host = format!("{application}-primary.{model}.svc.cluster.local");
    Clients { seen, roles: ROLES, endpoints: Endpoints::only(host, PORT), tls: tls(seen) }
}

/// How a client knows the server.
pub(crate) fn tls(seen: &Observation) -> Tls {
    certificates::kept(seen)
        .map_or(Tls::Off, |kept| Tls::On { ca: Some(kept.authority.to_owned()) })
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
