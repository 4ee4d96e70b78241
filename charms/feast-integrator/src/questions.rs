//! What the actions ask about, of what was seen.

use actions::{STORES, Store, logins};
use charm::{Change, Observation, Secret, Sight, Status};
use postgresql::Login;

use crate::decide::decide;
use crate::destination::{Destination, destination};
use crate::inputs::{self, Databases, ENDPOINTS};
use crate::options::{self, Choices};
use crate::{entity_keys, names, namespaces, notebooks, stores};

/// The three stores, as those who are given the file will use them, whether or not all of them are there.
pub(crate) fn stores(seen: &Observation) -> Result<[Store; 3], String> {
    let choices = options::choices(seen).map_err(|troubles| sentence(&troubles))?;
    let mut index = 0..;
    Ok(STORES.map(|name| {
        let index = index.next().unwrap_or_default();
        Store { name, login: login(seen, name, index, &choices) }
    }))
}

/// The file for notebooks, and the certificates that lie beside it.
pub(crate) fn configuration(seen: &Observation) -> Result<(Secret, Option<String>), String> {
    let choices = options::choices(seen).map_err(|troubles| sentence(&troubles))?;
    let databases =
        inputs::databases(seen, &choices).map_err(|unready| sentence(&unready.troubles))?;
    let file = file(seen, &databases, &choices)?;
    Ok((file, stores::certificates(&databases, &choices)))
}

/// What only the leader can know of the file, for one that does not lead.
pub(crate) fn unknown_keys(seen: &Observation) -> Option<&'static str> {
    let chosen = options::choices(seen).is_ok_and(|choices| choices.entity_keys.is_some());
    (!seen.leader && !chosen).then_some(
        "Only the leader knows which entity_key_serialization_version was delivered before: ask it where that matters.",
    )
}

/// What a hook would change now. Where it makes a secret, what it does once it knows its URI is a part of it.
pub(crate) fn changes(seen: &Observation) -> (Vec<Change>, Option<&'static str>) {
    let note = (!seen.leader).then_some(
        "This unit does not lead, so that it changes nothing but its status: ask the leader.",
    );
    let first = decide(seen).changes(seen);
    let is_new = |change: &Change| matches!(change, Change::SecretAdd { .. });
    let (new, others): (Vec<Change>, Vec<Change>) = first.into_iter().partition(is_new);
    if new.is_empty() {
        return (others, note);
    }
    let then = seen.after(&new);
    let others = decide(&then).changes(&then);
    (new.into_iter().chain(others).collect(), note)
}

/// How the file comes to notebooks, as far as this unit knows.
pub(crate) fn delivery(seen: &Observation) -> String {
    let choices = match options::choices(seen) {
        Ok(choices) => choices,
        Err(troubles) => return sentence(&troubles),
    };
    match (destination(seen, &choices), &seen.cluster) {
        (Destination::Dispatcher, _) => "by the resource dispatcher".to_owned(),
        (_, Sight::Unlooked) if !seen.leader => "only the leader knows".to_owned(),
        (Destination::Nowhere(status), _) => sentence(&[status]),
        (Destination::Namespaces, Sight::Seen(cluster)) => {
            let names = names::in_cluster(seen, &choices, cluster);
            let placed = namespaces::of_secret(cluster, &names.secret);
            match placed.as_slice() {
                [] => "directly, into no namespace yet".to_owned(),
                placed => format!("directly, as {} in {}", names.secret, charm::namespaces(placed)),
            }
        }
        (Destination::Namespaces, _) => "directly, once the databases are there".to_owned(),
    }
}

fn login(
    seen: &Observation,
    endpoint: &str,
    index: usize,
    choices: &Choices,
) -> Result<Login, String> {
    let database = inputs::connection(seen, endpoint)
        .map_err(|status| sentence(std::slice::from_ref(&status)))?;
    if let Some(status) = stores::tls_trouble(endpoint, &database, choices) {
        return Err(sentence(&[status]));
    }
    // In the place of all three, so that the file can be written.
    let databases = Databases {
        offline_store: database.clone(),
        online_store: database.clone(),
        registry: database,
    };
    let file = file(seen, &databases, choices)?;
    let certificates = stores::certificates(&databases, choices);
    let logins = logins(&file, certificates.as_deref()).expect("the file is ours");
    let [offline_store, online_store, registry] = logins;
    Ok(match index {
        0 => offline_store,
        1 => online_store,
        _ => registry,
    })
}

fn file(seen: &Observation, databases: &Databases, choices: &Choices) -> Result<Secret, String> {
    let keys = entity_keys::chosen(seen, choices);
    let path = notebooks::certificates_path(choices);
    stores::feature_store(databases, choices, keys, &path)
        .map_err(|error| format!("Cannot write {}: {error}", notebooks::FILE))
}

/// The messages of statuses, without the endpoints that they begin with.
fn sentence(statuses: &[Status]) -> String {
    let own = |status: &Status| {
        let message = status.message();
        let named = ENDPOINTS.iter().find_map(|endpoint| {
            message.strip_prefix(&format!("[{}] ", endpoint.name)).map(str::to_owned)
        });
        named.unwrap_or_else(|| message.to_owned())
    };
    statuses.iter().map(own).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests;
