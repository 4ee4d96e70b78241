//! What holds in every hook of both charms.

use charm::properties;
use juju_sim::{Bag, Relation};

use crate::always::{always, sources};
use crate::case::{Case, Hook, INTEGRATOR, UI};
use crate::decided::{decide, decided, observe};

const CHARMS: [&str; 2] = [INTEGRATOR, UI];

/// All situations, each once.
fn cases() -> impl Iterator<Item = &'static Case> {
    let sources = sources();
    sources.recorded.iter().chain(&sources.decided).map(|hook| &hook.case)
}

/// Hooks of whole charms.
fn whole() -> impl Iterator<Item = &'static Hook> {
    let sources = sources();
    sources.recorded.iter().chain(&sources.sampled)
}

#[test]
fn no_hook_fails_whatever_the_other_sides_say() {
    let failed =
        CHARMS.map(|charm| always(charm, |hook, found| found.must(!hook.failed, "it failed")));
    // These are the situations in which the Python charms fail, and retry, and fail.
    assert_eq!(failed, [12, 25]);
}

#[test]
fn the_status_is_always_one_that_a_charm_may_set() {
    let python = CHARMS.map(|charm| {
        always(charm, |hook, found| {
            let word = hook.after.unit_status.name.as_str();
            if hook.case.brings_news() {
                found.must(
                    ["active", "blocked", "waiting"].contains(&word),
                    format!("it is {word}"),
                );
            }
        })
    });
    assert_eq!(python, [46, 60]);
}

#[test]
fn a_status_that_is_not_active_says_what_it_is_about() {
    let python = CHARMS.map(|charm| {
        always(charm, |hook, found| {
            let status = hook.status();
            let named = status.starts_with("blocked [") || status.starts_with("waiting [");
            if hook.case.brings_news() {
                found.must(status == "active" || named, status);
            }
        })
    });
    assert_eq!(python, [46, 63]);
}

#[test]
fn whoever_does_not_lead_writes_nothing_for_the_application() {
    let python = CHARMS.map(|charm| {
        always(charm, |hook, found| {
            if !hook.case.state.leader {
                let pairs = hook.case.state.relations.iter().zip(&hook.after.relations);
                for (before, after) in pairs {
                    found.must(before == after, format!("{} has changed", after.endpoint));
                }
            }
        })
    });
    assert_eq!(python, [0, 0]);
}

#[test]
fn nothing_is_written_to_the_databag_of_a_unit_but_where_a_secret_is() {
    let python = CHARMS.map(|charm| {
        always(charm, |hook, found| {
            for (before, after) in hook.case.state.relations.iter().zip(&hook.after.relations) {
                let [before, after_it] =
                    [before, after].map(|relation| relation.local_unit_data.clone());
                let but_the_announcement = |mut bag: Bag| {
                    let announced = bag.remove("secret-configuration");
                    let uri = announced.is_none_or(|uri| uri.starts_with("secret:"));
                    found.must(uri, "what is announced is no secret");
                    bag
                };
                let [before, after_it] = [before, after_it].map(but_the_announcement);
                found.must(before == after_it, format!("that of {} has changed", after.endpoint));
            }
        })
    });
    assert_eq!(python, [25, 0]);
}

#[test]
fn a_relation_that_ends_is_neither_read_nor_written() {
    let mut looked = 0;
    for hook in whole() {
        let Some(id) = hook.case.breaking() else { continue };
        for command in &hook.commands {
            let about =
                command.args.windows(2).any(|pair| pair == ["-r".to_owned(), id.to_string()]);
            assert!(!about, "{}: {command:?}", hook.case.name);
        }
        looked += 1;
    }
    assert!(looked > 10, "{looked}");
}

#[test]
fn what_is_as_it_should_be_is_not_written_again() {
    let mut looked = 0;
    for hook in whole().filter(|hook| hook.case.brings_news()) {
        let count = |name| hook.commands.iter().filter(|command| command.name == name).count();
        let pairs = hook.case.state.relations.iter().zip(&hook.after.relations);
        let bags = |relation: &Relation| {
            [relation.local_app_data.clone(), relation.local_unit_data.clone()]
        };
        let pairs = pairs.flat_map(|(before, after)| bags(before).into_iter().zip(bags(after)));
        let changed = pairs.filter(|(before, after)| before != after).count();
        assert_eq!(count("relation-set"), changed, "{}", hook.case.name);
        let opened = hook.case.state.opened_ports.symmetric_difference(&hook.after.opened_ports);
        assert_eq!(count("open-port") + count("close-port"), opened.count(), "{}", hook.case.name);
        // Who reads its status tells it only if it changes; the others always tell it.
        let told =
            count("status-get") == 0 || hook.case.state.unit_status != hook.after.unit_status;
        assert_eq!(count("status-set"), usize::from(told), "{}", hook.case.name);
        looked += 1;
    }
    assert!(looked > 400, "{looked}");
}

