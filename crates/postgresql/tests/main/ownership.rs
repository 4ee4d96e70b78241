//! What an earlier user has left in a real server.

use postgresql::{Outcome, Session};

use crate::real::Server;
use crate::{LONG, look};

/// A table, a view, a materialized view and a sequence of the earlier user, and a table of this one.
const LEFT: &str = r#"
    SET ROLE relation_id_1;
    CREATE TABLE "a ""table""" (id serial);
    CREATE VIEW a_view AS SELECT 1 AS one;
    CREATE MATERIALIZED VIEW a_materialized_view AS SELECT 1 AS one;
    CREATE SEQUENCE a_sequence;
    SET ROLE relation_id_3;
    CREATE TABLE own ();
"#;

async fn take_over(server: &Server, wanted: bool) -> Vec<Outcome> {
    let login = server.login();
    let session = Session::open(&login, LONG, &mut Vec::new()).await.unwrap();
    let facts = session.facts("public").await.unwrap();
    session.take_over("public", &facts, wanted).await
}

fn owners(server: &Server) -> String {
    server.run(
        "feast",
        "SELECT DISTINCT relowner::regrole::text FROM pg_class WHERE relnamespace = 'public'::regnamespace ORDER BY 1",
    )
}

#[tokio::test]
async fn what_another_user_has_left_is_seen_with_what_may_be_done_to_it() {
    let Some(server) = Server::start(&[]) else { return };
    server.run("feast", LEFT);
    let facts = look(&server.login(), LONG).await.facts.unwrap();
    assert_eq!(facts.tables.len(), 5);
    assert_eq!(facts.foreign().count(), 4);
    assert!(facts.foreign().all(|table| !table.held && !table.usable && !table.group));

    server.run(
        "feast",
        "GRANT ALL ON ALL TABLES IN SCHEMA public TO relation_id_3;
         GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO relation_id_3",
    );
    let facts = look(&server.login(), LONG).await.facts.unwrap();
    assert!(facts.foreign().all(|table| !table.held && table.usable), "{facts:?}");
}

#[tokio::test]
async fn without_the_right_nothing_is_taken_over_and_the_statements_do_it_for_somebody_else() {
    let Some(server) = Server::start(&[]) else { return };
    server.run("feast", LEFT);
    let outcomes = take_over(&server, true).await;
    assert_eq!(outcomes.len(), 4);
    for Outcome { result, .. } in &outcomes {
        let error = result.clone().unwrap().unwrap_err();
        assert!(error.is_missing_right(), "{error}");
    }
    assert_eq!(owners(&server), "relation_id_1\nrelation_id_3");
    let statements: Vec<String> =
        outcomes.into_iter().map(|outcome| outcome.statement + ";").collect();
    server.run("feast", &statements.join("\n"));
    assert_eq!(owners(&server), "relation_id_3");
    assert_eq!(take_over(&server, true).await, []);
}

#[tokio::test]
async fn with_the_right_everything_is_taken_over_once_and_only_if_that_is_wanted() {
    let Some(server) = Server::start(&[]) else { return };
    server.run("feast", LEFT);
    server.run("feast", "GRANT relation_id_1 TO relation_id_3");
    let looked_at = take_over(&server, false).await;
    assert!(looked_at.iter().all(|outcome| outcome.result.is_none()));
    assert_eq!(owners(&server), "relation_id_1\nrelation_id_3");
    let outcomes = take_over(&server, true).await;
    assert_eq!(outcomes.len(), 4);
    assert!(outcomes.iter().all(|outcome| outcome.result == Some(Ok(()))), "{outcomes:?}");
    assert_eq!(owners(&server), "relation_id_3");
    assert_eq!(take_over(&server, true).await, []);
}

#[tokio::test]
async fn what_belongs_to_a_group_stays_with_it() {
    let Some(server) = Server::start(&[]) else { return };
    server.run("feast", LEFT);
    server.run(
        "feast",
        "CREATE ROLE feast_owner NOLOGIN;
         GRANT CREATE ON SCHEMA public TO feast_owner;
         REASSIGN OWNED BY relation_id_1 TO feast_owner;
         GRANT feast_owner TO relation_id_3",
    );
    assert_eq!(take_over(&server, true).await, []);
    server.run("feast", "REVOKE feast_owner FROM relation_id_3");
    let outcomes = take_over(&server, true).await;
    assert!(outcomes.iter().all(|outcome| matches!(outcome.result, Some(Err(_)))), "{outcomes:?}");
    assert_eq!(outcomes.len(), 4);
}
