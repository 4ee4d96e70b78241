//! Running an action: it looks as a hook does, from any unit, and changes nothing of what Juju keeps.

use actions::{Store, flag, list_projects, plan, show_config, timeout, validate, word};
use charm::{Answer, Change, Endpoint, Observation};
use juju::{Error, Juju, Look};
use pebble::Pebble;

use crate::container::{errand_within, told};
use crate::feature_store::Configuration;
use crate::inputs::{ENDPOINTS, FEAST_CONFIGURATION};
use crate::questions::{self, stores};
use crate::workload::CONTAINER;
use crate::{Labels, decide, observe};

/// The actions, as `actions.yaml` has them.
pub const ACTIONS: [&str; 5] = ["list-projects", "plan", "restart", "show-config", "validate"];

/// Runs the action of this name.
///
/// # Errors
///
/// [`Error`] when Juju itself does not work; whatever else is wrong is the answer.
pub async fn act(juju: &Juju, action: &str) -> Result<(), Error> {
    let answers = match action {
        "plan" => what_would_change(juju).await?,
        "restart" => {
            let look = Look { config: true, ..Look::default() };
            restart(&juju.observe(&look).await?).await
        }
        "list-projects" | "show-config" | "validate" => {
            let configured: Vec<Endpoint> =
                ENDPOINTS.into_iter().filter(|known| known.name == FEAST_CONFIGURATION).collect();
            let look =
                Look { endpoints: &configured, followers: true, config: true, ..Look::default() };
            let seen = juju.observe(&look).await?;
            match questions::configuration(&seen) {
                Ok(configuration) => of_the_configuration(&seen, action, configuration).await,
                Err(reason) => vec![Answer::Failure(reason)],
            }
        }
        other => vec![Answer::Failure(format!("this charm has no action {other}"))],
    };
    for answer in answers {
        juju.apply(&Change::Answer(answer)).await?;
    }
    Ok(())
}

async fn of_the_configuration(
    seen: &Observation,
    action: &str,
    configuration: Configuration,
) -> Vec<Answer> {
    let (limit, in_json) = (timeout(seen), word(seen, "format") == "json");
    if action == "show-config" {
        let Configuration { file, certificates, .. } = configuration;
        return show_config(&file, certificates.as_deref(), flag(seen, "reveal"), None);
    }
    match stores(&configuration) {
        Ok(stores) if action == "validate" => {
            validate(&Store::examine(stores, limit).await, in_json)
        }
        Ok([.., registry]) => list_projects(registry.rows(feast::PROJECTS, limit).await, in_json),
        Err(reason) => vec![Answer::Failure(reason)],
    }
}

/// As a hook would see it, but for the names of those on the other side.
async fn what_would_change(juju: &Juju) -> Result<Vec<Answer>, Error> {
    // Who a plan goes to is a part of it.
    let (mut seen, found) = observe(juju, &ENDPOINTS.map(Endpoint::with_remote)).await?;
    let (container, unseen) = told(found);
    seen.set_container(CONTAINER, container);
    let labels = Labels::observe(&mut seen).await;
    let changes = decide(&seen).changes(&seen);
    let mut notes: Vec<String> = Vec::new();
    if !seen.leader {
        notes.push(
            "This unit does not lead: what is said for the application is the leader's.".to_owned(),
        );
    }
    notes.extend(unseen.iter().chain(&labels.trouble).map(ToString::to_string));
    if !seen.containers.contains_key(CONTAINER) {
        notes.push("Its container does not answer, so that nothing in it is known.".to_owned());
    }
    let note = (!notes.is_empty()).then(|| notes.join(" "));
    Ok(plan(&seen, &changes, note.as_deref()))
}

async fn restart(seen: &Observation) -> Vec<Answer> {
    let pebble = Pebble::of(CONTAINER);
    let (before, unseen) = told(pebble.observe(&[]).await);
    if let Some(status) = unseen {
        return vec![Answer::Failure(status.message().to_owned())];
    }
    let changes = match questions::restart(before.as_ref()) {
        Ok(changes) => changes,
        Err(reason) => return vec![Answer::Failure(reason)],
    };
    let errand = errand_within(&changes, before.as_ref(), timeout(seen));
    let (after, undone) = told(pebble.carry_out(&errand).await);
    vec![questions::restarted(after.as_ref(), undone.as_ref())]
}
