//! feast-integrator, and feast-ui behind it, with databases of all ages and kinds.

use std::collections::BTreeMap;

use juju_sim::{Bag, Event, Secret, State};
use serde::Deserialize;
use serde_json::Value;
use tests::world::integrator::{FEAST_CONFIGURATION, SECRETS};
use tests::world::{DATABASES, Deployed, by_secrets, configured, ui};

use super::{every_hook_changes_nothing, filled, neighbours};

/// What a provider answers to a request for a database.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Answer {
    name: String,
    /// Its name, where that matters.
    application: Option<String>,
    /// Its application's databag.
    said: Bag,
    /// The databag of its unit.
    unit: Bag,
    /// Secrets that are granted.
    secrets: BTreeMap<String, Bag>,
    /// Secrets that are not.
    kept: BTreeMap<String, Bag>,
    /// Host, port and `sslmode`; none while the answer is not complete.
    heard: Option<(String, u16, String)>,
}

const WAITING: &str = "waiting [offline-store] Waiting for offline-store relation data";

impl Answer {
    /// Answers on all three databases of `state`.
    fn give(&self, state: &mut State) {
        state.secrets.clear();
        for (id, endpoint, database, user, tls) in DATABASES {
            let application = self.application.clone().unwrap_or(format!("pg-{endpoint}"));
            let places = BTreeMap::from([
                ("database", database.to_owned()),
                ("endpoint", endpoint.to_owned()),
                ("relation", id.to_string()),
                ("user", user.to_owned()),
                ("tls", tls.to_owned()),
            ]);
            let relation = state.relation_mut(id).unwrap();
            relation.remote_app_data = filled(&self.said, &places);
            let unit = filled(&self.unit, &places);
            relation.remote_units_data = BTreeMap::from([(format!("{application}/0"), unit)]);
            relation.remote_app = application;
            for (group, id) in [("user", user), ("tls", tls)] {
                let secret = |content: &Bag, readable| Secret {
                    id: id.to_owned(),
                    revisions: BTreeMap::from([(1, filled(content, &places))]),
                    readable,
                    ..Secret::default()
                };
                state.secrets.extend(self.secrets.get(group).map(|content| secret(content, true)));
                state.secrets.extend(self.kept.get(group).map(|content| secret(content, false)));
            }
        }
    }

    /// A unit of feast-integrator that has been answered and has run a hook since.
    fn given(&self, mut state: State) -> Deployed {
        self.give(&mut state);
        let mut deployed = Deployed::integrator(state);
        deployed.settle(Event::hook("config-changed"));
        deployed
    }

    /// Checks what has become of the answer.
    fn check(&self, deployed: &Deployed) {
        let status = if self.heard.is_some() { "active" } else { WAITING };
        assert_eq!(deployed.status(), status, "{}", self.name);
        assert_eq!(heard(deployed), self.heard, "{}", self.name);
        let keys = if self.heard.is_some() { 15 } else { 0 };
        assert_eq!(deployed.told(FEAST_CONFIGURATION).len(), keys, "{}", self.name);
    }
}

/// Host, port and `sslmode` of the stores in the Secret that users get, which have to be the same in what the UI is told.
fn heard(deployed: &Deployed) -> Option<(String, u16, String)> {
    let manifests: Value =
        serde_json::from_str(deployed.told(SECRETS).get("kubernetes_manifests")?).unwrap();
    let text = manifests[0]["stringData"]["feature_store.yaml"].as_str().unwrap();
    let file: serde_yaml::Value = serde_yaml::from_str(text).unwrap();
    let told = deployed.told(FEAST_CONFIGURATION);
    let mut stores = ["offline_store", "online_store"].map(|name| {
        let store = &file[name];
        let host = store["host"].as_str().unwrap().to_owned();
        let port = u16::try_from(store["port"].as_u64().unwrap()).unwrap();
        assert_eq!(told[&format!("{name}_host")], host);
        assert_eq!(told[&format!("{name}_port")], port.to_string());
        let id = DATABASES.iter().find(|database| database.2 == name).unwrap().0;
        assert_eq!(store["user"].as_str().unwrap(), format!("relation_id_{id}"));
        assert_eq!(store["database"].as_str().unwrap(), name);
        (host, port, store["sslmode"].as_str().unwrap().to_owned())
    });
    stores.sort();
    let [one, other] = stores;
    assert_eq!(one, other);
    let path = file["registry"]["path"].as_str().unwrap();
    assert!(path.contains(&format!(":{}/registry?sslmode={}", one.1, one.2)), "the path");
    Some(one)
}

fn answers() -> Vec<Answer> {
    neighbours("postgresql_client")
}

#[test]
fn every_answer_is_understood_or_waited_for_in_every_kind_of_hook() {
    for answer in answers() {
        let mut deployed = answer.given(by_secrets());
        answer.check(&deployed);
        every_hook_changes_nothing(&mut deployed, &answer.name);
    }
}

#[test]
fn a_unit_that_does_not_lead_takes_every_answer_for_the_leaders() {
    for answer in answers() {
        let mut deployed = answer.given(State { leader: false, ..by_secrets().on_juju_4() });
        assert_eq!(deployed.status(), "waiting [leadership-gate] Waiting for leadership");
        deployed.unit.state.leader = true;
        deployed.settle(Event::hook("leader-elected"));
        answer.check(&deployed);
    }
}

#[test]
fn whatever_came_before_a_complete_answer_is_enough() {
    let (complete, incomplete): (Vec<_>, Vec<_>) =
        answers().into_iter().partition(|answer| answer.heard.is_some());
    assert!(complete.len() > 9 && incomplete.len() > 4);
    for (first, then) in incomplete.iter().zip(complete.iter().cycle()) {
        let mut deployed = first.given(by_secrets());
        then.give(&mut deployed.unit.state);
        deployed.settle(Event::RelationChanged(DATABASES[2].0));
        then.check(&deployed);
    }
}

#[test]
fn the_ui_takes_what_is_made_of_every_answer() {
    for answer in answers() {
        let told = answer.given(by_secrets()).told(FEAST_CONFIGURATION).clone();
        let mut state = configured();
        state.relation_mut(ui::FEAST_CONFIGURATION).unwrap().remote_app_data = told;
        let mut deployed = Deployed::ui(state);
        deployed.settle(Event::RelationChanged(ui::FEAST_CONFIGURATION));
        let status = if answer.heard.is_some() {
            "waiting [feast-ui-pebble-service] Waiting for Pebble to be ready."
        } else {
            "waiting [feast-configuration] Waiting for relation data: No data found in relation feast-configuration data bag."
        };
        assert_eq!(deployed.status(), status, "{}", answer.name);
    }
}
