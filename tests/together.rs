//! Both charms related to each other: what one publishes is what the other is given.

use juju_sim::{Event, State};
use tests::world::{Deployed, by_secrets, configured, integrator, password, ui};

/// feast-integrator and feast-ui with one relation between them, at both of its ends.
struct Pair {
    integrator: Deployed,
    ui: Deployed,
}

impl Pair {
    fn deploy() -> Self {
        let mut alone = configured();
        for relation in &mut alone.relations {
            if relation.id == ui::FEAST_CONFIGURATION {
                relation.remote_app_data.clear();
            }
        }
        Self { integrator: Deployed::integrator(by_secrets()), ui: Deployed::ui(alone) }
    }

    /// Runs a hook of the integrator, and what Juju runs at the other end when the databag has changed.
    fn settle(&mut self, event: Event) {
        self.integrator.settle(event);
        let told = self.integrator.told(integrator::FEAST_CONFIGURATION).clone();
        let heard = &mut self.ui.relation_mut(ui::FEAST_CONFIGURATION).remote_app_data;
        if *heard != told {
            *heard = told;
            self.ui.settle(Event::RelationChanged(ui::FEAST_CONFIGURATION));
        }
    }
}

#[test]
fn the_ui_understands_what_the_integrator_says_from_the_first_word_to_the_last() {
    let mut pair = Pair::deploy();
    pair.ui.settle(Event::hook("install"));
    assert_eq!(
        pair.ui.status(),
        "waiting [feast-configuration] Waiting for relation data: No data found in relation feast-configuration data bag."
    );

    pair.settle(Event::hook("config-changed"));
    // All that is left to wait for is the container.
    assert_eq!(
        pair.ui.status(),
        "waiting [feast-ui-pebble-service] Waiting for Pebble to be ready."
    );

    pair.settle(Event::RelationBroken(integrator::REGISTRY));
    assert_eq!(
        pair.ui.status(),
        "waiting [feast-configuration] Waiting for relation data: No data found in relation feast-configuration data bag."
    );
}

#[test]
fn a_rotated_password_arrives_at_the_ui() {
    let mut pair = Pair::deploy();
    pair.settle(Event::hook("config-changed"));
    let new = password("rotated");
    let user = tests::world::DATABASES[2].3;
    let content = [("username", "relation_id_3"), ("password", new.as_str())];
    pair.integrator.unit.state.secret_mut(user).unwrap().revise(&content);
    pair.settle(Event::SecretChanged(user.to_owned()));
    let heard = &pair.ui.relation(ui::FEAST_CONFIGURATION).remote_app_data;
    assert_eq!(heard["registry_password"], new);
}

#[test]
fn an_integrator_without_leadership_leaves_the_ui_waiting_rather_than_failing() {
    let mut pair = Pair::deploy();
    pair.integrator.unit.state = State { leader: false, ..pair.integrator.unit.state.clone() };
    pair.settle(Event::hook("config-changed"));
    pair.ui.settle(Event::hook("update-status"));
    assert!(pair.ui.status().starts_with("waiting [feast-configuration]"), "{}", pair.ui.status());
}
