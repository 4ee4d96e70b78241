//! `validate`: whether the stores can be used.

use std::collections::BTreeMap;
use std::time::Duration;

use charm::Answer;
use postgresql::Facts;
use serde_json::{Map, Value, json};

use crate::Examined;
use crate::checks::{Check, Verdict, checks};
use crate::table::table;

/// No more tables are named than these, so that an answer stays one that Juju takes.
const NAMED: usize = 50;

/// What was found, as a table or in JSON, and a failure where something does not work.
pub fn validate(stores: &[Examined], in_json: bool) -> Vec<Answer> {
    let checked: Vec<(&Examined, Vec<Check>)> =
        stores.iter().map(|store| (store, checks(store))).collect();
    let failed: Vec<String> = checked
        .iter()
        .flat_map(|(store, checks)| checks.iter().map(|check| (store.name, check)))
        .filter(|(_, check)| check.verdict == Verdict::Failed)
        .map(|(store, Check { name, detail, .. })| format!("[{store}] {name}: {detail}"))
        .collect();
    let (key, text) = if in_json {
        ("json", document(&checked, failed.is_empty()).to_string())
    } else {
        ("table", lines(&checked))
    };
    let mut answers = vec![Answer::Results([(key.to_owned(), text)].into())];
    if !failed.is_empty() {
        answers.push(Answer::Failure(failed.join("; ")));
    }
    answers
}

fn lines(checked: &[(&Examined, Vec<Check>)]) -> String {
    let row = |store: &str, check: &Check| {
        let Check { name, verdict, took, detail } = check;
        let took = took.map(|took| format!("{:.1} ms", milliseconds(took))).unwrap_or_default();
        vec![store.to_owned(), (*name).to_owned(), verdict.word().to_owned(), took, detail.clone()]
    };
    let rows: Vec<Vec<String>> = checked
        .iter()
        .flat_map(|(store, checks)| checks.iter().map(|check| row(store.name, check)))
        .collect();
    table(&["STORE", "CHECK", "RESULT", "TIME", "DETAIL"], &rows)
}

fn document(checked: &[(&Examined, Vec<Check>)], ok: bool) -> Value {
    let stores: Map<String, Value> =
        checked.iter().map(|(store, checks)| (store.name.to_owned(), one(store, checks))).collect();
    json!({ "ok": ok, "stores": stores })
}

fn one(store: &Examined, checks: &[Check]) -> Value {
    let said: Map<String, Value> = checks
        .iter()
        .map(|Check { name, verdict, took, detail }| {
            let mut said = json!({ "result": verdict.word(), "detail": detail });
            if let Some(took) = took {
                // As a person writes it: microseconds and no more.
                said["milliseconds"] = json!((milliseconds(*took) * 1e3).round() / 1e3);
            }
            ((*name).to_owned(), said)
        })
        .collect();
    let ok = checks.iter().all(|check| check.verdict != Verdict::Failed);
    let mut document = json!({ "ok": ok, "checks": said });
    if let Ok((login, findings)) = &store.found {
        document["host"] = json!(login.host);
        document["port"] = json!(login.port);
        document["database"] = json!(login.database);
        document["user"] = json!(login.user);
        document["sslmode"] = json!(login.sslmode.word());
        if let Some(facts) = &findings.facts {
            document["version"] = json!(facts.version);
            document["tables"] = owners(facts);
        }
    }
    document
}

fn owners(facts: &Facts) -> Value {
    let mut owners: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for table in &facts.tables {
        owners.entry(&table.owner).or_default().push(&table.name);
    }
    let owner = |(owner, names): (&str, Vec<&str>)| {
        let some: Vec<&str> = names.iter().copied().take(NAMED).collect();
        (owner.to_owned(), json!({ "count": names.len(), "names": some }))
    };
    Value::Object(owners.into_iter().map(owner).collect())
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

#[cfg(test)]
mod tests;
