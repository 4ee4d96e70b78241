//! What must hold for every charm and every world: called from a charm's property tests.
//!
//! Each takes the charm's decision and a world, and says what is wrong.

use crate::{
    Change, Cluster, Membership, Mesh, ObjectsPlan, Observation, Plan, Publication, Record,
};

/// What a whole hook changes: the charm decides again once its new secrets have URIs that it can hand on.
pub fn hook(decide: impl Fn(&Observation) -> Plan, seen: &Observation) -> Vec<Change> {
    let changes = decide(seen).changes(seen);
    let added: Vec<Change> = changes
        .iter()
        .filter(|change| matches!(change, Change::SecretAdd { .. }))
        .cloned()
        .collect();
    if added.is_empty() {
        return changes;
    }
    let seen = seen.after(&added);
    added.into_iter().chain(decide(&seen).changes(&seen)).collect()
}

/// Idempotence: once a hook's changes are made, the next hook makes none.
///
/// The status is always told.
pub fn a_second_run_changes_nothing(
    decide: impl Fn(&Observation) -> Plan,
    seen: &Observation,
) -> Result<(), String> {
    let after = seen.after(&hook(&decide, seen));
    let again = hook(&decide, &after);
    let idle = |change: &Change| matches!(change, Change::StatusSet(_) | Change::Answer(_));
    if again.iter().all(idle) { Ok(()) } else { Err(format!("a second run does {again:?}")) }
}

/// Completeness: what is published afterwards is what was planned, without stale keys; so are labels.
pub fn what_is_planned_is_what_is_published(
    decide: impl Fn(&Observation) -> Plan,
    seen: &Observation,
) -> Result<(), String> {
    let after = seen.after(&hook(&decide, seen));
    let plan = decide(&after);
    for relation in after.relations.values().flatten() {
        for (wanted, bag) in
            [(&plan.databags, &relation.local), (&plan.unit_databags, &relation.local_unit)]
        {
            let published = match wanted.get(&relation.id) {
                Some(Publication::Exactly(wanted)) => bag == wanted,
                Some(Publication::Including(wanted)) => bag.edits_to_include(wanted).is_empty(),
                None => true,
            };
            if !published {
                return Err(format!("relation {} publishes {bag:?}", relation.id));
            }
        }
    }
    if let (Some(plan), Some(cluster)) = (&plan.objects, after.cluster.cluster())
        && !are_kept(plan, cluster)
    {
        return Err(format!("{plan:?} became {cluster:?}"));
    }
    match (&plan.mesh, &seen.mesh, &after.mesh) {
        (Some(wanted), Some(before), Some(after)) if !are_labelled(wanted, before, after) => {
            Err(format!("{before:?} became {after:?}"))
        }
        _ => Ok(()),
    }
}

fn are_kept(ObjectsPlan { wanted, kinds }: &ObjectsPlan, cluster: &Cluster) -> bool {
    let there = wanted.iter().all(|(id, content)| {
        cluster.objects.get(id).is_some_and(|found| content.is_part_of(found))
    });
    let stale = |kind| move |id: &&crate::ObjectId| id.kind == kind && !wanted.contains_key(*id);
    there && kinds.iter().all(|kind| !cluster.objects.keys().any(|id| stale(kind.clone())(&id)))
}

fn are_labelled(wanted: &Membership, before: &Mesh, after: &Mesh) -> bool {
    let labels = wanted.labels();
    let mut stale = before.record.labels().keys().filter(|key| !labels.contains_key(*key));
    let mut found = [&after.pods, &after.service].into_iter().flatten();
    let record = match wanted {
        Membership::Out => Record::Missing,
        Membership::In(labels) => Record::Labels(labels.clone()),
    };
    after.record == record
        && found
            .clone()
            .all(|found| labels.iter().all(|(key, value)| found.get(key) == Some(value)))
        && !stale.any(|key| found.any(|found| found.contains_key(key)))
}

/// Crash safety: a hook that dies after any of its changes is finished by the next.
pub fn a_hook_that_dies_anywhere_is_finished_by_the_next(
    decide: impl Fn(&Observation) -> Plan,
    seen: &Observation,
) -> Result<(), String> {
    let changes = hook(&decide, seen);
    let finished = seen.after(&changes);
    for survived in 0..changes.len() {
        let halfway = seen.after(&changes[..survived]);
        if halfway.after(&hook(&decide, &halfway)) != finished {
            return Err(format!("dying before {:?} leaves something undone", changes[survived]));
        }
    }
    Ok(())
}

/// Secrecy: nothing of a hook that can be printed contains any of `secrets`.
pub fn nothing_printable_carries_a_password(
    decide: impl Fn(&Observation) -> Plan,
    seen: &Observation,
    secrets: &[&str],
) -> Result<(), String> {
    let plan = decide(seen);
    let printed = format!("{seen:?} {plan:?} {:?} {}", plan.changes(seen), plan.status);
    match secrets.iter().find(|secret| printed.contains(**secret)) {
        None => Ok(()),
        Some(secret) => Err(format!("{secret} in {printed}")),
    }
}
