//! A recorded situation, replayed with a charm of this repository.

use std::fs;

use juju_sim::{Event, Outcome, State};
use tests::world::Deployed;

use crate::fields::{self, Fields};
use crate::pebble::Pebble;
use crate::situation::Situation;

/// What comes of `event` in the situation.
///
/// # Panics
///
/// If the simulated unit cannot be made.
pub(crate) fn replay(situation: &Situation, event: Event) -> Fields {
    let state = situation.input.state();
    let mut deployed = match situation.charm.as_str() {
        "feast-integrator" => Deployed::integrator(state),
        _ => Deployed::ui(state),
    };
    let folder = tempfile::tempdir().expect("a folder");
    let pebble = situation.input.container().map(|container| {
        let containers = folder.path().join("feast-ui");
        fs::create_dir(&containers).expect("a folder");
        deployed.unit.extra.insert("CHARM_CONTAINERS_DIR".to_owned(), folder.path().into());
        Pebble::serve(container, &containers.join("pebble.socket")).expect("a socket")
    });
    let outcome = outcome_of(&mut deployed, situation, event);
    let container = pebble.map(Pebble::stop);
    fields::ours(&outcome, &deployed.unit.state, container.as_ref())
}

/// Runs the charm, which must show nobody a password.
pub(crate) fn outcome_of(deployed: &mut Deployed, situation: &Situation, event: Event) -> Outcome {
    let outcome = deployed.run_anyway(event);
    assert_discreet(situation, &outcome, &deployed.unit.state);
    outcome
}

/// Fails if anybody can read a password of the situation in a list of processes, a log, an output or the status.
fn assert_discreet(situation: &Situation, outcome: &Outcome, state: &State) {
    let Outcome { stdout, stderr, commands, .. } = outcome;
    let public =
        format!("{stdout}\n{stderr}\n{commands:?}\n{:?}\n{:?}", state.log, state.unit_status);
    let input = &situation.input;
    let databags = input.relations.iter().map(|relation| &relation.remote_app_data);
    let secrets = input.secrets.iter().map(|secret| &secret.tracked_content);
    let newest = input.secrets.iter().filter_map(|secret| secret.latest_content.as_ref());
    for (key, value) in databags.chain(secrets).chain(newest).flatten() {
        // A shorter one may be there by chance.
        if key.ends_with("password") && value.len() > 5 {
            assert!(!public.contains(value), "{}: {key} is public", situation.name);
        }
    }
}
