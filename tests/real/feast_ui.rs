//! feast-ui with a real Pebble, on a simulated unit.

use std::fs;

use juju_sim::{Event, State};
use tests::world::ui::FEAST_CONFIGURATION;
use tests::world::{Deployed, configured};

use tests::container::Container;

/// The notice by which a hook asks for another one.
const STARTING: &str = "charmed-feast.dev/starting";

fn ready() -> Event {
    Event::PebbleReady("feast-ui".to_owned())
}

/// A container and a unit whose UI serves.
fn serving(state: State) -> Option<(Container, Deployed)> {
    let container = Container::start()?;
    let mut deployed = container.deploy(state);
    deployed.settle(ready());
    assert_eq!(deployed.status(), "active");
    assert!(container.serves());
    assert_eq!(container.starts().len(), 1);
    Some((container, deployed))
}

/// Has the integrator change a key; nothing takes it away.
fn configure(deployed: &mut Deployed, key: &str, value: &str) {
    let bag = &mut deployed.relation_mut(FEAST_CONFIGURATION).remote_app_data;
    bag.insert(key.to_owned(), value.to_owned());
    deployed.settle(Event::RelationChanged(FEAST_CONFIGURATION));
}

#[test]
fn once_configured_the_ui_serves_and_another_hook_changes_nothing() {
    let Some((container, mut deployed)) = serving(configured()) else { return };
    let file: serde_yaml::Value =
        serde_yaml::from_str(&fs::read_to_string(container.file()).unwrap()).unwrap();
    assert_eq!(
        file["online_store"]["password"].as_str().unwrap(),
        tests::world::password("online_store")
    );
    let (before, written) = (deployed.unit.state.clone(), container.written());
    assert_eq!(written.2, 0o600);

    let outcome = deployed.settle(Event::hook("update-status"));
    assert_eq!(outcome.commands.len(), 18, "{}", outcome.transcript());
    assert_eq!(deployed.unit.state, before);
    assert_eq!(container.written(), written);
    assert_eq!(container.starts().len(), 1);
}

#[test]
fn a_changed_configuration_restarts_the_ui_exactly_once() {
    let Some((container, mut deployed)) = serving(configured()) else { return };
    configure(&mut deployed, "registry_password", "another canary");
    assert_eq!(deployed.status(), "active");
    let starts = container.starts();
    assert!(matches!(&starts[..], [old, new] if old != new), "{starts:?}");
    assert_eq!(container.written().2, 0o600);

    deployed.settle(Event::hook("update-status"));
    configure(&mut deployed, "unknown", "x");
    assert_eq!(container.starts(), starts);
}

#[test]
fn a_file_that_others_could_read_is_closed_without_a_restart() {
    use std::os::unix::fs::PermissionsExt as _;
    let Some((container, mut deployed)) = serving(configured()) else { return };
    fs::set_permissions(container.file(), fs::Permissions::from_mode(0o644)).unwrap();
    deployed.settle(Event::hook("update-status"));
    assert_eq!(container.written().2, 0o600);
    assert_eq!(container.starts().len(), 1);
}

#[test]
fn a_ui_that_keeps_failing_is_never_active_and_recovers() {
    let Some(container) = Container::start() else { return };
    let mut deployed = container.deploy(configured());
    fs::write(container.home().join("broken"), "").unwrap();
    for event in [ready(), Event::hook("update-status")] {
        deployed.settle(event);
        assert_eq!(
            deployed.status(),
            "waiting [feast-ui-pebble-service] Waiting for Pebble services (feast-ui).  If this persists, it could be a blocking configuration error."
        );
        // Nothing is on its way that another hook could see.
        assert_eq!(notices(&container), 0);
    }
    fs::remove_file(container.home().join("broken")).unwrap();
    deployed.settle(Event::hook("update-status"));
    assert_eq!(deployed.status(), "active");
}

#[test]
fn a_ui_that_does_not_answer_is_never_active_and_recovers() {
    let Some(container) = Container::start() else { return };
    let mut deployed = container.deploy(configured());
    fs::write(container.home().join("deaf"), "").unwrap();
    deployed.settle(ready());
    assert!(container.serves());
    assert_eq!(
        deployed.status(),
        "waiting [feast-ui-pebble-service] Waiting for the UI to answer on port 8888."
    );
    fs::remove_file(container.home().join("deaf")).unwrap();
    deployed.settle(Event::hook("update-status"));
    assert_eq!(deployed.status(), "active");
    assert_eq!(container.starts().len(), 1);
}

