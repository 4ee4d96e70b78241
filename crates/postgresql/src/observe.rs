//! Looking at one database.

use std::time::Duration;

use postgres_protocol::escape::escape_literal;
use tokio::time::Instant;

use crate::{Error, Facts, Findings, Login, Session, Stage, Step, Table};

/// How often the way of a question is measured: the first one may meet a server that is still busy with the login.
const ROUND_TRIPS: u32 = 3;

/// Looks at one database within `limit`, and changes nothing in it.
pub async fn observe(login: &Login, limit: Duration) -> Findings {
    let mut steps = Vec::new();
    let Some(session) = Session::open(login, limit, &mut steps).await else {
        return Findings { steps, facts: None };
    };
    let begun = Instant::now();
    let facts = session.facts(&login.schema).await;
    let took = begun.elapsed();
    let (result, facts) = match facts {
        Ok(facts) => (Ok(format!("PostgreSQL {}", facts.version)), Some(facts)),
        Err(error) => (Err(error), None),
    };
    steps.push(Step { stage: Stage::Questions, took, result });
    Findings { steps, facts }
}

impl Session {
    /// What the server says about itself, the database, the `schema` and the user.
    ///
    /// # Errors
    ///
    /// [`Error`] when the server refuses, hangs up or does not answer in time.
    pub async fn facts(&self, schema: &str) -> Result<Facts, Error> {
        let schema = escape_literal(schema);
        let rows = self
            .rows(&format!(
                "SELECT current_setting('server_version'), current_user, pg_is_in_recovery(), \
                 current_setting('transaction_read_only') = 'on', \
                 (SELECT has_schema_privilege(oid, 'USAGE') FROM pg_namespace WHERE nspname = {schema}), \
                 (SELECT has_schema_privilege(oid, 'CREATE') FROM pg_namespace WHERE nspname = {schema})"
            ))
            .await?;
        let mut row = rows.into_iter().next().unwrap_or_default().into_iter();
        let mut next = || row.next().flatten();
        let (version, user) = (next().unwrap_or_default(), next().unwrap_or_default());
        let mut flag = || next().map(|value| value == "t");
        let (recovery, read_only) = (flag().unwrap_or_default(), flag().unwrap_or_default());
        let rights = flag().zip(flag());
        // Those of a column belong to its table, and those of an extension to it.
        let tables = self
            .rows(&format!(
                "SELECT c.relname, r.rolname, NOT r.rolcanlogin, pg_has_role(c.relowner, 'USAGE'), \
                 CASE WHEN c.relkind = 'S' THEN has_sequence_privilege(c.oid, 'USAGE') \
                 WHEN c.relkind IN ('v', 'm') THEN has_table_privilege(c.oid, 'SELECT') \
                 ELSE has_table_privilege(c.oid, 'SELECT') AND has_table_privilege(c.oid, 'INSERT') \
                 AND has_table_privilege(c.oid, 'UPDATE') AND has_table_privilege(c.oid, 'DELETE') END \
                 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_roles r ON r.oid = c.relowner \
                 WHERE n.nspname = {schema} AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') \
                 AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid \
                 AND (d.deptype = 'e' OR c.relkind = 'S' AND d.deptype IN ('a', 'i'))) \
                 ORDER BY c.relname"
            ))
            .await?;
        let mut round_trip = Duration::MAX;
        for _ in 0..ROUND_TRIPS {
            let begun = Instant::now();
            self.rows("SELECT 1").await?;
            round_trip = round_trip.min(begun.elapsed());
        }
        let tables = tables.into_iter().map(table).collect();
        Ok(Facts {
            version: short(&version),
            user,
            recovery,
            read_only,
            schema: rights,
            tables,
            round_trip,
        })
    }
}

fn table(row: Vec<Option<String>>) -> Table {
    let mut row = row.into_iter();
    let mut next = || row.next().flatten().unwrap_or_default();
    let (name, owner) = (next(), next());
    let mut flag = || next() == "t";
    Table { name, owner, group: flag(), held: flag(), usable: flag() }
}

/// Without what a distribution adds: `16.10 (Ubuntu 16.10-0ubuntu0.24.04.1)`.
fn short(version: &str) -> String {
    version.split(' ').next().unwrap_or_default().to_owned()
}
