//! feast-integrator on a simulated unit.

mod actions;
mod bad_input;
mod chosen;
mod commands;
mod direct;
mod outlived;
mod subordinated;

use juju_sim::{Event, State};
use serde_json::Value;
use tests::event;
use tests::world::integrator::{FEAST_CONFIGURATION, POD_DEFAULTS, SECRETS};
use tests::world::{DATABASES, Deployed, by_secrets, in_plain, password};

/// A unit that has published everything.
fn settled(state: State) -> Deployed {
    let mut deployed = Deployed::integrator(state);
    deployed.settle(Event::hook("config-changed"));
    assert_eq!(deployed.status(), "active");
    deployed
}

/// `feature_store.yaml` in the Secret that users get.
fn file(deployed: &Deployed) -> serde_yaml::Value {
    let manifests: Value =
        serde_json::from_str(&deployed.told(SECRETS)["kubernetes_manifests"]).unwrap();
    let text = manifests[0]["stringData"]["feature_store.yaml"].as_str().unwrap();
    serde_yaml::from_str(text).unwrap()
}

#[test]
fn related_to_everything_it_becomes_active_and_a_second_hook_changes_nothing() {
    for state in [by_secrets(), in_plain(), by_secrets().on_juju_4()] {
        let mut deployed = settled(state);
        let before = deployed.unit.state.clone();
        deployed.settle(Event::hook("update-status"));
        assert_eq!(deployed.unit.state, before);
    }
}

#[test]
fn the_same_is_published_whether_databases_answer_by_secrets_or_in_plain() {
    let (secret, plain) = (settled(by_secrets()), settled(in_plain()));
    for id in [SECRETS, POD_DEFAULTS, FEAST_CONFIGURATION] {
        assert_eq!(secret.told(id), plain.told(id));
    }
    assert_eq!(secret.told(FEAST_CONFIGURATION).len(), 15);
    assert_eq!(file(&secret)["offline_store"]["password"], password("offline_store").as_str());
}

#[test]
fn every_kind_of_hook_ends_well_in_every_world() {
    let follower = |state: State| State { leader: false, ..state };
    let alone = State::leader();
    let worlds = [
        alone.clone(),
        alone.clone().on_juju_4(),
        by_secrets().on_juju_4(),
        follower(alone),
        follower(by_secrets()),
        follower(in_plain().on_juju_4()),
    ];
    for state in worlds {
        let mut deployed = Deployed::integrator(state);
        deployed.settle(Event::hook("config-changed"));
        let before = deployed.unit.state.clone();
        for event in event::every_kind(&deployed.unit) {
            deployed.unit.state = before.clone();
            deployed.settle(event);
        }
    }
}

#[test]
fn a_unit_that_does_not_lead_changes_nothing_but_its_status() {
    let state = State { leader: false, ..by_secrets() };
    let mut deployed = Deployed::integrator(state.clone());
    deployed.settle(Event::hook("config-changed"));
    assert_eq!(deployed.status(), "waiting [leadership-gate] Waiting for leadership");
    assert_eq!(deployed.unit.state.relations, state.relations);
    assert_eq!(deployed.unit.state.secrets, state.secrets);
}

#[test]
fn whoever_led_before_says_that_another_does() {
    let mut deployed = settled(by_secrets());
    deployed.unit.state.leader = false;
    deployed.settle(Event::hook("leader-settings-changed"));
    assert_eq!(deployed.status(), "waiting [leadership-gate] Waiting for leadership");
}

#[test]
fn whoever_becomes_the_leader_asks_for_the_databases() {
    let mut state = State { leader: false, ..State::leader() };
    for (id, endpoint, ..) in DATABASES {
        state.relations.push(juju_sim::Relation::to(id, endpoint, "postgresql-k8s"));
    }
    let mut deployed = Deployed::integrator(state);
    for (id, ..) in DATABASES {
        deployed.settle(Event::RelationCreated(id));
        assert!(deployed.told(id).is_empty());
    }
    deployed.unit.state.leader = true;
    deployed.settle(Event::hook("leader-elected"));
    for (id, _, name, ..) in DATABASES {
        assert_eq!(deployed.told(id)["database"], name);
    }
    assert_eq!(
        deployed.status(),
        "waiting [offline-store] Waiting for offline-store relation data"
    );
}

