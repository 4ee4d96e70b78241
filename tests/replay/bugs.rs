//! What an operator sees with these charms, and does not with the Python charms: each rule holds in every situation
//! here, and is broken in the recorded ones so many times. Where nothing was recorded, the outcome of the Python charm
//! is put together.

mod databases;
mod files;
mod handed_out;
mod ingress;
mod mesh;
mod ui;

use juju_sim::Event;
use tests::recorded;

use crate::always::{Findings, Rule};
use crate::case::{Case, Hook};

/// Holds for `ours`, and fails for what the Python charm does.
fn beaten(rule: Rule, ours: &Hook, python: &Hook) {
    let broken = |hook: &Hook| {
        let mut findings = Findings::default();
        rule(hook, &mut findings);
        findings.broken().to_vec()
    };
    assert_eq!(broken(ours), Vec::<String>::new());
    assert!(!broken(python).is_empty(), "this cannot fail");
}

/// What the Python charm made of a recorded situation.
fn recorded(charm: &str, name: &str) -> Hook {
    let all = recorded::all();
    let found = all.iter().find(|one| one.charm == charm && one.name == name);
    Hook::recorded(found.expect("a recorded situation"))
}

/// What comes of `event` after everything that is wanted has been published.
fn settled(case: &Case, event: Event) -> Case {
    let before = Case { event: Event::hook("config-changed"), ..case.clone() };
    Case { state: before.run().after, event, ..before }
}
