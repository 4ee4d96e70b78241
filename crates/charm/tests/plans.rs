//! How what is wanted differs from what was seen.

use std::collections::{BTreeMap, BTreeSet};

use charm::{
    Answer, Change, Cluster, Container, Databag, File, Labels, Membership, Mesh, ObjectContent,
    ObjectId, ObjectKind, ObjectsPlan, Observation, OwnedSecret, Plan, Port, Publication, Relation,
    RelationId, Secret, SecretContent, SecretPlan, Sight, Status, Workload,
};
use proptest::collection::btree_map;
use proptest::prelude::*;

fn seen(local: Databag) -> Observation {
    let relation = Relation {
        id: RelationId(3),
        application: "consumer".to_owned(),
        local,
        ..Relation::default()
    };
    Observation {
        leader: true,
        relations: BTreeMap::from([("db".to_owned(), vec![relation])]),
        ..Observation::default()
    }
}

fn lines(changes: &[Change]) -> String {
    changes.iter().map(|change| format!("{change}\n")).collect()
}

fn publishing(bag: Publication) -> Plan {
    Plan { databags: BTreeMap::from([(RelationId(3), bag)]), ..Plan::only(Status::active()) }
}

#[test]
fn a_databag_that_the_plan_does_not_name_is_left_alone() {
    let seen = seen(Databag::from([("key", "value")]));
    assert_eq!(lines(&Plan::only(Status::active()).changes(&seen)), "status-set active\n");
}

#[test]
fn an_empty_databag_is_retracted() {
    let seen = seen(Databag::from([("key", "value")]));
    let changes = publishing(Publication::Exactly(Databag::new())).changes(&seen);
    assert_eq!(lines(&changes), "relation-set -r 3 --app key=\nstatus-set active\n");
}

#[test]
fn including_keeps_what_it_does_not_name() {
    let seen = seen(Databag::from([("other", "value")]));
    let changes = publishing(Publication::Including(Databag::from([("key", "1")]))).changes(&seen);
    assert_eq!(lines(&changes), "relation-set -r 3 --app key=<1 bytes>\nstatus-set active\n");
}

#[test]
fn a_relation_that_is_gone_is_not_written_to() {
    let seen = Observation::default();
    let plan = publishing(Publication::Exactly(Databag::from([("key", "1")])));
    assert_eq!(lines(&plan.changes(&seen)), "status-set active\n");
}

#[test]
fn a_grant_that_was_lost_is_made_again() {
    let mut seen = seen(Databag::new());
    let content = SecretContent::from([("password".to_owned(), Secret::new("hunter2"))]);
    let owned = OwnedSecret {
        uri: "secret:a".to_owned(),
        content: content.clone(),
        granted: BTreeSet::new(),
    };
    seen.owned_secrets.insert("db.3.user.secret".to_owned(), owned);
    let wanted = SecretPlan { content, grants: BTreeSet::from([RelationId(3)]) };
    let plan = Plan {
        secrets: BTreeMap::from([("db.3.user.secret".to_owned(), Some(wanted))]),
        ..Plan::only(Status::active())
    };
    let changes = plan.changes(&seen);
    assert_eq!(lines(&changes), "secret-grant secret:a -r 3\nstatus-set active\n");
    assert_eq!(lines(&plan.changes(&seen.after(&changes))), "status-set active\n");
}

#[test]
fn a_secret_goes_after_what_pointed_at_it() {
    let mut seen = seen(Databag::from([("uri", "secret:a")]));
    let owned = OwnedSecret { uri: "secret:a".to_owned(), ..OwnedSecret::default() };
    seen.owned_secrets.insert("manifests".to_owned(), owned);
    let plan = Plan {
        secrets: BTreeMap::from([("manifests".to_owned(), None)]),
        ..publishing(Publication::Exactly(Databag::new()))
    };
    let changes = plan.changes(&seen);
    assert_eq!(
        lines(&changes),
        "relation-set -r 3 --app uri=\nsecret-remove secret:a\nstatus-set active\n"
    );
    assert_eq!(lines(&plan.changes(&seen.after(&changes))), "status-set active\n");
}

#[test]
fn a_unit_publishes_in_its_own_databag() {
    let seen = seen(Databag::from([("key", "the application's")]));
    let bag = Publication::Exactly(Databag::from([("key", "1")]));
    let plan = Plan {
        unit_databags: BTreeMap::from([(RelationId(3), bag)]),
        ..Plan::only(Status::active())
    };
    let changes = plan.changes(&seen);
    assert_eq!(lines(&changes), "relation-set -r 3 key=<1 bytes>\nstatus-set active\n");
    assert_eq!(lines(&plan.changes(&seen.after(&changes))), "status-set active\n");
}

