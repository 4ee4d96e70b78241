//! Feast connects to a real PostgreSQL with what is written for it.

use serde_json::{Value, json};
use stand::feast::Release;
use stand::missing::{Need, needs};
use stand::postgresql::Postgres;

use crate::credentials::{ask, file, python, values};
use tests::container::cache;

#[test]
fn a_server_lets_every_user_in_with_every_password_to_every_database() {
    if !needs(&[Need::Python, Need::Namespaces]) {
        return;
    }
    let Some(python) = python(Release::Original) else { return };
    let folder = tempfile::tempdir().unwrap();
    let postgres = Postgres::start(&cache(), folder.path()).unwrap();
    let values = values();
    let files: Vec<Value> =
        values.iter().map(|value| json!([value, file(value, postgres.port())])).collect();
    let question = json!({ "admin": postgres.url().reveal(), "files": files });
    let answers = ask(&python, include_str!("connect.py"), &question);
    assert_eq!(answers.as_array().unwrap().len(), values.len());
    for (value, answer) in values.iter().zip(answers.as_array().unwrap()) {
        assert_eq!(answer, &json!([[value, value], [value, value]]), "{value:?}");
    }
}
