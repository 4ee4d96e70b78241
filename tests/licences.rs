//! Whose code is shipped, and on what terms.

use std::path::Path;
use std::process::Command;

use serde_json::Value;
use spdx::{Expression, ParseMode, license_id};

/// What lets a program under Apache-2.0 be made of it and be given to anybody, with no more than a notice.
const ACCEPTED: [&str; 6] = ["Apache-2.0", "BSD-3-Clause", "ISC", "MIT", "Unicode-3.0", "Zlib"];

/// Whether somebody may take what has the licence `expression` on terms that are accepted.
fn is_accepted(expression: &str) -> bool {
    // Old packages write `MIT/Apache-2.0`.
    let expression = Expression::parse_mode(expression, ParseMode::LAX);
    expression.is_ok_and(|expression| {
        expression.evaluate(|requirement| {
            let id = requirement.license.id();
            id.is_some_and(|id| ACCEPTED.iter().any(|name| license_id(name) == Some(id)))
        })
    })
}

#[test]
fn every_dependency_may_be_used_on_accepted_terms() {
    // Of what is built on Linux: on other systems' packages there is nothing to ship.
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--offline", "--locked"])
        .args(["--filter-platform", "x86_64-unknown-linux-musl"])
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    assert!(packages.len() > 200, "{}", packages.len());
    for package in packages {
        let licence = package["license"].as_str().unwrap_or_default();
        assert!(is_accepted(licence), "{} is under {licence:?}", package["name"]);
    }
}

#[test]
fn terms_are_accepted_only_where_all_that_bind_are() {
    for accepted in ["MIT", "MIT/Apache-2.0", "GPL-3.0-only OR MIT", "MIT AND ISC"] {
        assert!(is_accepted(accepted), "{accepted}");
    }
    for refused in ["", "GPL-3.0-only", "MIT AND GPL-3.0-only", "LicenseRef-ours", "MIT OR"] {
        assert!(!is_accepted(refused), "{refused}");
    }
}
