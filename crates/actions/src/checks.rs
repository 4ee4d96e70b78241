//! What there is to say about a store.

use std::collections::BTreeMap;
use std::time::Duration;

use feast::REGISTRY_TABLES;
use postgresql::{Facts, Findings, Login, Stage, Table};

use crate::Examined;

/// Something that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Check {
    pub(crate) name: &'static str,
    pub(crate) verdict: Verdict,
    pub(crate) took: Option<Duration>,
    pub(crate) detail: String,
}

/// How good it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Ok,
    /// It works, and somebody should know.
    Note,
    Failed,
}

impl Verdict {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Note => "note",
            Self::Failed => "failed",
        }
    }
}

/// All that there is to say about a store.
pub(crate) fn checks(store: &Examined) -> Vec<Check> {
    let (login, Findings { steps, facts }) = match &store.found {
        Ok((login, findings)) => (login, findings),
        Err(reason) => return vec![check("relation", Verdict::Failed, reason.clone())],
    };
    let mut checks: Vec<Check> = steps
        .iter()
        .filter(|step| step.stage != Stage::Questions || step.result.is_err())
        .map(|step| Check {
            name: step.stage.name(),
            verdict: if step.result.is_ok() { Verdict::Ok } else { Verdict::Failed },
            took: Some(step.took),
            detail: step.result.clone().unwrap_or_else(|error| error.to_string()),
        })
        .collect();
    if let Some(facts) = facts {
        checks.push(check("server", Verdict::Ok, format!("PostgreSQL {}", facts.version)));
        checks.push(recovery(facts));
        checks.push(create(login, facts));
        checks.push(tables(facts));
        checks.extend((store.name == "registry").then(|| registry(facts)));
        let latency = check("latency", Verdict::Ok, "from a question to its answer".to_owned());
        checks.push(Check { took: Some(facts.round_trip), ..latency });
    }
    checks
}

fn check(name: &'static str, verdict: Verdict, detail: String) -> Check {
    Check { name, verdict, took: None, detail }
}

fn recovery(facts: &Facts) -> Check {
    let (verdict, detail) = if facts.recovery {
        (Verdict::Failed, "the server is in recovery: it follows another one and takes no changes")
    } else if facts.read_only {
        (Verdict::Failed, "sessions in this database take no changes: transactions are read-only")
    } else {
        (Verdict::Ok, "takes changes")
    };
    check("recovery", verdict, detail.to_owned())
}

fn create(login: &Login, facts: &Facts) -> Check {
    let (schema, user) = (&login.schema, &facts.user);
    let (verdict, detail) = match facts.schema {
        None => (Verdict::Failed, format!("there is no schema {schema}")),
        Some((true, true)) => (Verdict::Ok, format!("{user} may make tables in {schema}")),
        Some(_) => (
            Verdict::Failed,
            format!(
                "{user} may not make tables in {schema}, which Feast does; the owner of the schema can let it: \
                 GRANT USAGE, CREATE ON SCHEMA {schema:?} TO {user:?}"
            ),
        ),
    };
    check("create", verdict, detail)
}

fn tables(facts: &Facts) -> Check {
    let Facts { tables, user, .. } = facts;
    let total = tables.len();
    let mut foreign: BTreeMap<&str, Vec<&Table>> = BTreeMap::new();
    for table in facts.foreign() {
        foreign.entry(&table.owner).or_default().push(table);
    }
    if foreign.is_empty() {
        let detail = match total {
            0 => "none yet".to_owned(),
            total => format!("{total}, all of them for {user} to change"),
        };
        return check("tables", Verdict::Ok, detail);
    }
    let mut verdict = Verdict::Note;
    let said: Vec<String> = foreign
        .iter()
        .map(|(owner, theirs)| {
            let rights = if theirs.iter().all(|table| table.held) {
                format!("whose rights {user} has")
            } else if theirs.iter().all(|table| table.usable) {
                format!("and {user} may read and write them, but not change or drop them")
            } else {
                verdict = Verdict::Failed;
                format!("and {user} may not use them")
            };
            format!("{} of {total} belong to {owner}, {rights}", theirs.len())
        })
        .collect();
    let detail = format!(
        "{}; the action repair-ownership of feast-integrator mends that, or says who can",
        said.join("; ")
    );
    check("tables", verdict, detail)
}

fn registry(facts: &Facts) -> Check {
    let there = |name: &&str| facts.tables.iter().any(|table| table.name == **name);
    let missing: Vec<&str> = REGISTRY_TABLES.iter().copied().filter(|name| !there(name)).collect();
    let total = REGISTRY_TABLES.len();
    let (verdict, detail) = match missing.len() {
        0 => (Verdict::Ok, format!("all {total} tables of Feast's registry")),
        all if all == total => (
            Verdict::Ok,
            "no table of Feast's registry yet: the first client makes them".to_owned(),
        ),
        some => (
            Verdict::Note,
            format!(
                "{} of {total} tables of Feast's registry; a client makes the others: {}",
                total - some,
                missing.join(", ")
            ),
        ),
    };
    check("registry", verdict, detail)
}
