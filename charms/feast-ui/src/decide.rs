//! What the charm wants.

use std::collections::BTreeSet;

use charm::{Observation, Plan, Port, Publication, Status};
use interfaces::kubeflow_dashboard_links::{Link, Links, Location};

use crate::inputs::{self, DASHBOARD_LINKS, Unready};
use crate::workload::{CONTAINER, PORT};
use crate::{mesh, options, routes, workload};

/// What the charm wants, given what it sees. Every unit serves; only the leader speaks for the application.
pub fn decide(seen: &Observation) -> Plan {
    let mut plan = Plan::only(Status::active());
    plan.ports = Some(BTreeSet::from([Port::tcp(PORT)]));
    let choices = match options::choices(seen) {
        Ok(choices) => choices,
        // What was there before the mistake stays.
        Err(troubles) => {
            plan.status = Status::worst(troubles);
            return plan;
        }
    };
    let mut troubles = routes::ask(&mut plan, seen, &choices);

    match inputs::configuration(seen) {
        Ok(configuration) => {
            let running = workload::running(configuration, &choices);
            plan.workloads.insert(CONTAINER.to_owned(), running);
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
        let link = Link::new(&choices.dashboard_link_text, choices.prefix(), Location::External)
            .with_icon("device:data-usage");
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
