//! What the charm wants.

use charm::{Databag, Observation, Plan, Publication, Status};
use interfaces::feast_configuration::Stores;
use interfaces::postgresql_client::Request;

use crate::deliver::{deliver, remove_void_secrets, withdraw};
use crate::destination::untold;
use crate::inputs::{self, DATABASES, FEAST_CONFIGURATION};
use crate::{entity_keys, kept, options, owners, stores};

/// What the charm wants, given what it sees.
pub fn decide(seen: &Observation) -> Plan {
    if !seen.leader {
        return Plan::only(Status::Waiting("[leadership-gate] Waiting for leadership".to_owned()));
    }
    let mut plan = Plan::only(Status::active());
    let choices = options::choices(seen);
    let keys = choices
        .as_ref()
        .map_or_else(|_| entity_keys::before(seen), |choices| entity_keys::chosen(seen, choices));
    for (endpoint, database) in DATABASES {
        for relation in seen.relations(endpoint) {
            let request = Request::new(database).databag_after(&relation.local);
            let kept = relation.local.iter().chain(request.iter());
            let mut bag: Databag = kept.collect();
            entity_keys::note(&mut bag, keys);
            plan.databags.insert(relation.id, Publication::Exactly(bag));
        }
    }
    for relation in seen.relations(FEAST_CONFIGURATION) {
        let kept = Stores::whole(&relation.local);
        plan.databags.insert(relation.id, Publication::Exactly(kept));
    }
    let choices = match choices {
        Ok(choices) => choices,
        // What was delivered before the mistake stays.
        Err(troubles) => {
            plan.status = remember(Status::worst(troubles), seen);
            return plan;
        }
    };
    if let Some(trouble) = untold(seen, &choices) {
        plan.status = remember(trouble, seen);
        return plan;
    }
    let status = match inputs::databases(seen, &choices) {
        Ok(databases) => {
            let status = deliver(&mut plan, seen, &databases, &choices);
            remove_void_secrets(&mut plan, seen);
            match stores::in_order(&databases) {
                order if order.message().is_empty() => status,
                order => Status::worst([order, status]),
            }
        }
        Err(unready) => {
            let mut troubles = unready.troubles;
            if !choices.keep_last_configuration {
                if unready.missing {
                    troubles.extend(withdraw(&mut plan, seen, &choices));
                    remove_void_secrets(&mut plan, seen);
                }
                Status::worst(troubles)
            } else if unready.missing {
                let status = Status::worst(troubles);
                match kept::keep(&mut plan, seen) {
                    Some(kept) => status.with_note(&kept),
                    None => status,
                }
            } else {
                kept::remember(Status::worst(troubles), seen)
            }
        }
    };
    plan.status = owners::remember(status, seen);
    plan
}

/// `status`, where what was delivered before stays as it is, with what there is to say of that.
fn remember(status: Status, seen: &Observation) -> Status {
    owners::remember(kept::remember(status, seen), seen)
}

#[cfg(test)]
mod chosen;
#[cfg(test)]
mod direct;
#[cfg(test)]
pub(crate) mod tests;
