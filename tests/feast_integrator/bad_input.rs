//! What makes no sense is named, publishes nothing, and withdraws nothing.

use juju_sim::{Event, State};
use tests::world::integrator::{FEAST_CONFIGURATION, REGISTRY};
use tests::world::{DATABASES, Deployed, by_secrets, in_plain};

use super::settled;

/// Texts that somebody might put in the place of any value.
const GARBAGE: [&str; 9] = [
    " ",
    "\0",
    "\u{feff}",
    "\u{ffff}",
    "{",
    "null",
    "--help",
    "\n- !!python/object/apply:os.system [ls]",
    "\u{202e}\u{1f600}",
];

/// A unit that has published everything, to be damaged again and again.
struct Settled {
    deployed: Deployed,
    before: State,
}

impl Settled {
    fn in_the(world: State) -> Self {
        let deployed = settled(world);
        Self { before: deployed.unit.state.clone(), deployed }
    }

    /// The status after `damage` to the world; what was published must stay.
    fn damaged(&mut self, damage: impl FnOnce(&mut State)) -> String {
        self.deployed.unit.state = self.before.clone();
        damage(&mut self.deployed.unit.state);
        self.deployed.settle(Event::RelationChanged(REGISTRY));
        for relation in &self.before.relations {
            assert_eq!(self.deployed.told(relation.id), &relation.local_app_data);
        }
        self.deployed.status()
    }
}

fn insert(state: &mut State, id: u32, key: &str, value: &str) {
    let bag = &mut state.relation_mut(id).unwrap().remote_app_data;
    bag.insert(key.to_owned(), value.to_owned());
}

/// Each of `texts` with one of the databases in turn.
fn in_turn<T: Copy>(texts: &[T]) -> impl Iterator<Item = (T, (u32, &str, &str, &str, &str))> {
    texts.iter().copied().zip(DATABASES.into_iter().cycle())
}

fn invalid(endpoint: &str, reason: &str) -> String {
    format!("blocked [{endpoint}] Invalid relation data from pg-{endpoint}: {reason}")
}

fn late(endpoint: &str) -> String {
    format!("waiting [{endpoint}] Waiting for {endpoint} relation data")
}

#[test]
fn an_endpoint_that_is_none_is_named() {
    let mut settled = Settled::in_the(in_plain());
    let texts = ["pg:", "pg:0", "pg:65536", "pg:x", "u:p@h:1", "/run/postgresql", " ", "::1"];
    for (text, (id, endpoint, ..)) in in_turn(&texts) {
        let status = settled.damaged(|state| insert(state, id, "endpoints", text));
        let reason = "endpoints has no host with a port from 1 to 65535 (IPv6 in brackets)";
        assert_eq!(status, invalid(endpoint, reason), "{text:?}");
    }
}

#[test]
fn a_field_that_is_missing_is_waited_for() {
    let mut settled = Settled::in_the(in_plain());
    for (id, endpoint, ..) in DATABASES {
        for key in ["endpoints", "database", "username", "password"] {
            let status = settled.damaged(|state| {
                state.relation_mut(id).unwrap().remote_app_data.remove(key);
            });
            assert_eq!(status, late(endpoint), "{key}");
        }
    }
}

#[test]
fn a_secret_that_cannot_be_read_is_waited_for_and_one_that_is_none_is_named() {
    for world in [by_secrets(), by_secrets().on_juju_4()] {
        let mut settled = Settled::in_the(world);
        for (id, endpoint, _, user, tls) in DATABASES {
            for (key, secret) in [("secret-user", user), ("secret-tls", tls)] {
                let status = settled.damaged(|state| {
                    state.secret_mut(secret).unwrap().readable = false;
                });
                assert_eq!(status, late(endpoint), "{key} is denied");
                let status = settled.damaged(|state| {
                    state.secrets.retain(|known| !known.is(secret));
                });
                assert_eq!(status, late(endpoint), "{key} is gone");
                let status = settled.damaged(|state| insert(state, id, key, "secret:x"));
                let reason = format!("{key} is not the URI of a secret");
                assert_eq!(status, invalid(endpoint, &reason));
            }
        }
        let texts = ["nonsense", "secret:", "--help", "https://example.com", "\u{feff}", "\0"];
        for (text, (id, endpoint, ..)) in in_turn(&texts) {
            let status = settled.damaged(|state| insert(state, id, "secret-user", text));
            let reason = "secret-user is not the URI of a secret";
            assert_eq!(status, invalid(endpoint, reason), "{text:?}");
        }
    }
}

#[test]
fn what_postgresql_cannot_take_is_named_and_never_shown() {
    let mut settled = Settled::in_the(in_plain());
    for (key, (id, endpoint, ..)) in in_turn(&["database", "username", "password"]) {
        let status = settled.damaged(|state| insert(state, id, key, "can\0ary"));
        let reason = format!("{key} has a NUL, which PostgreSQL cannot take");
        assert_eq!(status, invalid(endpoint, &reason));
    }
}

#[test]
fn two_databases_for_one_store_are_one_too_many() {
    let status = Settled::in_the(in_plain()).damaged(|state| {
        let mut second = state.relation(REGISTRY).unwrap().clone();
        second.id = 33;
        second.remote_app = "other".to_owned();
        second.remote_units_data.clear();
        state.relations.push(second);
    });
    assert_eq!(
        status,
        "blocked [registry] Too many relations: keep one of pg-registry, other and remove the others"
    );
}

#[test]
fn no_value_of_any_key_makes_a_hook_fail_or_withdraws_anything() {
    let mut deployed = settled(by_secrets());
    let before = deployed.unit.state.clone();
    let keys = before.relation(REGISTRY).unwrap().remote_app_data.keys().map(String::as_str);
    let others =
        ["username", "password", "tls", "tls-ca", "subordinated", "secret-", "secret-mtls"];
    for key in keys.chain(others) {
        for texts in GARBAGE.chunks(DATABASES.len()) {
            deployed.unit.state = before.clone();
            for (text, (id, ..)) in in_turn(texts) {
                insert(&mut deployed.unit.state, id, key, text);
            }
            deployed.settle(Event::RelationChanged(REGISTRY));
            let told = deployed.told(FEAST_CONFIGURATION).len();
            assert_eq!(told, 15, "{key} is one of {texts:?}: {}", deployed.status());
        }
    }
}

#[test]
fn relations_that_juju_has_removed_and_still_lists_are_gone() {
    let mut deployed = settled(by_secrets());
    let refused = "permission denied (unauthorized access)";
    for (id, ..) in DATABASES {
        let refusals = &mut deployed.unit.state.refusals;
        refusals.insert(format!("relation-get --format=json -r {id} "), refused.to_owned());
        let text = format!("cannot read relation application settings: {refused}");
        refusals.insert(format!("relation-set -r {id} "), text);
    }
    deployed.settle(Event::RelationBroken(FEAST_CONFIGURATION));
    assert_eq!(
        deployed.status(),
        "blocked [offline-store] Please add the missing relation: offline-store"
    );
}
