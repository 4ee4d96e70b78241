//! What the charm wants.

use std::collections::BTreeSet;

use charm::{Observation, Plan, Port, Publication, Status};
use interfaces::kubeflow_dashboard_links::{Link, Links, Location};

use crate::inputs::{self, DASHBOARD_LINKS, FEAST_CONFIGURATION, Unready};
use crate::workload::{CONTAINER, PORT, PREFIX};
use crate::{feature_store, mesh, routes, workload};

/// What the charm wants, given what it sees. Every unit serves; only the leader speaks for the application.
pub fn decide(seen: &Observation) -> Plan {
    let mut plan = Plan::only(Status::active());
    plan.ports = Some(BTreeSet::from([Port::tcp(PORT)]));
    let mut troubles = routes::ask(&mut plan, seen);

    let rendered = inputs::stores(seen).and_then(|stores| {
        feature_store::render(&stores).map_err(|error| Unready {
            trouble: Status::Blocked(format!(
                "[{FEAST_CONFIGURATION}] Invalid relation data: {error}"
            )),
            gone: false,
        })
    });
    match rendered {
        Ok(file) => {
            plan.workloads.insert(CONTAINER.to_owned(), workload::running(file));
            troubles.extend(workload::trouble(seen.containers.get(CONTAINER)));
        }
        Err(Unready { trouble, gone }) => {
            if gone {
                plan.workloads.insert(CONTAINER.to_owned(), workload::stopped());
            }
            troubles.push(trouble);
        }
    }

    if seen.leader {
        let link = Link::new("Feast", PREFIX, Location::External).with_icon("device:data-usage");
        let links = Links(vec![link]).databag();
        for relation in seen.relations(DASHBOARD_LINKS) {
            plan.databags.insert(relation.id, Publication::Exactly(links.clone()));
        }
    }
    troubles.extend(mesh::join(&mut plan, seen));
    plan.status = Status::worst(troubles);
    plan
}

#[cfg(test)]
mod tests;
