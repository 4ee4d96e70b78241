//! A recorded situation, replayed with a charm of this repository.

use juju_sim::Event;
use tests::kubernetes::Kubernetes;
use tests::pebble::Pebble;
use tests::recorded::Situation;

use crate::fields::{self, Fields};
use crate::labels;

/// What comes of `event` in the situation.
pub(crate) fn replay(situation: &Situation, event: Event) -> Fields {
    let mut deployed = situation.deploy(situation.input.state());
    let pebble =
        situation.input.container().map(|container| Pebble::serve(container, &mut deployed));
    let kubernetes =
        situation.input.cluster().map(|cluster| Kubernetes::serve(cluster, &mut deployed));
    let outcome = situation.run(&mut deployed, event);
    let container = pebble.map(Pebble::stop);
    let mut fields = fields::ours(&outcome, &deployed.unit.state, container.as_ref());
    let cluster = kubernetes.map(|kubernetes| kubernetes.cluster().clone());
    fields.extend(cluster.iter().flat_map(labels::fields));
    fields
}