#[test]
fn a_relation_that_ends_counts_as_gone() {
    let mut compared = 0;
    for hook in whole().filter(|hook| hook.case.is_obeyed()) {
        let Some(id) = hook.case.breaking() else { continue };
        let mut case = hook.case.clone();
        case.state.relations.retain(|relation| relation.id != id);
        case.event = juju_sim::Event::hook("config-changed");
        let without = decided(&case);
        assert_eq!(hook.status(), without.status(), "{}", case.name);
        for relation in &without.after.relations {
            assert_eq!(hook.after.relation(relation.id), Some(relation), "{}", case.name);
        }
        compared += 1;
    }
    assert!(compared > 10, "{compared}");
}

#[test]
fn every_hook_that_brings_news_leaves_what_config_changed_would() {
    for hook in whole().filter(|hook| hook.case.breaking().is_none()) {
        if hook.case.brings_news() && hook.case.is_obeyed() {
            let event = juju_sim::Event::hook("config-changed");
            let other = decided(&Case { event, ..hook.case.clone() });
            assert_eq!(hook.status(), other.status(), "{}", hook.case.name);
            assert_eq!(hook.after.relations, other.after.relations, "{}", hook.case.name);
        }
    }
}

#[test]
fn a_second_hook_changes_nothing() {
    for case in cases() {
        let held = properties::a_second_run_changes_nothing(decide(&case.charm), &observe(case));
        assert_eq!(held, Ok(()), "{}", case.name);
    }
}

#[test]
fn what_means_the_same_keeps_its_bytes() {
    // Whoever reads it would take other bytes for news: a manifest is rolled through every namespace of users.
    let python = CHARMS.map(|charm| {
        always(charm, |hook, found| {
            for (before, after) in hook.case.state.relations.iter().zip(&hook.after.relations) {
                for (key, old) in &before.local_app_data {
                    let Some(new) = after.local_app_data.get(key) else { continue };
                    let meaning = |text: &str| serde_yaml::from_str::<serde_yaml::Value>(text).ok();
                    if meaning(old) == meaning(new) && meaning(old).is_some() {
                        found.same(new, old, key);
                    }
                }
            }
        })
    });
    assert_eq!(python, [0, 0]);
}

#[test]
fn what_is_planned_is_what_is_published() {
    for case in cases() {
        let held =
            properties::what_is_planned_is_what_is_published(decide(&case.charm), &observe(case));
        assert_eq!(held, Ok(()), "{}", case.name);
    }
}

#[test]
fn a_hook_that_dies_anywhere_is_finished_by_the_next() {
    // Each is decided on again after each of its changes.
    for case in cases().step_by(5) {
        let held = properties::a_hook_that_dies_anywhere_is_finished_by_the_next(
            decide(&case.charm),
            &observe(case),
        );
        assert_eq!(held, Ok(()), "{}", case.name);
    }
}

#[test]
fn nothing_that_can_be_printed_has_a_password() {
    let mut looked = 0;
    for case in cases() {
        let bags = case.state.relations.iter().map(|relation| &relation.remote_app_data);
        let contents = case.state.secrets.iter().filter_map(juju_sim::Secret::newest);
        let passwords: Vec<&str> = bags
            .chain(contents)
            .flatten()
            // A shorter one may be there by chance.
            .filter(|(key, value)| key.ends_with("password") && value.len() > 8)
            .map(|(_, value)| value.as_str())
            .collect();
        let seen = observe(case);
        let held = properties::nothing_printable_carries_a_password(
            decide(&case.charm),
            &seen,
            &passwords,
        );
        assert_eq!(held, Ok(()), "{}", case.name);
        looked += passwords.len();
    }
    assert!(looked > 500, "{looked}");
}

#[test]
fn the_file_with_the_passwords_is_readable_by_the_ui_alone() {
    let python = always(UI, |hook, found| {
        let [before, after] = hook.inside.each_ref().map(|inside| {
            inside.as_ref().and_then(|container| container.files.get(feast_ui::FILE))
        });
        if let Some(file) = after.filter(|_| before != after) {
            found.must(file.mode == 0o600, format!("its permissions are {:o}", file.mode));
        }
    });
    assert_eq!(python, 127);
}
