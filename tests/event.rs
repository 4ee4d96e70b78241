//! Every kind of hook that Juju can run.

use juju_sim::{Event, Socket, State, Unit};

use crate::world::Deployed;

/// The number of hook commands of every kind of hook, each run in the same world, a line each.
///
/// They are the same over the agent's socket, where none of them is a process, as by the tools.
///
/// # Panics
///
/// If they are not.
pub fn costs(deployed: &mut Deployed) -> String {
    let before = deployed.unit.state.clone();
    let mut lines = Vec::new();
    for event in every_kind(&deployed.unit) {
        let mut by = |socket| {
            deployed.unit.state = before.clone();
            deployed.unit.socket = socket;
            deployed.settle(event.clone())
        };
        let (tools, requests) = (by(Socket::Absent), by(Socket::Serves));
        assert_eq!(tools.transcript(), requests.transcript(), "{event:?}");
        assert_eq!(tools.processes(), tools.commands.len(), "{event:?}");
        assert_eq!(requests.processes(), 0, "{event:?}");
        lines.push(format!("{:2} {event:?}", requests.commands.len()));
    }
    lines.join("\n")
}

/// One hook of every kind: relation hooks for the first relation alone, but `-relation-broken` for each.
pub fn every_kind(unit: &Unit) -> Vec<Event> {
    let mut events = every(unit);
    let first = unit.state.relations.first().map(|relation| relation.id);
    events.retain(|event| match event {
        Event::RelationCreated(id)
        | Event::RelationJoined(id, _)
        | Event::RelationChanged(id)
        | Event::RelationUnitChanged(id, _)
        | Event::RelationDeparted { relation: id, .. } => Some(*id) == first,
        _ => true,
    });
    events
}

/// Every hook that Juju can run for `unit` in the world that it is in.
pub fn every(unit: &Unit) -> Vec<Event> {
    every_in(&unit.state, &unit.charm.containers)
}

/// The same for a unit in `state` that has these containers.
pub fn every_in(state: &State, containers: &[String]) -> Vec<Event> {
    let always =
        ["install", "config-changed", "start", "update-status", "upgrade-charm", "stop", "remove"];
    let mut events: Vec<Event> = always.into_iter().map(Event::hook).collect();
    if state.leader {
        events.push(Event::hook("leader-elected"));
    } else if state.juju_version.starts_with("3.") {
        events.push(Event::hook("leader-settings-changed"));
    }
    for relation in &state.relations {
        let (id, other) = (relation.id, format!("{}/0", relation.remote_app));
        let leaving = |departing: &str| Event::RelationDeparted {
            relation: id,
            unit: other.clone(),
            departing: departing.to_owned(),
        };
        events.extend([
            Event::RelationCreated(id),
            Event::RelationJoined(id, other.clone()),
            Event::RelationChanged(id),
            Event::RelationUnitChanged(id, other.clone()),
            leaving(&other),
            leaving(&state.unit),
            Event::RelationBroken(id),
            Event::RelationBrokenAfterRestart(id),
        ]);
    }
    for secret in state.secrets.iter().filter(|secret| secret.tracked.is_some()) {
        events.push(Event::SecretChanged(secret.id.clone()));
    }
    for container in containers {
        events.extend([
            Event::PebbleReady(container.clone()),
            Event::PebbleCheckFailed(container.clone(), "up".to_owned()),
            Event::PebbleCheckRecovered(container.clone(), "up".to_owned()),
            Event::PebbleCustomNotice(container.clone(), "example.com/a".to_owned()),
        ]);
    }
    events
}