#[test]
fn a_rotated_password_reaches_users_and_the_ui_in_the_same_hook() {
    let mut deployed = settled(by_secrets());
    let (.., user, _) = DATABASES[1];
    let new = password("rotated");
    let content = [("username", "relation_id_2"), ("password", new.as_str())];
    deployed.unit.state.secret_mut(user).unwrap().revise(&content);
    deployed.settle(Event::SecretChanged(user.to_owned()));

    assert_eq!(file(&deployed)["online_store"]["password"], new.as_str());
    assert_eq!(deployed.told(FEAST_CONFIGURATION)["online_store_password"], new);
    assert_eq!(deployed.unit.state.secret(user).unwrap().tracked, Some(2));
    assert_eq!(deployed.status(), "active");
}

#[test]
fn a_secret_that_replaces_another_one_is_read_whether_that_is_still_there_or_not() {
    let (id, _, _, user, _) = DATABASES[0];
    for stays in [true, false] {
        let mut deployed = settled(by_secrets());
        let (other, new) = ("9m4e2mr0ui3e8a215n90", password("replaced"));
        let content = [("username", "relation_id_1"), ("password", new.as_str())];
        deployed.unit.state.secrets.retain(|secret| stays || !secret.is(user));
        deployed.unit.state.secrets.push(juju_sim::Secret::granted(other, &content));
        let bag = &mut deployed.relation_mut(id).remote_app_data;
        bag.insert("secret-user".to_owned(), format!("secret:{other}"));
        deployed.settle(Event::RelationChanged(id));
        assert_eq!(deployed.told(FEAST_CONFIGURATION)["offline_store_password"], new);
    }
}

#[test]
fn secrets_of_a_relation_that_ends_are_not_read() {
    let mut deployed = settled(by_secrets());
    let before = deployed.unit.state.clone();
    for (id, _, _, user, tls) in DATABASES {
        for event in [Event::RelationBroken(id), Event::RelationBrokenAfterRestart(id)] {
            deployed.unit.state = before.clone();
            let transcript = deployed.settle(event).transcript();
            assert!(!transcript.contains(user) && !transcript.contains(tls), "{transcript}");
            assert_eq!(transcript.matches("secret-get").count(), 4, "{transcript}");
        }
    }
}

#[test]
fn a_database_that_is_gone_takes_everything_with_it_in_one_hook() {
    let mut deployed = settled(by_secrets());
    let before = deployed.unit.state.clone();
    for (id, endpoint, ..) in DATABASES {
        for event in [Event::RelationBroken(id), Event::RelationBrokenAfterRestart(id)] {
            deployed.unit.state = before.clone();
            deployed.settle(event);
            assert!(deployed.told(FEAST_CONFIGURATION).is_empty());
            for manifests in [SECRETS, POD_DEFAULTS] {
                assert_eq!(deployed.told(manifests)["kubernetes_manifests"], "[]");
            }
            let status =
                format!("blocked [{endpoint}] Please add the missing relation: {endpoint}");
            assert_eq!(deployed.status(), status);
        }
    }
}

#[test]
fn a_relation_that_goes_beside_the_databases_takes_nothing_from_the_others() {
    let mut deployed = settled(by_secrets());
    let before = deployed.unit.state.clone();
    for (gone, endpoint) in [(SECRETS, "secrets"), (POD_DEFAULTS, "pod-defaults")] {
        deployed.unit.state = before.clone();
        deployed.settle(Event::RelationBroken(gone));
        assert_eq!(deployed.told(FEAST_CONFIGURATION).len(), 15);
        let status = format!("blocked [{endpoint}] Please add the missing relation: {endpoint}");
        assert_eq!(deployed.status(), status);
    }
    deployed.unit.state = before;
    deployed.settle(Event::RelationBroken(FEAST_CONFIGURATION));
    assert_eq!(deployed.status(), "active");
    assert_ne!(deployed.told(SECRETS)["kubernetes_manifests"], "[]");
}

#[test]
fn nothing_is_kept_of_a_hook_that_juju_did_not_take() {
    let mut deployed = Deployed::integrator(by_secrets());
    deployed.unit.state.loses_leadership = true;
    let relations = deployed.unit.state.relations.clone();
    let outcome = deployed.run(Event::hook("config-changed"));
    assert!(outcome.flush_error.is_some(), "{outcome:?}");
    assert_eq!(deployed.unit.state.relations, relations);
    deployed.unit.state.loses_leadership = false;
    deployed.settle(Event::hook("config-changed"));
    assert_eq!(deployed.told(FEAST_CONFIGURATION).len(), 15);
}
