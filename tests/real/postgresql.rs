//! Feast connects to a real PostgreSQL with what is written for it.

use serde_json::{Value, json};
use stand::feast::Release;
use stand::missing::{Need, needs};
use stand::postgresql::Postgres;

use crate::credentials::{Login, ask, file, logins, python};
use tests::container::cache;

#[test]
fn a_server_lets_every_user_in_with_every_password_to_every_database() {
    if !needs(&[Need::Python, Need::Namespaces]) {
        return;
    }
    let Some(python) = python(Release::Original) else { return };
    let folder = tempfile::tempdir().unwrap();
    let postgres = Postgres::start(&cache(), folder.path()).unwrap();
    let logins = logins();
    let question = |login: &Login| {
        let Login { user, password, database } = login;
        json!([user, password, database, file(login, postgres.port())])
    };
    let questions: Vec<Value> = logins.iter().map(question).collect();
    let question = json!({ "admin": postgres.url().reveal(), "logins": questions });
    let answers = ask(&python, include_str!("connect.py"), &question);
    assert_eq!(answers.as_array().unwrap().len(), logins.len());
    for (login, answer) in logins.iter().zip(answers.as_array().unwrap()) {
        let Login { user, database, .. } = login;
        assert_eq!(answer, &json!([[user, database], [user, database]]), "{login:?}");
    }
}
