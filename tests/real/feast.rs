//! Real Feast reads what is written for it.

use serde_json::{Value, json};
use stand::feast::Release;

use crate::credentials::{ask, file, python, values};

fn both_ways(release: Release) {
    let Some(python) = python(release) else { return };
    let values = values();
    let files: Vec<String> = values.iter().map(|value| file(value, 5432)).collect();
    let answers = ask(&python, include_str!("load.py"), &json!(files));
    assert_eq!(answers.as_array().unwrap().len(), values.len());
    for (value, answer) in values.iter().zip(answers.as_array().unwrap()) {
        let all: Value =
            json!([[value, value, value], [value, value, value], [value, value, value]]);
        for way in ["straight", "dispatched"] {
            assert_eq!(answer[way], all, "{value:?} {way}");
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
