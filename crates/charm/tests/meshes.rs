//! What is done to labels so that they match what is wanted.

use charm::{Change, Labels, Membership, Mesh, Observation, Plan, Record, Status, properties};
use proptest::collection::btree_map;
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

fn labels<const N: usize>(pairs: [(&str, &str); N]) -> Labels {
    pairs.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

/// Objects as Juju makes them.
fn fresh(record: Record) -> Mesh {
    let jujus = Some(labels([("app", "ui")]));
    Mesh { record, pods: jujus.clone(), service: jujus }
}

fn lines(wanted: &Membership, seen: &Mesh) -> Vec<String> {
    wanted.changes(seen).iter().map(ToString::to_string).collect()
}

fn after(wanted: &Membership, mesh: Mesh) -> Mesh {
    let seen = seeing(mesh);
    seen.after(&plan(wanted).changes(&seen)).mesh.unwrap_or_default()
}

fn seeing(mesh: Mesh) -> Observation {
    Observation { mesh: Some(mesh), ..Observation::default() }
}

fn plan(wanted: &Membership) -> Plan {
    Plan { mesh: Some(wanted.clone()), ..Plan::only(Status::active()) }
}

#[test]
fn joining_records_what_is_set_before_it_is_set() {
    let join = Membership::In(labels([("mode", "ambient"), ("waypoint", "w")]));
    assert_eq!(
        lines(&join, &fresh(Record::Missing)),
        [
            "create the record: mode=ambient waypoint=w",
            "label the pods: mode=ambient waypoint=w",
            "label the service: mode=ambient waypoint=w",
        ]
    );
}

#[test]
fn leaving_takes_back_what_is_recorded_and_then_the_record() {
    let joined = after(&Membership::In(labels([("mode", "ambient")])), fresh(Record::Missing));
    assert_eq!(
        lines(&Membership::Out, &joined),
        ["label the pods: mode-", "label the service: mode-", "delete the record"]
    );
    assert_eq!(after(&Membership::Out, joined), fresh(Record::Missing));
}

#[test]
fn another_label_is_recorded_before_and_the_old_one_until_it_is_gone() {
    let joined = after(&Membership::In(labels([("a", "1"), ("b", "1")])), fresh(Record::Missing));
    assert_eq!(
        lines(&Membership::In(labels([("b", "2"), ("c", "1")])), &joined),
        [
            "set the record: a=1 b=2 c=1",
            "label the pods: a- b=2 c=1",
            "label the service: a- b=2 c=1",
            "set the record: b=2 c=1",
        ]
    );
}

#[test]
fn a_label_that_nobody_has_any_more_is_only_forgotten() {
    let seen = fresh(Record::Labels(labels([("old", "1")])));
    let keep = Membership::In(labels([("app", "ui")]));
    assert_eq!(lines(&keep, &seen), ["set the record: app=ui"]);
    assert_eq!(lines(&Membership::Out, &seen), ["delete the record"]);
}

#[test]
fn a_mesh_without_labels_has_a_record_all_the_same() {
    let join = Membership::In(Labels::new());
    assert_eq!(lines(&join, &fresh(Record::Missing)), ["create the record:"]);
    assert!(lines(&join, &fresh(Record::Labels(Labels::new()))).is_empty());
}

#[test]
fn a_record_that_nobody_can_read_is_replaced_and_takes_nothing_away() {
    let seen = Mesh { pods: Some(labels([("mode", "ambient")])), ..fresh(Record::Unreadable) };
    let join = Membership::In(labels([("mode", "ambient")]));
    assert_eq!(
        lines(&join, &seen),
        ["set the record: mode=ambient", "label the service: mode=ambient"]
    );
    assert_eq!(lines(&Membership::Out, &seen), ["delete the record"]);
}

#[test]
fn what_is_not_there_is_not_labelled() {
    let gone = Mesh { record: Record::Missing, pods: None, service: None };
    let join = Membership::In(labels([("mode", "ambient")]));
    assert_eq!(lines(&join, &gone), ["create the record: mode=ambient"]);
}

#[test]
fn only_where_a_label_may_differ_is_there_something_to_look_at() {
    let some = labels([("a", "1")]);
    let (none, record) = (Membership::In(Labels::new()), Record::Labels(some.clone()));
    for (membership, record, looks) in [
        (&Membership::Out, &Record::Missing, false),
        (&Membership::Out, &Record::Unreadable, false),
        (&Membership::Out, &record, true),
        (&none, &Record::Missing, false),
        (&none, &record, true),
        (&Membership::In(some), &Record::Missing, true),
    ] {
        assert_eq!(membership.touches_labels(record), looks, "{membership:?} {record:?}");
    }
}

#[test]
fn a_plan_that_says_nothing_of_a_mesh_leaves_labels_alone() {
    let seen = seeing(fresh(Record::Labels(labels([("app", "ui")]))));
    assert_eq!(Plan::only(Status::active()).changes(&seen), [Change::StatusSet(Status::active())]);
}

fn any_labels() -> impl Strategy<Value = Labels> {
    btree_map("[a-d]", "[xy]", 0..4)
}

fn any_mesh() -> impl Strategy<Value = Mesh> {
    let record = prop_oneof![
        Just(Record::Missing),
        Just(Record::Unreadable),
        any_labels().prop_map(Record::Labels),
    ];
    let object = || proptest::option::of(any_labels());
    (record, object(), object()).prop_map(|(record, pods, service)| Mesh { record, pods, service })
}

fn any_membership() -> impl Strategy<Value = Membership> {
    prop_oneof![Just(Membership::Out), any_labels().prop_map(Membership::In)]
}

fn holds(property: Result<(), String>) -> Result<(), TestCaseError> {
    property.map_err(TestCaseError::fail)
}

proptest! {
    #[test]
    fn what_is_planned_is_what_is_there(mesh in any_mesh(), wanted in any_membership()) {
        let (seen, decide) = (seeing(mesh), |_: &Observation| plan(&wanted));
        holds(properties::what_is_planned_is_what_is_published(decide, &seen))?;
    }

    #[test]
    fn a_second_run_changes_nothing(mesh in any_mesh(), wanted in any_membership()) {
        let (seen, decide) = (seeing(mesh), |_: &Observation| plan(&wanted));
        holds(properties::a_second_run_changes_nothing(decide, &seen))?;
    }

    #[test]
    fn a_hook_that_dies_anywhere_is_finished_by_the_next(mesh in any_mesh(), wanted in any_membership()) {
        let (seen, decide) = (seeing(mesh), |_: &Observation| plan(&wanted));
        holds(properties::a_hook_that_dies_anywhere_is_finished_by_the_next(decide, &seen))?;
    }

    #[test]
    fn labels_of_others_stay_and_ours_are_recorded_at_any_moment(mesh in any_mesh(), wanted in any_membership()) {
        let changes = plan(&wanted).changes(&seeing(mesh.clone()));
        for made in 0..=changes.len() {
            let now = seeing(mesh.clone()).after(&changes[..made]).mesh.unwrap();
            for (before, found) in [(&mesh.pods, &now.pods), (&mesh.service, &now.service)] {
                let (Some(before), Some(found)) = (before, found) else { continue };
                for key in before.keys().filter(|key| !mesh.record.labels().contains_key(*key)) {
                    prop_assert!(found.contains_key(key), "{key} of another is gone");
                }
                for key in found.keys().filter(|key| before.get(*key) != found.get(*key)) {
                    prop_assert!(now.record.labels().contains_key(key), "{key} is not recorded");
                }
            }
        }
    }
}
