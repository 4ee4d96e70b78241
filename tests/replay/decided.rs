//! A hook without processes: what the charm would see, what it decides, and what comes of that.

use std::collections::BTreeMap;

use charm::{
    Change, Container, Databag, Dispatch, Endpoint, Observation, OwnedSecret, Plan, Relation,
    RelationEvent, RelationId, Secret, SecretAnswer, SecretContent,
};
use juju_sim::{Bag, Event, Owner, State, Status};

use crate::always::{Sources, sources};
use crate::case::{Case, Hook, UI, inside};
use crate::labels::mesh;

/// The charm's decision.
pub(crate) fn decide(charm: &str) -> fn(&Observation) -> Plan {
    if charm == UI { feast_ui::decide } else { feast_integrator::decide }
}

/// What the charm sees of its world, as `Juju::observe` and `Pebble::observe` would tell.
pub(crate) fn observe(case: &Case) -> Observation {
    let Case { state, charm, container, .. } = case;
    let is_ui = charm == UI;
    let dispatch = dispatch(case);
    let meshed = feast_ui::endpoints(&dispatch);
    let endpoints: &[Endpoint] = if is_ui { &meshed } else { &feast_integrator::ENDPOINTS };
    let mut seen = Observation {
        dispatch,
        unit: state.unit.clone(),
        application: state.application().to_owned(),
        model: state.model.name.clone(),
        leader: state.leader,
        ..Observation::default()
    };
    if is_ui {
        seen.ports = state.opened_ports.iter().filter_map(|port| port.parse().ok()).collect();
        seen.set_container(feast_ui::CONTAINER, container.as_ref().map(inside));
        seen.mesh = case.cluster.as_ref().map(|cluster| mesh(cluster, state));
    }
    if state.leader && !is_ui {
        seen.owned_secrets = owned(state);
    }
    // Of feast-ui, units that do not lead look too.
    let asked = |endpoint: &&Endpoint| state.leader || is_ui && !endpoint.leader_only;
    for endpoint in endpoints.iter().filter(asked) {
        let named = !seen.owned_secrets.is_empty();
        let told = |relation| relation_of(endpoint, relation, state.leader, named);
        let mut relations: Vec<Relation> = case.live(endpoint.name).map(told).collect();
        relations.sort_by_key(|relation| relation.id);
        for (uri, _) in relations.iter().flat_map(|relation| endpoint.secrets_of(relation)) {
            seen.secrets.insert(uri.to_owned(), answer(state, uri));
        }
        if !relations.is_empty() {
            seen.relations.insert(endpoint.name.to_owned(), relations);
        }
    }
    seen
}

/// What Juju runs the charm for; of what the hook is about, only what the charms look at.
fn dispatch(case: &Case) -> Dispatch {
    match (&case.event, case.breaking()) {
        (Event::Hook(name), _) => Dispatch::hook(name),
        (_, Some(id)) => {
            let relation = case.state.relation(id).expect("the relation that ends");
            let event = RelationEvent {
                id: RelationId(id),
                endpoint: relation.endpoint.clone(),
                application: Some(relation.remote_app.clone()),
                unit: None,
                breaking: true,
            };
            let name = format!("{}-relation-broken", relation.endpoint);
            Dispatch { relation: Some(event), ..Dispatch::hook(name) }
        }
        _ => Dispatch::default(),
    }
}

/// What comes of the hook if everything that is decided is done.
pub(crate) fn decided(case: &Case) -> Hook {
    let mut hook = Hook::without_effect(case);
    if !case.brings_news() {
        return hook;
    }
    let (mut seen, decide) = (observe(case), decide(&case.charm));
    let mut changes = decide(&seen).changes(&seen);
    let is_new = |change: &Change| matches!(change, Change::SecretAdd { .. });
    if changes.iter().any(is_new) {
        changes.iter().filter(|change| is_new(change)).for_each(|add| make(add, &mut hook.after));
        seen.owned_secrets = owned(&hook.after);
        changes = decide(&seen).changes(&seen);
    }
    let mut after = seen.after(&changes);
    let container = after.containers.remove(feast_ui::CONTAINER);
    hook.labels[1] = after.mesh;
    let mut then = seen;
    then.set_container(feast_ui::CONTAINER, container.clone());
    hook.inside[1] = container;
    let status = decide(&then).status;
    hook.after.unit_status = Status::new(status.word(), status.message());
    for change in &changes {
        make(change, &mut hook.after);
    }
    hook
}

