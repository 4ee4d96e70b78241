//! What is said of stores that are in order but for one thing.

use charm::Secret;
use feast::REGISTRY_TABLES;
use postgresql::{Error, Findings, Login, SslMode, Stage, Step, Table};

use super::*;

const USER: &str = "relation_id_3";

/// A store in which nothing is wrong.
fn store(name: &'static str) -> Examined {
    let login = Login {
        host: "pg".to_owned(),
        port: 5432,
        database: name.replace('-', "_"),
        schema: "public".to_owned(),
        user: USER.to_owned(),
        password: Secret::new("hunter2"),
        sslmode: SslMode::Prefer,
    };
    let step = |(stage, told): (Stage, &str)| Step {
        stage,
        took: Duration::from_micros(1_234),
        result: Ok(told.to_owned()),
    };
    let steps = [
        (Stage::Dns, "10.1.2.3"),
        (Stage::Tcp, "10.1.2.3:5432"),
        (Stage::Tls, "off (sslmode=prefer)"),
        (Stage::Login, "relation_id_3 in registry"),
        (Stage::Questions, "PostgreSQL 16.10"),
    ];
    let owner = |name: &&str| Table {
        name: (*name).to_owned(),
        owner: USER.to_owned(),
        group: false,
        held: true,
        usable: true,
    };
    let facts = Facts {
        version: "16.10".to_owned(),
        user: USER.to_owned(),
        schema: Some((true, true)),
        tables: REGISTRY_TABLES.iter().map(owner).collect(),
        round_trip: Duration::from_micros(200),
        ..Facts::default()
    };
    let findings = Findings { steps: steps.map(step).into(), facts: Some(facts) };
    Examined { name, found: Ok((login, findings)) }
}

fn facts(store: &mut Examined) -> &mut Facts {
    store.found.as_mut().unwrap().1.facts.as_mut().unwrap()
}

fn told(store: &Examined) -> (String, Option<String>) {
    let mut answers = validate(std::slice::from_ref(store), false).into_iter();
    let Some(Answer::Results(results)) = answers.next() else { panic!("no results") };
    let failure = answers.next().map(|answer| match answer {
        Answer::Failure(reason) => reason,
        Answer::Results(_) => panic!("results twice"),
    });
    (results["table"].clone(), failure)
}

