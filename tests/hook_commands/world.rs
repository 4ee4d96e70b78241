//! The world that all stories begin in: an application of two units, related to the database `pg`, which has shared one
//! secret and kept another.

use std::collections::BTreeMap;

use juju_sim::{Bag, Relation, Secret, State};

use crate::case::{Version, Who};

/// Texts that cases name.
pub(crate) type Values = BTreeMap<String, String>;

const GRANTED: &str = "9m4e2mr0ui3e8a215g10";
const KEPT: &str = "9m4e2mr0ui3e8a215k10";

/// What `pg` says to the application, beside the URIs of its secrets.
pub(crate) const SAID: &str = "<a>&b";
/// What is in the secret that it shares.
pub(crate) const SHARED: [(&str, &str); 2] = [("username", "me"), ("password", "p w")];

/// The world as a state, seen by one of the units.
pub(crate) fn state(version: Version, who: Who) -> State {
    let (unit, other) = units(who);
    let base = State { leader: who == Who::Leader, unit: unit.to_owned(), ..State::default() };
    let base = match version {
        Version::V3 => State { juju_version: "3.6.11".to_owned(), ..base },
        Version::V4 => State { juju_version: "4.1-beta2".to_owned(), ..base },
    };
    let mut peers = Relation::to(1, "cluster", "app");
    peers.remote_units_data = BTreeMap::from([(other.to_owned(), Bag::new())]);
    let (granted, kept) = uris(version, &base);
    let said = [("v", SAID), ("secret-user", &granted), ("secret-kept", &kept)];
    let mut database = Relation::to(2, "db", "pg").saying(&said);
    let bag = [("number", "5"), ("ingress-address", "10.1.0.9")];
    let bag = bag.map(|(key, value)| (key.to_owned(), value.to_owned()));
    database.remote_units_data.insert("pg/0".to_owned(), bag.into());
    State {
        relations: vec![peers, database],
        secrets: vec![Secret::granted(GRANTED, &SHARED), Secret::kept(KEPT, &[("pass", "x")])],
        ..base
    }
}

/// The values of [`state`].
pub(crate) fn values(version: Version, who: Who) -> Values {
    let state = state(version, who);
    let (me, peer) = units(who);
    let (granted_uri, kept_uri) = uris(version, &state);
    [
        ("me", me),
        ("peer", peer),
        ("cluster", "1"),
        ("db", "2"),
        ("model", &state.model.uuid),
        ("tick", "0"),
        ("pg-address", "10.1.0.9"),
        ("granted", GRANTED),
        ("granted-uri", &granted_uri),
        ("kept-uri", &kept_uri),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into_iter()
    .chain(odd_characters())
    .collect()
}

/// Names for what YAML cannot hold as it is.
pub(crate) fn odd_characters() -> Values {
    [("del", "\u{7f}"), ("nel", "\u{85}"), ("bom", "\u{feff}")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
}

fn units(who: Who) -> (&'static str, &'static str) {
    match who {
        Who::Leader => ("app/0", "app/1"),
        Who::Follower => ("app/1", "app/0"),
    }
}

fn uris(version: Version, state: &State) -> (String, String) {
    let before = match version {
        Version::V3 => "secret:".to_owned(),
        Version::V4 => format!("secret://{}/", state.model.uuid),
    };
    (format!("{before}{GRANTED}"), format!("{before}{KEPT}"))
}
