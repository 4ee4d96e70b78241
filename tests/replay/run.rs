//! A recorded situation, replayed with a charm of this repository.

use juju_sim::Event;
use tests::pebble::Pebble;
use tests::recorded::Situation;

use crate::fields::{self, Fields};

/// What comes of `event` in the situation.
pub(crate) fn replay(situation: &Situation, event: Event) -> Fields {
    let mut deployed = situation.deploy(situation.input.state());
    let pebble =
        situation.input.container().map(|container| Pebble::serve(container, &mut deployed));
    let outcome = situation.run(&mut deployed, event);
    let container = pebble.map(Pebble::stop);
    fields::ours(&outcome, &deployed.unit.state, container.as_ref())
}