#[test]
fn ports_that_are_not_wanted_are_closed() {
    let mut seen = seen(Databag::new());
    seen.ports = BTreeSet::from([Port::tcp(1), Port::tcp(2)]);
    let plan = Plan {
        ports: Some(BTreeSet::from([Port::tcp(2), Port::tcp(3)])),
        ..Plan::only(Status::active())
    };
    assert_eq!(
        lines(&plan.changes(&seen)),
        "open-port 3/tcp\nclose-port 1/tcp\nstatus-set active\n"
    );
}

#[test]
fn containers_and_objects_come_first_and_labels_after_all_but_the_answer_and_the_status() {
    let mut seen = seen(Databag::new());
    seen.containers.insert("ui".to_owned(), Container::default());
    let owned = OwnedSecret { uri: "secret:a".to_owned(), ..OwnedSecret::default() };
    seen.owned_secrets.insert("old".to_owned(), owned);
    seen.mesh = Some(Mesh { pods: Some(Labels::new()), ..Mesh::default() });
    let file = File { content: Secret::new("x"), mode: 0o600 };
    let workload =
        Workload { files: BTreeMap::from([("/file".to_owned(), file)]), ..Workload::default() };
    let bag = Publication::Exactly(Databag::from([("key", "1")]));
    let label = Labels::from([("mode".to_owned(), "ambient".to_owned())]);
    let config_map = ObjectKind::new("v1", "ConfigMap");
    let (name, namespace) = ("it".to_owned(), "alice".to_owned());
    let object = ObjectId { kind: config_map.clone(), name, namespace };
    seen.cluster = Sight::Seen(Cluster::default());
    let plan = Plan {
        status: Status::active(),
        databags: BTreeMap::from([(RelationId(3), bag.clone())]),
        unit_databags: BTreeMap::from([(RelationId(3), bag)]),
        secrets: BTreeMap::from([
            ("new".to_owned(), Some(SecretPlan::default())),
            ("old".to_owned(), None),
        ]),
        ports: Some(BTreeSet::from([Port::tcp(1)])),
        workloads: BTreeMap::from([("ui".to_owned(), workload)]),
        mesh: Some(Membership::In(label)),
        objects: Some(ObjectsPlan {
            wanted: [(object, ObjectContent::default())].into(),
            kinds: vec![config_map],
        }),
        answer: Some(Answer::Results(BTreeMap::new())),
    };
    let kind = |change: &Change| match change {
        Change::Workload(..) => "container",
        Change::SecretAdd { .. } | Change::SecretSet { .. } | Change::SecretGrant { .. } => {
            "secret"
        }
        Change::RelationSet { .. } | Change::UnitRelationSet { .. } => "relation",
        Change::SecretRemove { .. } => "secret that goes",
        Change::OpenPort(_) | Change::ClosePort(_) => "port",
        Change::Mesh(_) => "label",
        Change::Object(_) => "object",
        Change::Answer(_) => "answer",
        Change::StatusSet(_) => "status",
    };
    let mut kinds: Vec<&str> = plan.changes(&seen).iter().map(kind).collect();
    kinds.dedup();
    assert_eq!(
        kinds,
        [
            "container",
            "object",
            "secret",
            "relation",
            "secret that goes",
            "port",
            "label",
            "answer",
            "status"
        ]
    );
}

fn any_databag() -> impl Strategy<Value = Databag> {
    btree_map("[a-d]", "[xyz]{0,2}", 0..4).prop_map(|pairs| pairs.into_iter().collect())
}

proptest! {
    #[test]
    fn what_is_planned_is_what_is_published(before in any_databag(), wanted in any_databag()) {
        let seen = seen(before);
        let plan = publishing(Publication::Exactly(wanted.clone()));
        let after = seen.after(&plan.changes(&seen));
        prop_assert_eq!(&after.relations("db")[0].local, &wanted);
    }

    #[test]
    fn a_second_run_changes_nothing(before in any_databag(), wanted in any_databag(), exactly: bool) {
        let seen = seen(before);
        let plan = publishing(if exactly { Publication::Exactly(wanted) } else { Publication::Including(wanted) });
        let after = seen.after(&plan.changes(&seen));
        prop_assert_eq!(lines(&plan.changes(&after)), "status-set active\n");
    }
}
