//! What must be true of every outcome, whatever was recorded.

use tests::recorded::Situation;

use crate::fields::{Fields, differences};
use crate::labels::{is_in_the_cluster, leaves};
use crate::wanted::{STORES, wanted};

/// What of `ours` is not as it should be after any hook that brings news, whatever the Python charm did.
pub(crate) fn amiss(situation: &Situation, before: &Fields, ours: &Fields) -> Vec<String> {
    let input = &situation.input;
    let ends =
        |name: &str| input.event.breaking().is_some_and(|id| name.contains(&format!(":{id}/app/")));
    let is_databag = |name: &String| name.contains("/app/");
    let lost = STORES.iter().any(|(_, endpoint)| {
        let there = |relation: &juju_sim::Relation| {
            relation.endpoint == *endpoint && Some(relation.id) != input.event.breaking()
        };
        !input.relations.iter().any(there)
    });
    let has_container = input.container().is_some();
    let conflict = ["ingress", "istio-ingress-route"]
        .iter()
        .all(|endpoint| input.relations.iter().any(|relation| relation.endpoint == *endpoint));
    let no_news = ["start", "stop", "remove"].contains(&input.event.name.as_str());
    if no_news || conflict {
        return Vec::new();
    }
    if !input.leader {
        let touched = before
            .keys()
            .chain(ours.keys())
            .find(|name| is_databag(name) && before.get(*name) != ours.get(*name));
        if let Some(name) = touched {
            return vec![format!("{name} is the leader's to write")];
        }
    }
    if situation.charm == "feast-integrator" && input.leader && lost {
        let left = ours.iter().filter(|(name, value)| {
            let taken_back = ["feast-configuration:", "secrets:", "pod-defaults:"];
            taken_back.iter().any(|start| name.starts_with(start))
                && !ends(name)
                && !value.as_array().is_some_and(Vec::is_empty)
        });
        return left.map(|(name, _)| format!("{name} is left behind")).collect();
    }
    let labelled = labelled(situation, before, ours);
    if !labelled.is_empty() {
        return labelled;
    }
    let without_secret = !input.relations.iter().any(|relation| {
        relation.endpoint == "secrets" && Some(relation.id) != input.event.breaking()
    });
    wanted(situation)
        .into_iter()
        .filter(|(name, _)| !ends(name) && (input.leader || !is_databag(name)))
        .filter(|(name, _)| !is_in_the_cluster(name))
        .filter(|(name, _)| {
            let inside = ["content", "mode", "plan", "layer", "service"];
            has_container || !inside.iter().any(|start| name.starts_with(start))
        })
        .filter(|(name, _)| !(without_secret && name.starts_with("pod-defaults:")))
        // What was asked of a provider once stays as it is.
        .filter(|(name, _)| !(name.contains("-secrets/") && before.contains_key(name)))
        .filter(|(name, value)| ours.get(name) != Some(value))
        .map(|(name, value)| format!("{name} should be {value}"))
        .collect()
}

/// What of the cluster is not as it should be; where requests fail, nothing is known of that.
fn labelled(situation: &Situation, before: &Fields, ours: &Fields) -> Vec<String> {
    let Some(cluster) = situation.input.cluster() else { return Vec::new() };
    let acts = situation.input.leader || leaves(situation);
    if acts && !cluster.failures.is_empty() {
        return Vec::new();
    }
    let wanted = if acts { &wanted(situation) } else { before };
    let within = |fields: &Fields| {
        let mut fields = fields.clone();
        fields.retain(|name, _| is_in_the_cluster(name));
        fields
    };
    let differences = differences(&within(wanted), &within(ours));
    let line = |(name, (wanted, ours))| format!("{name} is {ours} and should be {wanted}");
    differences.into_iter().map(line).collect()
}
