//! The UI: who serves, and what its operator is told.

use charm::ServiceState;
use juju_sim::{Event, Relation};

use crate::always::{always, sources};
use crate::case::{Hook, INTEGRATOR, UI};

const ENDPOINT: &str = "feast-configuration";

fn serves(hook: &Hook) -> bool {
    let state = hook.inside[1].as_ref().and_then(|inside| inside.states.get(UI));
    state == Some(&ServiceState::Active)
}

#[test]
fn a_second_unit_of_the_ui_serves_too() {
    let python = always(UI, |hook, found| {
        let told = |one: &Relation| one.remote_app_data.len() == 15;
        let makes_sense = !hook.status().contains("[feast-configuration]");
        let follows = !hook.case.state.leader && hook.case.brings_news();
        let one = hook.case.live(ENDPOINT).count() == 1 && hook.case.live(ENDPOINT).all(told);
        if follows && one && makes_sense && hook.inside[0].is_some() {
            found.must(serves(hook), "it does not serve");
        }
    });
    assert_eq!(python, 10);
}

#[test]
fn a_ui_without_a_configuration_serves_nothing_that_no_longer_holds() {
    let python = always(UI, |hook, found| {
        let silent = hook.case.live(ENDPOINT).all(|relation| relation.remote_app_data.is_empty());
        let one = hook.case.live(ENDPOINT).count() < 2;
        if one && silent && hook.case.brings_news() && hook.inside[0].is_some() {
            found.must(!serves(hook), "it serves");
        }
    });
    assert_eq!(python, 1);
}

#[test]
fn a_missing_configuration_is_always_attributed_to_its_component() {
    let python = always(UI, |hook, found| {
        let status = hook.status();
        if status.contains("Missing relation") && hook.case.brings_news() {
            found.must(status.starts_with("blocked [feast-configuration] "), status);
        }
    });
    assert_eq!(python, 3);
}

#[test]
fn a_refresh_takes_effect_at_once() {
    let python = [INTEGRATOR, UI].map(|charm| {
        always(charm, |hook, found| {
            if matches!(&hook.case.event, Event::Hook(name) if name == "upgrade-charm") {
                found.must(hook.after.unit_status.name != "unknown", "no status is set");
            }
        })
    });
    assert_eq!(python, [3, 6]);
}

#[test]
fn the_situations_in_which_the_python_charms_fail_the_hook_end_in_a_status_instead() {
    let sources = sources();
    let (mut failed, mut told) = (0, 0);
    for (python, ours) in sources.python.iter().zip(&sources.recorded) {
        assert!(!ours.failed, "{}/{}", ours.case.charm, ours.case.name);
        if python.failed {
            failed += 1;
            let word = ours.after.unit_status.name.as_str();
            told += usize::from(["active", "blocked", "waiting"].contains(&word));
        }
    }
    // One of them is `remove`, in which a status is of no use to anybody.
    assert_eq!((failed, told), (37, 36));
}
