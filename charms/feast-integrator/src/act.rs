//! Running an action: it looks as a hook does, from any unit, and changes nothing of what Juju keeps but the
//! status, where that is what was found.

use std::time::Duration;

use actions::{
    Repaired, Store, flag, plan, repair_ownership, show_config, timeout, validate, word,
};
use charm::{Answer, Change, Endpoint, Observation, Status};
use juju::{Error, Juju, Look};

use crate::decide::decide;
use crate::direct::Direct;
use crate::inputs::{DATABASES, ENDPOINTS, POD_DEFAULTS, SECRETS};
use crate::options::EXTRA_CONFIGURATION;
use crate::{owners, questions};

/// The actions, as `actions.yaml` has them.
pub const ACTIONS: [&str; 4] = ["plan", "repair-ownership", "show-config", "validate"];

/// Runs the action of this name.
///
/// # Errors
///
/// [`Error`] when Juju itself does not work; whatever else is wrong is the answer.
pub async fn act(juju: &Juju, action: &str) -> Result<(), Error> {
    // Who a plan goes to is a part of it.
    let everybody = ENDPOINTS.map(Endpoint::with_remote);
    let databases = &ENDPOINTS[..DATABASES.len()];
    let validated: Vec<Endpoint> =
        databases.iter().copied().chain([SECRETS, POD_DEFAULTS].map(Endpoint::named)).collect();
    let whole = ["plan", "show-config"].contains(&action);
    let look = Look {
        endpoints: match action {
            _ if whole => &everybody,
            "validate" => &validated,
            _ => databases,
        },
        followers: true,
        config: true,
        config_secrets: &[EXTRA_CONFIGURATION],
        owned_secrets: whole,
        status: true,
        ..Look::default()
    };
    let mut seen = juju.observe(&look).await?;
    let mut direct = Direct::default();
    if tells_delivery(action) {
        direct = Direct::observe(&mut seen).await;
    }
    if action == "plan" {
        // So that what others have is a part of it.
        direct.changes(&mut seen, decide).await;
    }
    let (answers, status) = answers(&seen, action).await;
    for answer in answers {
        juju.apply(&Change::Answer(answer)).await?;
    }
    if let Some(status) = status {
        juju.apply(&Change::StatusSet(status)).await?;
    }
    Ok(())
}

fn tells_delivery(action: &str) -> bool {
    ["plan", "show-config", "validate"].contains(&action)
}

/// The answers, and the status where what was found is to be told there.
async fn answers(seen: &Observation, action: &str) -> (Vec<Answer>, Option<Status>) {
    let failed = |reason| vec![Answer::Failure(reason)];
    let limit = timeout(seen);
    let answers = match action {
        "validate" => match questions::stores(seen) {
            Ok(stores) => {
                let examined = Store::examine(stores, limit).await;
                let answers = validate(&examined, word(seen, "format") == "json");
                return (with_delivery(seen, answers), owners::found(seen, &examined));
            }
            Err(reason) => failed(reason),
        },
        "show-config" => match questions::configuration(seen) {
            Ok((file, certificates)) => {
                let (reveal, note) = (flag(seen, "reveal"), questions::unknown_keys(seen));
                with_delivery(seen, show_config(&file, certificates.as_deref(), reveal, note))
            }
            Err(reason) => failed(reason),
        },
        "plan" => {
            let (changes, note) = questions::changes(seen);
            plan(seen, &changes, note)
        }
        "repair-ownership" => match questions::stores(seen) {
            Ok(stores) => {
                let wanted = !flag(seen, "dry-run");
                let repaired = repair(stores.clone(), word(seen, "store"), limit, wanted).await;
                let examined = Store::examine(stores, limit).await;
                return (repair_ownership(&repaired), owners::found(seen, &examined));
            }
            Err(reason) => failed(reason),
        },
        other => failed(format!("this charm has no action {other}")),
    };
    (answers, None)
}

/// Who takes the file to notebooks is told with what is in it.
fn with_delivery(seen: &Observation, mut answers: Vec<Answer>) -> Vec<Answer> {
    for answer in &mut answers {
        if let Answer::Results(results) = answer {
            results.insert("delivery".to_owned(), questions::delivery(seen));
        }
    }
    answers
}

/// One store after another, each with the same time: what one waits for, another may hold.
async fn repair(stores: [Store; 3], only: &str, limit: Duration, wanted: bool) -> Vec<Repaired> {
    let mut repaired = Vec::new();
    for store in
        stores.into_iter().filter(|store| only.is_empty() || only == "all" || only == store.name)
    {
        repaired.push(store.repair(limit, wanted).await);
    }
    repaired
}
