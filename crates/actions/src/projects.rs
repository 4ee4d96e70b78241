//! `list-projects`: what the registry holds.

use charm::Answer;
use feast::Project;
use serde_json::{Value, json};

use crate::Rows;
use crate::table::table;

/// The projects of the rows that [`feast::PROJECTS`] gives, as a table or in JSON.
pub fn list_projects(rows: Result<Rows, String>, in_json: bool) -> Vec<Answer> {
    let rows = match rows {
        Ok(Ok(rows)) => rows,
        Err(reason) => return vec![Answer::Failure(format!("[registry] {reason}"))],
        Ok(Err(error)) if error.is_missing_table() => {
            let reason = "the registry has no tables yet: the first client of Feast, such as the UI, makes them";
            return vec![Answer::Failure(reason.to_owned())];
        }
        Ok(Err(error)) => return vec![Answer::Failure(format!("[registry] {error}"))],
    };
    let projects: Vec<Project> = rows.iter().filter_map(|row| Project::read(row)).collect();
    let (key, text) = if in_json {
        let projects = projects.iter().map(|Project { name, updated, feature_views }| {
            json!({ "name": name, "updated": utc(*updated), "feature-views": feature_views })
        });
        ("json", Value::Array(projects.collect()).to_string())
    } else {
        let rows: Vec<Vec<String>> = projects
            .into_iter()
            .map(|Project { name, updated, feature_views }| {
                vec![name, utc(updated).unwrap_or_default(), feature_views.to_string()]
            })
            .collect();
        ("table", table(&["PROJECT", "UPDATED", "FEATURE VIEWS"], &rows))
    };
    vec![Answer::Results([(key.to_owned(), text)].into())]
}

/// As in `2026-11-26T08:15:00Z`.
fn utc(seconds: Option<i64>) -> Option<String> {
    Some(jiff::Timestamp::from_second(seconds?).ok()?.to_string())
}

#[cfg(test)]
mod tests {
    use postgresql::Error;

    use super::*;

    fn rows() -> Vec<Vec<Option<String>>> {
        let row = |row: [Option<&str>; 3]| row.map(|text| text.map(str::to_owned)).to_vec();
        vec![
            row([Some("feast_project"), Some("1764144900"), Some("2")]),
            row([Some("shop"), None, Some("0")]),
        ]
    }

    fn shown(in_json: bool) -> String {
        match list_projects(Ok(Ok(rows())), in_json).as_slice() {
            [Answer::Results(results)] => results.values().cloned().collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn each_project_is_a_line() {
        insta::assert_snapshot!(shown(false), @r"
        PROJECT        UPDATED               FEATURE VIEWS
        feast_project  2025-11-26T08:15:00Z  2
        shop                                 0
        ");
        assert_eq!(
            shown(true),
            r#"[{"feature-views":2,"name":"feast_project","updated":"2025-11-26T08:15:00Z"},{"feature-views":0,"name":"shop","updated":null}]"#
        );
    }

    #[test]
    fn a_registry_without_tables_is_told_as_one() {
        let refused = |code: &str| {
            let error = Error::Refused { code: code.to_owned(), message: "no".to_owned() };
            match list_projects(Ok(Err(error)), false).as_slice() {
                [Answer::Failure(reason)] => reason.clone(),
                other => panic!("{other:?}"),
            }
        };
        assert!(refused("42P01").starts_with("the registry has no tables yet"));
        assert_eq!(refused("42501"), "[registry] the server refuses: no (SQLSTATE 42501)");
    }
}