#[test]
fn a_store_in_order_is_a_table_without_a_failure() {
    let (table, failure) = told(&store("registry"));
    assert_eq!(failure, None);
    insta::assert_snapshot!(table, @r"
    STORE     CHECK     RESULT  TIME    DETAIL
    registry  dns       ok      1.2 ms  10.1.2.3
    registry  tcp       ok      1.2 ms  10.1.2.3:5432
    registry  tls       ok      1.2 ms  off (sslmode=prefer)
    registry  login     ok      1.2 ms  relation_id_3 in registry
    registry  server    ok              PostgreSQL 16.10
    registry  recovery  ok              takes changes
    registry  create    ok              relation_id_3 may make tables in public
    registry  tables    ok              12, all of them for relation_id_3 to change
    registry  registry  ok              all 12 tables of Feast's registry
    registry  latency   ok      0.2 ms  from a question to its answer
    ");
}

#[test]
fn a_machine_is_told_the_same_in_json() {
    let answers = validate(&[store("registry")], true);
    let [Answer::Results(results)] = answers.as_slice() else { panic!("{answers:?}") };
    let told: Value = serde_json::from_str(&results["json"]).unwrap();
    assert_eq!((&told["ok"], results.len()), (&json!(true), 1));
    let registry = &told["stores"]["registry"];
    assert_eq!(registry["version"], "16.10");
    assert_eq!(registry["tables"][USER]["count"], 12);
    let login =
        json!({"result": "ok", "milliseconds": 1.234, "detail": "relation_id_3 in registry"});
    assert_eq!(registry["checks"]["login"], login);
    assert!(!results["json"].contains("hunter2"));
}

#[test]
fn the_stage_at_which_it_ends_is_the_last_line_and_the_failure() {
    let mut damaged = store("online-store");
    let findings = &mut damaged.found.as_mut().unwrap().1;
    findings.facts = None;
    findings.steps.truncate(3);
    findings.steps[2].result = Err(Error::NoTls("require"));
    let (table, failure) = told(&damaged);
    let last = table.lines().last().unwrap();
    assert!(last.starts_with("online-store  tls    failed"), "{table}");
    assert_eq!(
        failure.unwrap(),
        "[online-store] tls: the server does not offer TLS, which sslmode=require asks for"
    );
}

#[test]
fn a_store_that_is_not_related_is_named_and_the_others_are_told() {
    let missing = Examined {
        name: "offline-store",
        found: Err("Please add the missing relation: offline-store".to_owned()),
    };
    let answers = validate(&[missing, store("registry")], false);
    let [Answer::Results(results), Answer::Failure(reason)] = answers.as_slice() else {
        panic!("{answers:?}")
    };
    assert_eq!(reason, "[offline-store] relation: Please add the missing relation: offline-store");
    assert_eq!(results["table"].lines().count(), 12);
}

/// One thing that is wrong, and the beginning of what is said about it.
type Damage = (fn(&mut Facts), &'static str);

#[test]
fn what_keeps_feast_from_its_work_is_a_failure() {
    let theirs = |facts: &mut Facts| {
        for table in &mut facts.tables[..5] {
            *table = Table {
                owner: "relation_id_1".to_owned(),
                held: false,
                usable: false,
                ..table.clone()
            };
        }
    };
    let damages: [Damage; 5] = [
        (|facts| facts.recovery = true, "recovery: the server is in recovery"),
        (|facts| facts.read_only = true, "recovery: sessions in this database take no changes"),
        (|facts| facts.schema = None, "create: there is no schema public"),
        (
            |facts| facts.schema = Some((true, false)),
            "create: relation_id_3 may not make tables in public, which Feast does; the owner of the schema can let it: \
             GRANT USAGE, CREATE ON SCHEMA \"public\" TO \"relation_id_3\"",
        ),
        (
            theirs,
            "tables: 5 of 12 belong to relation_id_1, and relation_id_3 may not use them; the action repair-ownership",
        ),
    ];
    for (damage, told) in damages {
        let mut registry = store("registry");
        damage(facts(&mut registry));
        let failure = self::told(&registry).1.unwrap();
        assert!(failure.starts_with(&format!("[registry] {told}")), "{failure}");
    }
}

#[test]
fn what_somebody_should_know_is_a_note_and_no_failure() {
    let damages: [Damage; 4] = [
        (
            |facts| {
                facts.tables[0] =
                    Table { owner: "other".to_owned(), held: false, ..facts.tables[0].clone() }
            },
            "tables    note            1 of 12 belong to other, and relation_id_3 may read and write them",
        ),
        (
            |facts| facts.tables[0].owner = "other".to_owned(),
            "tables    note            1 of 12 belong to other, whose rights relation_id_3 has",
        ),
        (
            |facts| drop(facts.tables.remove(0)),
            "registry  note            11 of 12 tables of Feast's registry; a client makes the others: data_sources",
        ),
        (
            |facts| facts.tables.clear(),
            "registry  ok              no table of Feast's registry yet",
        ),
    ];
    for (damage, told) in damages {
        let mut registry = store("registry");
        damage(facts(&mut registry));
        let (table, failure) = self::told(&registry);
        assert_eq!(failure, None);
        assert!(table.contains(told), "{table}");
    }
}

#[test]
fn tables_of_a_group_that_the_user_is_in_are_as_good_as_its_own() {
    let mut store = store("offline-store");
    for table in &mut facts(&mut store).tables {
        *table = Table { owner: "registry_owner".to_owned(), group: true, ..table.clone() };
    }
    let (table, failure) = told(&store);
    assert_eq!(failure, None);
    assert!(table.contains("tables    ok              12, all of them for"), "{table}");
    assert!(!table.contains("registry  registry"), "{table}");
}