#[test]
fn a_ui_that_takes_longer_than_a_hook_to_start_has_another_hook_look_and_is_not_restarted() {
    let Some(container) = Container::start() else { return };
    let mut deployed = container.deploy(configured());
    fs::write(container.home().join("slow"), "28").unwrap();
    deployed.settle(ready());
    assert_eq!(
        deployed.status(),
        "waiting [feast-ui-pebble-service] Waiting for the UI to answer on port 8888."
    );
    assert_eq!(notices(&container), 1);

    deployed.settle(Event::PebbleCustomNotice("feast-ui".to_owned(), STARTING.to_owned()));
    assert_eq!(deployed.status(), "active");
    assert_eq!(container.starts().len(), 1);
    assert_eq!(notices(&container), 1);
}

/// How often a hook has asked for another one.
fn notices(container: &Container) -> usize {
    let all = container.pebble(&["notices"]);
    let Some(line) = all.lines().find(|line| line.contains(STARTING)) else { return 0 };
    line.split_whitespace().last().unwrap().parse().unwrap()
}

#[test]
fn without_its_configuration_the_ui_is_stopped_and_with_it_it_is_back() {
    let Some((container, mut deployed)) = serving(configured()) else { return };
    let bag = &mut deployed.relation_mut(FEAST_CONFIGURATION).remote_app_data;
    let configuration = std::mem::take(bag);
    deployed.settle(Event::RelationChanged(FEAST_CONFIGURATION));
    assert!(!container.serves());
    assert_eq!(
        deployed.status(),
        "waiting [feast-configuration] Waiting for relation data: No data found in relation feast-configuration data bag."
    );

    deployed.relation_mut(FEAST_CONFIGURATION).remote_app_data = configuration;
    deployed.settle(Event::RelationChanged(FEAST_CONFIGURATION));
    assert_eq!(deployed.status(), "active");
    assert!(container.serves());

    deployed.settle(Event::RelationBroken(FEAST_CONFIGURATION));
    assert!(!container.serves());
    assert_eq!(
        deployed.status(),
        "blocked [feast-configuration] Missing relation: feast-configuration"
    );
}

#[test]
fn a_configuration_that_makes_no_sense_stops_nothing() {
    let Some((container, mut deployed)) = serving(configured()) else { return };
    let written = container.written();
    configure(&mut deployed, "registry_port", "none");
    assert_eq!(
        deployed.status(),
        "blocked [feast-configuration] Invalid relation data: registry_port is not a port from 1 to 65535"
    );
    assert!(container.serves());
    assert_eq!(container.starts().len(), 1);
    assert_eq!(container.written(), written);
}

#[test]
fn a_unit_that_does_not_lead_serves_too() {
    let state = State { leader: false, ..configured() };
    let Some((_container, deployed)) = serving(state.clone()) else { return };
    assert_eq!(deployed.unit.state.relations, state.relations);
    assert!(deployed.unit.state.opened_ports.contains("8888/tcp"));
}

#[test]
fn a_container_that_was_restarted_is_filled_again() {
    let Some((mut container, mut deployed)) = serving(configured()) else { return };
    container.stop();
    deployed.settle(Event::hook("update-status"));
    assert_eq!(
        deployed.status(),
        "waiting [feast-ui-pebble-service] Waiting for Pebble to be ready."
    );
    container.run();
    deployed.settle(ready());
    assert_eq!(deployed.status(), "active");
    assert_eq!(container.starts().len(), 1);
}

#[test]
fn a_hook_that_was_killed_after_it_pushed_the_file_is_finished_by_the_next() {
    let Some((container, mut deployed)) = serving(configured()) else { return };
    // Elsewhere the same change was made to the end.
    let Some((whole, mut other)) = serving(configured()) else { return };
    configure(&mut other, "registry_password", "another canary");

    fs::write(container.file(), fs::read(whole.file()).unwrap()).unwrap();
    let written = container.written();
    configure(&mut deployed, "registry_password", "another canary");
    assert_eq!(deployed.status(), "active");
    assert_eq!(container.starts().len(), 2);
    assert_eq!(container.starts(), whole.starts());
    assert_eq!(container.written(), written);
}

#[test]
fn a_service_that_somebody_stopped_is_started_again() {
    let Some((container, mut deployed)) = serving(configured()) else { return };
    container.pebble(&["stop", "feast-ui"]);
    assert!(!container.serves());
    deployed.settle(Event::hook("update-status"));
    assert_eq!(deployed.status(), "active");
    assert!(container.serves());
}
