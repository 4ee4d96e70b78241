//! `feast-configuration`: what the UI is told. A Python UI fails every hook on anything between fifteen keys and none.

use std::collections::BTreeSet;

use juju_sim::Relation;

use super::{DATABASES, credentials, is_without_a_database};
use crate::always::{always, sources};
use crate::case::{INTEGRATOR, UI};
use crate::decided::decided;

const ENDPOINT: &str = "feast-configuration";

fn fifteen() -> BTreeSet<String> {
    let parts = ["user", "password", "host", "port", "database"];
    let key = |(_, store): &(&str, &str)| parts.map(|part| format!("{store}_{part}"));
    DATABASES.iter().flat_map(key).collect()
}

#[test]
fn the_configuration_is_published_whole_or_not_at_all() {
    let python = always(INTEGRATOR, |hook, found| {
        for (_, after) in hook.live(ENDPOINT).filter(|_| hook.speaks()) {
            let keys: BTreeSet<String> = after.local_app_data.keys().cloned().collect();
            let filled = after.local_app_data.values().all(|value| !value.is_empty());
            let whole = keys == fifteen() && filled;
            found.must(keys.is_empty() || whole, format!("the keys are {keys:?}"));
        }
    });
    // It leaves a sixteenth key, and publishes empty values.
    assert_eq!(python, 4);
}

#[test]
fn ports_in_the_configuration_are_canonical_decimal_numbers() {
    let python = always(INTEGRATOR, |hook, found| {
        for (before, after) in hook.live(ENDPOINT) {
            for (key, value) in &after.local_app_data {
                if key.ends_with("_port") && before.local_app_data.get(key) != Some(value) {
                    let number = value.parse::<u16>().ok().filter(|number| *number != 0);
                    let canonical = number.map(|number| number.to_string());
                    found.must(canonical.as_ref() == Some(value), format!("{key} is {value:?}"));
                }
            }
        }
    });
    assert_eq!(python, 1);
}

#[test]
fn a_lost_database_takes_all_fifteen_keys_in_one_hook() {
    let python = always(INTEGRATOR, |hook, found| {
        if hook.speaks() && is_without_a_database(hook) {
            for (_, after) in hook.live(ENDPOINT) {
                let left: Vec<&String> = after.local_app_data.keys().collect();
                found.must(left.is_empty(), format!("left behind: {left:?}"));
            }
        }
    });
    assert_eq!(python, 0);
}

#[test]
fn nothing_of_the_configuration_changes_while_a_database_has_not_answered() {
    let python = always(INTEGRATOR, |hook, found| {
        let answered = |(endpoint, _): &(&str, &str)| {
            hook.case.live(endpoint).any(|relation| {
                let told = |key: &str| {
                    relation.remote_app_data.get(key).is_some_and(|value| !value.is_empty())
                };
                told("endpoints") && told("database") && credentials(&hook.case, relation).is_some()
            })
        };
        if !is_without_a_database(hook) && !DATABASES.iter().all(answered) {
            for (before, after) in hook.live(ENDPOINT) {
                let (before, after) = (&before.local_app_data, &after.local_app_data);
                // What is not whole is withdrawn, and so is what the UI does not know.
                let whole = fifteen().iter().all(|key| before.contains_key(key));
                let kept = fifteen().iter().all(|key| before.get(key) == after.get(key));
                let gone = after.is_empty() && !whole;
                found.must(!hook.speaks() || kept || gone, "something has changed");
            }
        }
    });
    assert_eq!(python, 3);
}

#[test]
fn users_and_passwords_in_the_configuration_are_those_of_the_database_byte_for_byte() {
    let python = always(INTEGRATOR, |hook, found| {
        for (before, after) in hook.live(ENDPOINT) {
            let (before, after) = (&before.local_app_data, &after.local_app_data);
            for (endpoint, store) in DATABASES
                .iter()
                .filter(|_| after.iter().any(|(key, value)| before.get(key) != Some(value)))
            {
                let databases: Vec<_> = hook.case.live(endpoint).collect();
                let [database] = databases[..] else {
                    found.must(false, format!("{endpoint} has {} relations", databases.len()));
                    continue;
                };
                let published = [format!("{store}_user"), format!("{store}_password")]
                    .map(|key| after.get(&key).cloned().unwrap_or_default());
                let told = credentials(&hook.case, database).map(<[String; 2]>::from);
                found.must(told == Some(published), format!("{store} has others"));
            }
        }
    });
    assert_eq!(python, 2);
}

