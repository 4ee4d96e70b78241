//! The service mesh: who labels what Juju made, and who takes the labels back.

use charm::{Labels, Mesh, Record};
use juju_sim::Relation;
use tests::kubernetes::{Failure, pods};

use super::{beaten, recorded};
use crate::always::{Rule, always};
use crate::case::{Hook, UI};
use crate::further::labelled;
use crate::rules::json;

const BEACON: &str = "service-mesh";

/// The labels in the cluster before and after, where there are any to be seen.
fn labels(hook: &Hook) -> Option<[&Mesh; 2]> {
    let [before, after] = &hook.labels;
    Some([before.as_ref()?, after.as_ref()?])
}

/// Whether the hook is one in which the last relation to a beacon ends.
fn leaves(hook: &Hook) -> bool {
    let ends = hook.case.breaking().and_then(|id| hook.case.state.relation(id));
    ends.is_some_and(|ends| ends.endpoint == BEACON) && hook.case.live(BEACON).count() == 0
}

#[test]
fn a_leader_elected_late_says_its_policies_and_who_it_is() {
    let python = always(UI, |hook, found| {
        for (_, after) in hook.live(BEACON).filter(|_| hook.speaks()) {
            let policies = json(&after.local_app_data, "policies");
            found.must(policies.is_array(), "nothing is said about policies");
        }
        for (_, after) in hook.live("require-cmr-mesh").filter(|_| hook.speaks()) {
            let identity = json(&after.local_app_data, "cmr_data");
            found.must(identity.is_object(), "nothing is said about who we are");
        }
    });
    assert_eq!(python, 16);
}

#[test]
fn a_beacon_of_any_age_fails_no_hook() {
    let python = always(UI, |hook, found| {
        // Where requests to the cluster fail, that is another matter.
        if hook.case.live(BEACON).count() > 0 && hook.case.is_obeyed() {
            found.must(!hook.failed, "the hook failed");
        }
    });
    assert_eq!(python, 4);
}

#[test]
fn labels_are_set_by_the_leader_alone() {
    let rule: Rule = |hook, found| {
        let follows = !hook.case.state.leader && !leaves(hook);
        if let Some([before, after]) = labels(hook).filter(|_| follows) {
            found.must(before == after, "the labels have changed");
        }
    };
    // All units of the Python charm do what was recorded of the leader.
    let leader = recorded(UI, "mesh_data_two_labels");
    let mut case = leader.case.clone();
    case.state.leader = false;
    beaten(rule, &case.run(), &Hook { case: case.clone(), ..leader });
    assert_eq!(always(UI, rule), 0);
}

#[test]
fn a_request_that_the_cluster_refuses_fails_no_hook() {
    let python = always(UI, |hook, found| {
        if !hook.case.is_obeyed() {
            found.must(!hook.failed, "the hook failed");
        }
    });
    assert_eq!(python, 4);
}

/// The labels that were ours and are still on the pods or on the Service.
fn left(before: &Mesh, after: &Mesh) -> Vec<String> {
    let on = |found: &Option<Labels>, key: &String| {
        found.as_ref().is_some_and(|found| found.contains_key(key))
    };
    let keys = before.record.labels().keys();
    keys.filter(|key| on(&after.pods, key) || on(&after.service, key)).cloned().collect()
}

#[test]
fn a_label_that_could_not_be_taken_back_is_not_forgotten() {
    let rule: Rule = |hook, found| {
        if let Some([before, after]) = labels(hook) {
            for key in left(before, after) {
                let known = after.record.labels().contains_key(&key);
                found.must(known, format!("nobody knows that {key} is ours"));
            }
        }
    };
    let mut case = recorded(UI, "mesh_broken_ok").case;
    labelled(&mut case);
    let pods = pods(case.state.application(), &case.state.model.name);
    if let Some(cluster) = &mut case.cluster {
        cluster.failures.push(Failure { method: "PATCH".to_owned(), path: pods, status: 409 });
    }
    // The Python charm changes the record, then the pods.
    let mut python = Hook::without_effect(&case);
    python.labels[1].as_mut().expect("labels").record = Record::Labels(Labels::new());
    beaten(rule, &case.run(), &python);
    assert_eq!(always(UI, rule), 0);
}

#[test]
fn whichever_unit_is_left_takes_the_labels_back_when_the_mesh_ends() {
    let python = always(UI, |hook, found| {
        if let Some([before, after]) =
            labels(hook).filter(|_| leaves(hook) && hook.case.is_obeyed())
        {
            found.must(!hook.failed, "the hook failed");
            found.must(left(before, after).is_empty(), "labels are left");
            found.same(&after.record, &Record::Missing, "the record");
        }
    });
    assert_eq!(python, 1);
}

#[test]
fn what_is_lost_of_the_labels_is_back_after_any_hook_of_the_leader() {
    let python = always(UI, |hook, found| {
        let live: Vec<&Relation> = hook.case.live(BEACON).collect();
        let ([beacon], true, Some([_, after])) = (&live[..], hook.speaks(), labels(hook)) else {
            return;
        };
        if hook.status().starts_with("blocked ") || !hook.case.is_obeyed() {
            return;
        }
        let wanted = json(&beacon.remote_app_data, "labels");
        for (key, value) in wanted.as_object().into_iter().flatten() {
            for labels in [&after.pods, &after.service].into_iter().flatten() {
                let there = labels.get(key).map(String::as_str) == value.as_str();
                found.must(there, format!("{key} is missing"));
            }
        }
    });
    assert_eq!(python, 6);
}
