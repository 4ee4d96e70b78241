//! `service_mesh` and `cross_model_mesh`, and the labels in the cluster.

use charm::{Labels, Mesh, Record};

use super::json;
use crate::always::{Findings, always};
use crate::case::{Hook, UI};

const BEACON: &str = "service-mesh";

/// The labels in the cluster before and after, where there are any to be seen.
fn labels(hook: &Hook) -> Option<[&Mesh; 2]> {
    let [before, after] = &hook.labels;
    Some([before.as_ref()?, after.as_ref()?])
}

#[test]
fn no_policies_are_asked_for_and_nothing_else_is_said_to_the_beacon() {
    let python = always(UI, |hook, found| {
        for (_, after) in hook.live(BEACON).filter(|_| hook.speaks()) {
            let keys: Vec<&str> = after.local_app_data.keys().map(String::as_str).collect();
            found.same(&keys, &vec!["policies"], "the list of keys");
            found.same(
                &json(&after.local_app_data, "policies"),
                &serde_json::json!([]),
                "the policies",
            );
        }
    });
    assert_eq!(python, 14);
}

#[test]
fn applications_of_other_models_are_told_our_name_and_model_and_nothing_else() {
    let python = always(UI, |hook, found| {
        for (_, after) in hook.live("require-cmr-mesh").filter(|_| hook.speaks()) {
            let identity = serde_json::json!({
                "app_name": hook.after.application(), "juju_model_name": hook.after.model.name,
            });
            found.same(&json(&after.local_app_data, "cmr_data"), &identity, "the identity");
            found.same(&after.local_app_data.len(), &1, "the number of keys");
        }
    });
    assert_eq!(python, 2);
}

#[test]
fn a_beacon_may_leave_out_the_kind_of_mesh_or_the_labels_and_say_more() {
    let python = always(UI, |hook, found| {
        for relation in hook.case.live(BEACON).filter(|_| hook.speaks() && hook.case.is_obeyed()) {
            let bag = &relation.remote_app_data;
            let texts = json(bag, "labels")
                .as_object()
                .is_some_and(|labels| labels.values().all(serde_json::Value::is_string));
            let makes_sense = match (bag.get("labels"), bag.get("mesh_type")) {
                (None, None) => true,
                (None, Some(_)) => false,
                (Some(_), kind) => texts && kind.is_none_or(|_| json(bag, "mesh_type").is_string()),
            };
            if makes_sense && hook.case.live(BEACON).count() == 1 {
                let named = hook.status().starts_with("blocked [service-mesh]");
                found.must(!hook.failed && !named, hook.status());
            }
        }
    });
    assert_eq!(python, 1);
}

/// Looks whether no label went or changed that was neither ours nor is one that the beacon asks for.
fn must_stay(found: &mut Findings, before: &Labels, after: &Labels, ours: &[&Labels]) {
    for (key, value) in before {
        if !ours.iter().any(|labels| labels.contains_key(key)) {
            found.must(after.get(key) == Some(value), format!("{key} has changed"));
        }
    }
}

#[test]
fn labels_that_are_not_ours_stay() {
    let python = always(UI, |hook, found| {
        if let Some([before, after]) = labels(hook) {
            let ours = [before.record.labels(), after.record.labels()];
            for (before, after) in [(&before.pods, &after.pods), (&before.service, &after.service)]
            {
                if let (Some(before), Some(after)) = (before, after) {
                    must_stay(found, before, after, &ours);
                }
            }
        }
    });
    assert_eq!(python, 0);
}

#[test]
fn the_record_names_the_labels_that_the_beacon_asks_for() {
    let python = always(UI, |hook, found| {
        let live: Vec<_> = hook.case.live(BEACON).collect();
        let ([beacon], true, Some([_, after])) = (&live[..], hook.speaks(), labels(hook)) else {
            return;
        };
        if !hook.case.is_obeyed() || hook.status().starts_with("blocked ") {
            return;
        }
        let asked: Option<Labels> =
            serde_json::from_value(json(&beacon.remote_app_data, "labels")).ok();
        if let Some(asked) = asked {
            found.same(&after.record, &Record::Labels(asked), "the record");
        }
    });
    assert_eq!(python, 4);
}
