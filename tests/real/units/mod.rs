//! Three units of each charm on real Juju: all of them serve, and one of them speaks for them all.

mod leaders;
mod model;
mod scaling;

use model::Model;

const ACTIVE: &str = "active";
/// What a unit of feast-integrator says that does not lead.
const FOLLOWS: &str = "waiting [leadership-gate] Waiting for leadership";

const INGRESS: (&str, &str) = ("feast-ui:ingress", "istio-pilot:ingress");

#[test]
fn all_units_serve_and_only_the_leader_of_the_time_speaks_for_them() {
    let Some(model) = Model::deploy() else { return };
    leaders::the_first_leaders_speak_and_every_unit_serves(&model);
    leaders::whoever_takes_over_repeats_nothing_and_goes_on(&model);
    leaders::a_lease_that_runs_out_makes_another_leader(&model);
    leaders::a_leader_whose_pod_is_replaced_in_time_stays_one(&model);
    leaders::a_hook_that_dies_in_the_middle_is_finished_by_the_next(&model);
    scaling::units_come_and_go_while_relations_do(&model);
}
