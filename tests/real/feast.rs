//! Real Feast reads what is written for it.

use serde_json::{Value, json};
use stand::feast::Release;

use crate::credentials::{Login, ask, file, logins, python};

fn both_ways(release: Release) {
    let Some(python) = python(release) else { return };
    let logins = logins();
    let files: Vec<String> = logins.iter().map(|login| file(login, 5432)).collect();
    let answers = ask(&python, include_str!("load.py"), &json!(files));
    assert_eq!(answers.as_array().unwrap().len(), logins.len());
    for (login, answer) in logins.iter().zip(answers.as_array().unwrap()) {
        let Login { user, password, database } = login;
        let all: Value = json!(vec![json!([user, password, database]); 3]);
        for way in ["straight", "dispatched"] {
            assert_eq!(answer[way], all, "{login:?} {way}");
        }
    }
}

#[test]
fn the_original_feast_reads_every_user_password_and_database() {
    both_ways(Release::Original);
}

#[test]
fn the_newest_feast_reads_every_user_password_and_database() {
    both_ways(Release::Newest);
}