fn make(change: &Change, state: &mut State) {
    match change {
        Change::SecretAdd { label, content } => {
            let new = juju_sim::Secret::owned(&unused(state), label, &[]);
            state.secrets.push(juju_sim::Secret { revisions: [(1, plain(content))].into(), ..new });
        }
        Change::SecretSet { uri, content } => {
            let secret = state.secret_mut(uri).expect("a secret");
            secret.revisions.insert(secret.newest_revision() + 1, plain(content));
        }
        Change::SecretGrant { uri, id: RelationId(id) } => {
            state.secret_mut(uri).expect("a secret").grants.insert(*id, None);
        }
        Change::SecretRemove { uri } => state.secrets.retain(|secret| !secret.is(uri)),
        Change::UnitRelationSet { id: RelationId(id), edits } => {
            let bag = &mut state.relation_mut(*id).expect("a relation").local_unit_data;
            bag.extend(edits.reveal().clone());
            bag.retain(|_, value| !value.is_empty());
        }
        Change::RelationSet { id: RelationId(id), edits } => {
            let bag = &mut state.relation_mut(*id).expect("a relation").local_app_data;
            bag.extend(edits.reveal().clone());
            bag.retain(|_, value| !value.is_empty());
        }
        Change::OpenPort(port) => drop(state.opened_ports.insert(port.to_string())),
        Change::ClosePort(port) => drop(state.opened_ports.remove(&port.to_string())),
        Change::Workload(..)
        | Change::Mesh(_)
        | Change::Object(_)
        | Change::Answer(_)
        | Change::StatusSet(_) => {}
    }
}

/// The next identifier of the simulated unit's.
fn unused(state: &State) -> String {
    let ids = ["g", "h"].map(|digit| format!("9m4e2mr0ui3e8a215n4{digit}"));
    ids.into_iter().find(|id| state.secret(id).is_none()).expect("at most two secrets of ours")
}

fn plain(content: &SecretContent) -> Bag {
    content.iter().map(|(key, value)| (key.clone(), value.reveal().to_owned())).collect()
}

/// What our application owns.
fn owned(state: &State) -> BTreeMap<String, OwnedSecret> {
    let ours = state.secrets.iter().filter(|secret| secret.owner == Owner::Application);
    let seen = |secret: &juju_sim::Secret| {
        let content = secret.newest().into_iter().flatten();
        let content = content.map(|(key, value)| (key.clone(), Secret::new(value.as_str())));
        let granted = secret.grants.keys().filter_map(|id| state.relation(*id));
        OwnedSecret {
            uri: format!("secret:{}", secret.id),
            content: content.collect(),
            granted: granted.map(|relation| relation.remote_app.clone()).collect(),
        }
    };
    ours.map(|secret| (secret.label.clone(), seen(secret))).collect()
}

fn relation_of(
    endpoint: &Endpoint,
    relation: &juju_sim::Relation,
    leader: bool,
    named: bool,
) -> Relation {
    let remote = endpoint.remote || endpoint.secrets.is_some();
    let mut seen = Relation { id: RelationId(relation.id), ..Relation::default() };
    if remote || named {
        seen.application.clone_from(&relation.remote_app);
    }
    if remote {
        seen.remote = databag(&relation.remote_app_data);
    }
    if endpoint.local_unit {
        seen.local_unit = databag(&relation.local_unit_data);
    }
    if endpoint.units || endpoint.units_when.is_some_and(|key| seen.remote.get(key) == Some("true"))
    {
        let units = relation.remote_units_data.iter();
        seen.units = units.map(|(unit, bag)| (unit.clone(), databag(bag))).collect();
    }
    if endpoint.local && leader {
        let echo = endpoint.echo.and_then(|key| echo(seen.remote.get(key)?));
        seen.local = echo.unwrap_or_else(|| databag(&relation.local_app_data));
    }
    seen
}

/// Our own databag as the other side repeats it.
fn echo(text: &str) -> Option<Databag> {
    let object: serde_json::Map<String, serde_json::Value> = serde_json::from_str(text).ok()?;
    Some(object.iter().filter_map(|(key, value)| Some((key.as_str(), value.as_str()?))).collect())
}

fn databag(bag: &Bag) -> Databag {
    bag.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect()
}

fn answer(state: &State, uri: &str) -> SecretAnswer {
    let is_uri = juju_sim::Secret::granted(uri, &[]).is(uri);
    match state.secret(uri) {
        Some(secret) if secret.readable => {
            let content = secret.newest().into_iter().flatten();
            let content = content.map(|(key, value)| (key.clone(), Secret::new(value.as_str())));
            SecretAnswer::Content(content.collect())
        }
        Some(_) => SecretAnswer::Denied,
        None if is_uri => SecretAnswer::NotFound,
        None => SecretAnswer::NotAUri,
    }
}

/// The container without how its checks do, which depends on how long one waits.
fn without_health(container: Option<&Container>) -> Option<Container> {
    Some(Container { health: BTreeMap::new(), ..container?.clone() })
}

#[test]
fn the_decision_alone_comes_to_the_same_as_the_whole_charm() {
    let Sources { recorded, sampled, .. } = sources();
    for whole in recorded.iter().chain(sampled).filter(|hook| hook.case.is_obeyed()) {
        let alone = decided(&whole.case);
        let name = &whole.case.name;
        assert_eq!(alone.after.relations, whole.after.relations, "{name}");
        assert_eq!(alone.after.opened_ports, whole.after.opened_ports, "{name}");
        assert_eq!(alone.status(), whole.status(), "{name}");
        assert_eq!(alone.labels, whole.labels, "{name}");
        let [alone, whole] = [&alone, whole].map(|hook| without_health(hook.inside[1].as_ref()));
        assert!(alone == whole, "{name}: {alone:?} and {whole:?}");
    }
}
