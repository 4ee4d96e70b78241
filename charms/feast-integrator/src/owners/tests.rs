//! What is told of tables of another role, in worlds that are in order.

use charm::{Databag, Secret};
use postgresql::{Findings, Login, SslMode, Table};

use super::*;
use crate::decide::decide;
use crate::decide::tests::{relation, settled};
use crate::inputs::{OFFLINE_STORE, REGISTRY, SECRETS};

/// A store with one table of an earlier user.
fn store(name: &'static str, user: &str, usable: bool) -> Examined {
    let login = Login {
        host: "pg".to_owned(),
        port: 5432,
        database: "x".to_owned(),
        schema: "public".to_owned(),
        user: user.to_owned(),
        password: Secret::new("hunter2"),
        sslmode: SslMode::Prefer,
    };
    let table = Table {
        name: "t".to_owned(),
        owner: "relation_id_0".to_owned(),
        usable,
        ..Table::default()
    };
    let facts = Facts { user: user.to_owned(), tables: vec![table], ..Facts::default() };
    Examined { name, found: Ok((login, Findings { steps: Vec::new(), facts: Some(facts) })) }
}

fn user(seen: &Observation, endpoint: &str) -> String {
    connection(seen, endpoint).unwrap().username
}

/// A world in which the tables of the registry were found to be of no use.
fn told() -> Observation {
    let mut seen = settled();
    seen.status = Some(Status::active());
    let examined = [store(REGISTRY, &user(&seen, REGISTRY), false)];
    seen.status = found(&seen, &examined);
    seen
}

#[test]
fn what_was_found_stays_in_the_status_of_the_hooks_after_it() {
    let seen = told();
    insta::assert_snapshot!(
        seen.status.clone().unwrap().to_string(),
        @"blocked [registry] Tables of another role that relation_id_3 may not use: run repair-ownership"
    );
    assert_eq!(decide(&seen).changes(&seen), []);
}

#[test]
fn tables_that_work_and_cannot_be_changed_do_not_block() {
    let mut seen = told();
    let examined = [OFFLINE_STORE, REGISTRY]
        .map(|endpoint| store(endpoint, &user(&seen, endpoint), endpoint == REGISTRY));
    seen.status = found(&seen, &examined);
    insta::assert_snapshot!(seen.status.clone().unwrap().to_string(), @"blocked [offline-store] Tables of another role that relation_id_1 may not use: run repair-ownership; [registry] Tables of another role that relation_id_3 may not change: run repair-ownership");
    let examined =
        [OFFLINE_STORE, REGISTRY].map(|endpoint| store(endpoint, &user(&seen, endpoint), true));
    assert!(matches!(found(&seen, &examined), Some(Status::Active(_))));
}

#[test]
fn what_is_mended_or_belongs_to_a_new_user_is_told_no_more() {
    let mut seen = told();
    let mut mended = store(REGISTRY, &user(&seen, REGISTRY), true);
    mended.found.as_mut().unwrap().1.facts.as_mut().unwrap().tables.clear();
    assert_eq!(found(&seen, &[mended]), Some(Status::active()));

    relation(&mut seen, REGISTRY).remote = Databag::from([
        ("endpoints", "pg:5432"),
        ("database", "registry"),
        ("username", "relation_id_17"),
        ("password", "x"),
    ]);
    assert_eq!(decide(&seen).status, Status::active());
}

#[test]
fn what_was_found_is_told_beside_that_stores_share_a_database() {
    let mut seen = settled();
    relation(&mut seen, OFFLINE_STORE).remote = relation(&mut seen, REGISTRY).remote.clone();
    seen.status = Some(decide(&seen).status);
    seen.status = found(&seen, &[store(REGISTRY, &user(&seen, REGISTRY), false)]);
    insta::assert_snapshot!(seen.status.clone().unwrap().to_string(), @"blocked offline-store, registry share the database registry ([registry] Tables of another role that relation_id_3 may not use: run repair-ownership)");
    assert_eq!(Some(decide(&seen).status), seen.status);
}

#[test]
fn what_a_member_of_the_owner_finds_is_in_order() {
    let seen = told();
    let mut held = store(REGISTRY, &user(&seen, REGISTRY), false);
    held.found.as_mut().unwrap().1.facts.as_mut().unwrap().tables[0].held = true;
    assert_eq!(found(&seen, &[held]), Some(Status::active()));
}

#[test]
fn a_database_that_does_not_answer_changes_nothing_of_it() {
    let seen = told();
    let mut silent = store(REGISTRY, &user(&seen, REGISTRY), true);
    silent.found.as_mut().unwrap().1.facts = None;
    assert_eq!(found(&seen, &[silent]), None);
}

#[test]
fn another_trouble_comes_first_and_what_was_found_stays_beside_it() {
    let mut seen = told();
    seen.relations.remove(SECRETS);
    let status = decide(&seen).status;
    assert!(
        status
            .message()
            .starts_with("[secrets] Please add the missing relation: secrets ([registry] Tables")
    );
    seen.status = Some(Status::Waiting("[registry] x".to_owned()));
    assert_eq!(found(&seen, &[store(REGISTRY, &user(&seen, REGISTRY), false)]), None);
}
