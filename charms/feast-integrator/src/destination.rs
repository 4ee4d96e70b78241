//! By which way users' namespaces get their objects, and what of the cluster has to be known for that.

use charm::{Observation, Sight, Status};

use crate::inputs::{self, DATABASES, POD_DEFAULTS, SECRETS};
use crate::options::{self, Choices};

/// By which way the operator wants it done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Delivery {
    /// By the dispatcher where one is related, else by ourselves where we may.
    Auto,
    /// By the resource dispatcher.
    Dispatcher,
    /// By ourselves.
    Direct,
}

/// By which way it is done.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Destination {
    /// The relations with the dispatcher.
    Dispatcher,
    /// The namespaces themselves.
    Namespaces,
    /// There is no way, for this reason.
    Nowhere(Status),
}

/// What of the cluster a hook has to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Question {
    /// What is ours in it.
    Ours,
    /// Also which namespaces there are: those with these labels, all where there are none.
    Namespaces(String),
}

/// Hooks in which an application that does not deliver by itself looks for what it may have delivered before. There are
/// few of them, so that other hooks cost no request.
const SEARCHES: [&str; 4] = ["leader-elected", "upgrade-charm", "config-changed", "update-status"];

/// By which way it is done, as far as the cluster was looked at.
pub(crate) fn destination(seen: &Observation, choices: &Choices) -> Destination {
    match (choices.delivery, &seen.cluster) {
        (Delivery::Dispatcher, _) => Destination::Dispatcher,
        (Delivery::Auto, _) if has_dispatcher(seen) => Destination::Dispatcher,
        (Delivery::Auto, Sight::Untrusted | Sight::Unlooked) => {
            let Status::Blocked(text) = inputs::missing(SECRETS) else {
                unreachable!("a person has to add a relation")
            };
            Destination::Nowhere(Status::Blocked(format!("{text}, or {}", trust(seen))))
        }
        (Delivery::Direct, Sight::Untrusted) => {
            let text = format!("[delivery] Not allowed to write into namespaces; {}", trust(seen));
            Destination::Nowhere(Status::Blocked(text))
        }
        (_, Sight::Failed(status)) => Destination::Nowhere(status.clone()),
        (Delivery::Direct | Delivery::Auto, _) => Destination::Namespaces,
    }
}

/// What keeps us from taking back what we may have delivered.
pub(crate) fn obstacle(seen: &Observation, choices: &Choices) -> Option<Status> {
    match destination(seen, choices) {
        Destination::Nowhere(status) if choices.delivery == Delivery::Direct => Some(status),
        _ => match &seen.cluster {
            Sight::Failed(status) if !has_dispatcher(seen) => Some(status.clone()),
            _ => None,
        },
    }
}

/// What this hook has to know of the cluster; nothing in most hooks of who has a dispatcher.
pub(crate) fn question(seen: &Observation) -> Option<Question> {
    if !seen.leader {
        return None;
    }
    let choices = options::choices(seen).ok()?;
    let by_dispatcher = match choices.delivery {
        Delivery::Auto => has_dispatcher(seen),
        Delivery::Dispatcher => true,
        Delivery::Direct => false,
    };
    match inputs::databases(seen, &choices) {
        Ok(_) if !by_dispatcher => Some(Question::Namespaces(choices.selector().to_owned())),
        // Nothing is delivered, and nothing taken back.
        Err(unready) if !unready.missing => None,
        Ok(_) | Err(_) => searches(seen).then_some(Question::Ours),
    }
}

/// What cannot be said to a dispatcher, which would deliver into more namespaces than it is to.
pub(crate) fn untold(seen: &Observation, choices: &Choices) -> Option<Status> {
    let default = Choices::default();
    let listed = !choices.namespaces.is_empty();
    let option = if listed {
        if choices.dispatcher_pins {
            return None;
        }
        "namespaces"
    } else if choices.namespace_selector != default.namespace_selector {
        "namespace-selector"
    } else if !choices.excluded_namespaces.is_empty() {
        "exclude-namespaces"
    } else {
        return None;
    };
    if destination(seen, choices) != Destination::Dispatcher {
        return None;
    }
    let way = if listed {
        "set dispatcher-pins-namespaces=true if it keeps to namespaces in manifests, or"
    } else {
        "list namespaces instead, or"
    };
    let text = format!("[config] {option} cannot be told to a dispatcher: {way} reset it");
    Some(Status::Blocked(text))
}

fn has_dispatcher(seen: &Observation) -> bool {
    [SECRETS, POD_DEFAULTS].iter().any(|endpoint| !seen.relations(endpoint).is_empty())
}

/// Whether this is a hook after which something that was delivered may be void.
fn searches(seen: &Observation) -> bool {
    let about = seen.dispatch.relation.as_ref().map(|relation| relation.endpoint.as_str());
    SEARCHES.iter().any(|name| seen.dispatch.is_hook(name))
        || seen.dispatch.action_name().is_some()
        || matches!(about, Some(SECRETS | POD_DEFAULTS))
        || loses_database(seen)
}

/// Whether a relation with a database ends in this hook.
pub(crate) fn loses_database(seen: &Observation) -> bool {
    let breaking = seen.dispatch.relation.as_ref().filter(|relation| relation.breaking);
    breaking.is_some_and(|relation| {
        DATABASES.iter().any(|(endpoint, _)| *endpoint == relation.endpoint)
    })
}

fn trust(seen: &Observation) -> String {
    format!("run: juju trust {} --scope=cluster", seen.application)
}
