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
use stand::cache::Cache;
use stand::missing::{Need, needs};
use stand::runner::Runner;

/// Fails with what was different in `place`, or says how many cases there were.
fn demand(place: &str, stories: &[Story], different: &str) {
    assert!(different.is_empty(), "{place} answers differently:\n{different}");
    println!("{place}: {} cases in {} stories", case::count(stories), stories.len());
}

#[test]
fn the_simulated_unit_answers_what_juju_answers() {
    let stories = case::stories();
    for version in [Version::V3, Version::V4] {
        let different: String =
            stories.iter().map(|story| simulated::differences(story, version)).collect();
        demand(&format!("the simulated unit of Juju {version:?}"), &stories, &different);
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
    let stories = case::stories();
    let different: String =
        stories.iter().map(|story| agent::differences(&mut runner, charm.path(), story)).collect();
    demand("the agent of Juju 3.6", &stories, &different);
}

#[test]
fn juju_4_1_answers_what_juju_answers() {
    if !needs(&[Need::Go, Need::Gcc]) {
        return;
    }
    let cache = Cache::open(|line| println!("{line}")).unwrap();
    let mut stand = Stand::start(&cache);
    let stories = case::stories();
    let different: String = stories.iter().map(|story| stand.differences(story)).collect();
    demand("Juju 4.1", &stories, &different);
}
