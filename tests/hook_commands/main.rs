//! The same hook commands of the simulated unit, of Juju 3.6 and of Juju 4.1; by their tools and over the agent's socket.
//! All of them have to give the same answers, but for what a case says of a version.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test may fail anywhere"
)]

mod agent;
mod case;
mod juju_4;
mod simulated;
mod world;

use case::{Story, Version};
use juju_4::Stand;
use probe::By;
use stand::cache::Cache;
use stand::missing::{Need, needs};
use stand::runner::Runner;

const WAYS: [By; 2] = [By::Tools, By::Socket];

/// Asks everything by the tools and over the socket of what is at `place`, and fails with what was different.
fn demand(place: &str, mut differences: impl FnMut(By, &Story) -> String) {
    let stories = case::stories();
    let count = case::count(&stories);
    let mut different = Vec::new();
    for by in WAYS {
        let here: String = stories.iter().map(|story| differences(by, story)).collect();
        if here.is_empty() {
            println!("{place}, {by:?}: {count} cases in {} stories", stories.len());
        } else {
            different.push(format!("{place}, {by:?}, answers differently:\n{here}"));
        }
    }
    assert!(different.is_empty(), "{}", different.concat());
}

#[test]
fn the_simulated_unit_answers_what_juju_answers() {
    for version in [Version::V3, Version::V4] {
        demand(&format!("the simulated unit as {version:?}"), |by, story| {
            simulated::differences(by, story, version)
        });
    }
}

#[test]
fn the_agent_of_juju_3_6_answers_what_juju_answers() {
    if !needs(&[Need::Go]) {
        return;
    }
    let cache = Cache::open(|line| println!("{line}")).unwrap();
    let mut runner = Runner::start(&cache).unwrap();
    let charm = tempfile::tempdir().unwrap();
    agent::unpack(charm.path());
    demand("the agent of Juju 3.6", |by, story| {
        agent::differences(&mut runner, charm.path(), by, story)
    });
}

#[test]
fn juju_4_1_answers_what_juju_answers() {
    if !needs(&[Need::Go, Need::Gcc]) {
        return;
    }
    let cache = Cache::open(|line| println!("{line}")).unwrap();
    let mut stand = Stand::start(&cache);
    demand("Juju 4.1", |by, story| stand.differences(by, story));
}