#[test]
fn the_database_that_was_answered_is_the_one_that_the_ui_is_told() {
    let python = always(INTEGRATOR, |hook, found| {
        for (before, after) in hook.live(ENDPOINT) {
            for (endpoint, store) in DATABASES {
                let key = format!("{store}_database");
                let [before, after] = [before, after].map(|one| one.local_app_data.get(&key));
                if after.is_some() && after != before {
                    let answered = |one: &Relation| one.remote_app_data.get("database") == after;
                    let mut live = hook.case.live(endpoint);
                    found.must(live.all(answered), format!("{store} is in {after:?}"));
                }
            }
        }
    });
    assert_eq!(python, 0);
}

#[test]
fn whatever_a_ui_announces_it_is_told_the_same() {
    let mut compared = 0;
    for hook in sources().recorded.iter().filter(|hook| hook.case.charm == INTEGRATOR) {
        let mut case = hook.case.clone();
        for relation in case.state.relations.iter_mut().filter(|one| one.endpoint == ENDPOINT) {
            let announced = [("version", "2"), ("features", "[\"tls\"]"), ("registry_port", "1")];
            let announced = announced.map(|(key, value)| (key.to_owned(), value.to_owned()));
            relation.remote_app_data.extend(announced.clone());
            for bag in relation.remote_units_data.values_mut() {
                bag.extend(announced.clone());
            }
            let told = |hook: &crate::case::Hook| {
                hook.after.relation(relation.id).map(|relation| relation.local_app_data.clone())
            };
            assert_eq!(told(&decided(&hook.case)), told(hook));
            compared += 1;
        }
        let (ours, other) = (decided(&hook.case), decided(&case));
        for (one, another) in ours.after.relations.iter().zip(&other.after.relations) {
            assert_eq!(one.local_app_data, another.local_app_data, "{}", case.name);
        }
    }
    assert!(compared > 100, "{compared}");
}

#[test]
fn the_ui_writes_nothing_to_the_integrator() {
    let python = always(UI, |hook, found| {
        for (before, after) in hook.live(ENDPOINT) {
            found.same(&after.local_app_data, &before.local_app_data, "the application's databag");
            found.same(&after.local_unit_data, &before.local_unit_data, "the unit's databag");
        }
    });
    assert_eq!(python, 0);
}

#[test]
fn no_configuration_however_odd_makes_a_hook_of_the_ui_fail() {
    let python = always(UI, |hook, found| {
        let odd = |(before, _): (&Relation, _)| {
            before.remote_app_data.keys().cloned().collect::<BTreeSet<_>>() != fifteen()
        };
        if hook.live(ENDPOINT).any(odd) {
            found.must(!hook.failed, "the hook failed");
            let word = &hook.after.unit_status.name;
            let words = ["blocked", "waiting", "active"];
            let said = !hook.case.brings_news() || words.contains(&word.as_str());
            found.must(said, format!("the status is {word}"));
        }
    });
    assert_eq!(python, 16);
}

#[test]
fn a_key_beyond_the_fifteen_makes_no_difference_to_the_ui() {
    let mut compared = 0;
    for hook in sources().recorded.iter().filter(|hook| hook.case.charm == UI) {
        let mut case = hook.case.clone();
        for relation in case.state.relations.iter_mut().filter(|one| one.endpoint == ENDPOINT) {
            // An empty databag says that there is no configuration yet; one with other keys alone is no different.
            relation.remote_app_data.insert("registry_sslmode".to_owned(), "require".to_owned());
            compared += 1;
        }
        let (ours, other) = (decided(&hook.case), decided(&case));
        assert_eq!(ours.status(), other.status(), "{}", case.name);
        assert!(ours.inside == other.inside, "{}", case.name);
    }
    assert!(compared > 100, "{compared}");
}
