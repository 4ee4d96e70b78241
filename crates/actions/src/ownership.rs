//! `repair-ownership`: what an earlier user of the databases has left, and whose it is now.

use charm::Answer;
use postgresql::{Error, Outcome};

use crate::table::table;

/// A store whose tables were to be taken over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repaired {
    /// One of [`STORES`](crate::STORES).
    pub name: &'static str,
    /// What became of each table that belonged to another user, or why nothing could be done.
    pub outcomes: Result<Vec<Outcome>, String>,
}

/// What was mended and what was not, with the statements for somebody who may.
pub fn repair_ownership(stores: &[Repaired]) -> Vec<Answer> {
    let mut rows = Vec::new();
    let (mut mended, mut left) = (0, 0);
    let (mut statements, mut troubles) = (Vec::new(), Vec::new());
    for Repaired { name, outcomes } in stores {
        let outcomes = match outcomes {
            Ok(outcomes) => outcomes,
            Err(reason) => {
                troubles.push(format!("[{name}] {reason}"));
                continue;
            }
        };
        let mut refused: Vec<&Error> = Vec::new();
        for Outcome { table, statement, result } in outcomes {
            let told = match result {
                Some(Ok(())) => {
                    mended += 1;
                    "mended".to_owned()
                }
                Some(Err(error)) => {
                    left += 1;
                    refused.push(error);
                    statements.push(format!("{statement};"));
                    error.to_string()
                }
                None => {
                    statements.push(format!("{statement};"));
                    "not tried".to_owned()
                }
            };
            rows.push(vec![(*name).to_owned(), table.name.clone(), table.owner.clone(), told]);
        }
        troubles.extend(refused.first().map(|error| {
            let count = refused.len();
            let reason = if error.is_missing_right() {
                "the server lets only their owner, its members and superusers give them away: have one of these run the \
                 statements in the results in this database"
                    .to_owned()
            } else {
                error.to_string()
            };
            format!("[{name}] {count} tables still belong to another role; {reason}")
        }));
    }
    let told = match rows.len() {
        0 => "No table belongs to another role.".to_owned(),
        _ => table(&["STORE", "TABLE", "OWNER", "RESULT"], &rows),
    };
    let statements = (!statements.is_empty()).then(|| ("statements", statements.join("\n")));
    let results = [("mended", mended.to_string()), ("left", left.to_string()), ("table", told)];
    let results = results.into_iter().chain(statements);
    let results = results.map(|(key, text)| (key.to_owned(), text)).collect();
    let mut answers = vec![Answer::Results(results)];
    if !troubles.is_empty() {
        answers.push(Answer::Failure(troubles.join("; ")));
    }
    answers
}

#[cfg(test)]
mod tests {
    use postgresql::{Table, give};

    use super::*;

    fn outcome(name: &str, result: Option<Result<(), Error>>) -> Outcome {
        let (owner, name) = ("relation_id_1".to_owned(), name.to_owned());
        let statement = give("public", &name, "relation_id_3");
        Outcome { table: Table { name, owner, ..Table::default() }, statement, result }
    }

    fn told(outcomes: Result<Vec<Outcome>, String>) -> (String, Option<String>) {
        let answers = repair_ownership(&[Repaired { name: "registry", outcomes }]);
        let Some(Answer::Results(results)) = answers.first() else { panic!("{answers:?}") };
        let failure = answers.get(1).map(|answer| match answer {
            Answer::Failure(reason) => reason.clone(),
            Answer::Results(_) => panic!("results twice"),
        });
        let lines: Vec<String> =
            results.iter().map(|(key, text)| format!("{key}: {text}")).collect();
        (lines.join("\n"), failure)
    }

    #[test]
    fn what_is_mended_is_counted() {
        let (told, failure) = told(Ok(vec![outcome("entities", Some(Ok(())))]));
        assert_eq!(failure, None);
        insta::assert_snapshot!(told, @r"
        left: 0
        mended: 1
        table: STORE     TABLE     OWNER          RESULT
        registry  entities  relation_id_1  mended
        ");
    }

    #[test]
    fn what_the_server_does_not_allow_is_explained_with_what_to_run() {
        let refusal = Error::Refused {
            code: "42501".to_owned(),
            message: "must be owner of table entities".to_owned(),
        };
        let (told, failure) =
            told(Ok(vec![outcome("entities", Some(Err(refusal))), outcome("x", Some(Ok(())))]));
        insta::assert_snapshot!(told, @r#"
        left: 1
        mended: 1
        statements: ALTER TABLE "public"."entities" OWNER TO "relation_id_3";
        table: STORE     TABLE     OWNER          RESULT
        registry  entities  relation_id_1  the server refuses: must be owner of table entities (SQLSTATE 42501)
        registry  x         relation_id_1  mended
        "#);
        let failure = failure.unwrap();
        assert!(
            failure.starts_with(
                "[registry] 1 tables still belong to another role; the server lets only their owner"
            ),
            "{failure}"
        );
    }

    #[test]
    fn what_is_only_looked_at_is_no_failure() {
        let (told, failure) = told(Ok(vec![outcome("entities", None)]));
        assert_eq!(failure, None);
        assert!(told.contains("not tried") && told.contains("mended: 0"), "{told}");
        assert!(told.contains("statements: ALTER TABLE"), "{told}");
    }

    #[test]
    fn a_store_that_cannot_be_reached_is_a_failure_and_nothing_to_do_is_none() {
        let (_, failure) = told(Err("no answer within 10 s".to_owned()));
        assert_eq!(failure.unwrap(), "[registry] no answer within 10 s");
        let (told, failure) = told(Ok(Vec::new()));
        assert!(told.contains("No table belongs to another role."), "{told}");
        assert_eq!(failure, None);
    }
}
