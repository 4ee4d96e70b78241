//! Databases that are in order, and all the ways in which they are not.
#![cfg(test)]

mod ownership;
mod real;
mod scripted;
mod tls;

use std::time::Duration;

use charm::Secret;
use postgresql::{Error, Findings, Login, SslMode, Stage, observe};

/// A part of every password: nothing that people can read may have it.
const CANARY: &str = "canary p@ss/w:rd";

/// Longer than any server takes that answers at all.
const LONG: Duration = Duration::from_mins(1);

fn login(port: u16, sslmode: SslMode) -> Login {
    Login {
        host: "127.0.0.1".to_owned(),
        port,
        database: "feast".to_owned(),
        schema: "public".to_owned(),
        user: "relation_id_3".to_owned(),
        password: Secret::new(CANARY),
        sslmode,
    }
}

/// Looks, and sees to it that no password shows.
async fn look(login: &Login, limit: Duration) -> Findings {
    let findings = observe(login, limit).await;
    let printed = format!("{findings:?} {login:?}");
    assert!(!printed.contains("canary"), "{printed}");
    findings
}

/// The stages that went well, and why the next one did not.
fn trouble(findings: &Findings) -> (Vec<Stage>, Stage, Error) {
    assert_eq!(findings.facts, None);
    let (last, passed) = findings.steps.split_last().unwrap();
    assert!(passed.iter().all(|step| step.result.is_ok()), "{findings:?}");
    let passed = passed.iter().map(|step| step.stage).collect();
    (passed, last.stage, last.result.clone().unwrap_err())
}
