//! `feature_store.yaml` in the container of the UI.

use charm::{File, ServiceState};
use juju_sim::Relation;
use serde_json::Value;

use crate::always::{Findings, always};
use crate::case::{Hook, UI};
use crate::rules::DATABASES;

const ENDPOINT: &str = "feast-configuration";

/// The file before and after.
fn files(hook: &Hook) -> [Option<&File>; 2] {
    hook.inside.each_ref().map(|inside| inside.as_ref()?.files.get(feast_ui::FILE))
}

/// Looks whether the file has what the integrator has told, byte for byte.
fn must_arrive(hook: &Hook, found: &mut Findings, is: fn(&str) -> bool) {
    let mut live = hook.case.live(ENDPOINT);
    let (Some(relation), None) = (live.next(), live.next()) else { return };
    // What makes no sense is named, and the file stays as it is. Where something else is worse, that is named.
    let named = hook.status().contains("[feast-configuration]");
    let hidden = hook.status().starts_with("blocked ");
    if named || hidden || !hook.case.brings_news() || hook.inside[0].is_none() {
        return;
    }
    let document: Value = files(hook)[1]
        .and_then(|file| serde_yaml::from_str(file.content.reveal()).ok())
        .unwrap_or_default();
    for (_, store) in DATABASES.iter().filter(|(_, store)| *store != "registry") {
        for part in ["user", "password", "database"] {
            let told = relation.remote_app_data.get(&format!("{store}_{part}"));
            if let Some(told) = told.filter(|told| is(told)) {
                let same = document[*store][part] == told.as_str();
                found.must(same, format!("{store} has another {part}"));
            }
        }
    }
}

#[test]
fn whatever_the_integrator_tells_arrives_in_the_file() {
    let python = always(UI, |hook, found| must_arrive(hook, found, |_| true));
    assert_eq!(python, 69);
}

#[test]
fn a_password_that_looks_like_a_template_is_none() {
    let python = always(UI, |hook, found| {
        must_arrive(hook, found, |text| ["{{", "{%", "{#"].iter().any(|mark| text.contains(mark)));
    });
    assert_eq!(python, 4);
}

#[test]
fn a_dollar_is_not_there_for_the_environment_to_replace() {
    let python = always(UI, |hook, found| {
        let told = |one: &Relation| {
            let mut pairs = one.remote_app_data.iter();
            pairs.any(|(key, text)| key.ends_with("_password") && text.contains('$'))
        };
        let [before, after] = files(hook);
        if before != after && hook.case.live(ENDPOINT).any(told) {
            let text = after.map_or("", |file| file.content.reveal());
            found.must(!text.contains('$'), "there is a dollar in the file");
        }
    });
    assert_eq!(python, 1);
}

#[test]
fn a_changed_file_restarts_the_ui() {
    let python = always(UI, |hook, found| {
        let [Some(before), Some(after)] = &hook.inside else { return };
        let runs = before.states.get(UI) == Some(&ServiceState::Active);
        let [old, new] = files(hook).map(|file| file.map(|file| &file.content));
        if runs && old != new {
            // On a replan, Pebble restarts a service where its plan has changed.
            let [old, new] = [before, after].map(|inside| inside.services.get(UI));
            found.must(old != new, "the service goes on as it is");
        }
    });
    assert_eq!(python, 4);
}

#[test]
fn no_temporary_file_is_left_behind() {
    let python = always(UI, |hook, found| {
        found.same(&hook.temporary_files, &0, "the number of temporary files");
    });
    assert_eq!(python, 182);
}
