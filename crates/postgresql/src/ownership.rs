//! Taking over what an earlier user of a database has left.

use postgres_protocol::escape::escape_identifier;

use crate::{Error, Facts, Session, Table};

/// What became of one table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The table as it was.
    pub table: Table,
    /// The statement that gives it to the user: for somebody with more rights, where it failed.
    pub statement: String,
    /// Whether it belongs to the user now; none where it was not tried.
    pub result: Option<Result<(), Error>>,
}

impl Session {
    /// Gives the tables of other users to this one, each for itself, as far as the server allows; all that remains is as
    /// it was. Nothing is tried where that is not `wanted`.
    ///
    /// A table that somebody is working with is waited for, for a few seconds.
    pub async fn take_over(&self, schema: &str, facts: &Facts, wanted: bool) -> Vec<Outcome> {
        let mut outcomes = Vec::new();
        for table in facts.foreign() {
            let statement = give(schema, &table.name, &facts.user);
            let result = if wanted {
                // Both in one transaction, which ends with them.
                let sql = format!("SET LOCAL lock_timeout = '3s'; {statement}");
                Some(self.rows(&sql).await.map(drop))
            } else {
                None
            };
            outcomes.push(Outcome { table: table.clone(), statement, result });
        }
        outcomes
    }
}

/// The statement that gives a table, view or sequence to `user`. PostgreSQL takes the word `TABLE` for all of them.
pub fn give(schema: &str, name: &str, user: &str) -> String {
    let [schema, name, user] = [schema, name, user].map(escape_identifier);
    format!("ALTER TABLE {schema}.{name} OWNER TO {user}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_quoted() {
        assert_eq!(
            give("public", "a\"b", "relation_id_1"),
            "ALTER TABLE \"public\".\"a\"\"b\" OWNER TO \"relation_id_1\""
        );
    }
}
