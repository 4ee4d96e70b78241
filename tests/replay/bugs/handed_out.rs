//! `feature_store.yaml` in the Secret: what the databases have told arrives in it, as it is and at once.

use juju_sim::{Event, Secret};
use serde_json::Value;

use crate::always::{Findings, always};
use crate::case::{Hook, INTEGRATOR, UI};
use crate::rules::{DATABASES, credentials, json};

/// The text of the file that notebooks get; none while there is none.
fn file(hook: &Hook) -> Option<String> {
    let (_, after) = hook.live("secrets").next()?;
    let manifests = json(&after.local_app_data, "kubernetes_manifests");
    Some(manifests[0]["stringData"]["feature_store.yaml"].as_str()?.to_owned())
}

/// The same as a document; `null` if it is none.
fn document(hook: &Hook) -> Value {
    file(hook).and_then(|text| serde_yaml::from_str(&text).ok()).unwrap_or_default()
}

/// The user and the password of each store, where all that is needed is there, and makes sense.
fn told(hook: &Hook) -> Vec<(&'static str, String, String)> {
    let store = |(endpoint, name): &(&'static str, &'static str)| {
        let mut live = hook.case.live(endpoint);
        let (Some(relation), None) = (live.next(), live.next()) else { return None };
        let (user, password) = credentials(&hook.case, relation)?;
        Some((*name, user, password))
    };
    let stores: Vec<_> = DATABASES.iter().filter_map(store).collect();
    // What else is missing or makes no sense is in the status.
    let status = hook.status();
    let trouble = DATABASES.iter().any(|(endpoint, _)| status.contains(&format!("[{endpoint}]")));
    if stores.len() == 3 && !trouble && hook.speaks() { stores } else { Vec::new() }
}

/// Looks whether users and passwords in the file are what the databases have told, byte for byte.
fn must_arrive(hook: &Hook, found: &mut Findings, is: fn(&str) -> bool) {
    let stores = if hook.live("secrets").count() == 0 { Vec::new() } else { told(hook) };
    let document = document(hook);
    for (store, user, password) in stores {
        if !is(&user) && !is(&password) {
            continue;
        }
        let login = if store == "registry" {
            login(document["registry"]["path"].as_str().unwrap_or_default())
        } else {
            let text = |key: &str| document[store][key].as_str().map(str::to_owned);
            text("user").zip(text("password"))
        };
        found.must(login == Some((user, password)), format!("{store} has another login"));
    }
}

/// User and password of a URL.
fn login(url: &str) -> Option<(String, String)> {
    let (_, rest) = url.split_once("://")?;
    let (login, rest) = rest.split_once('@')?;
    let (user, password) = login.split_once(':')?;
    let decode = |text: &str| {
        let text = percent_encoding::percent_decode_str(text).decode_utf8().ok()?;
        Some(text.into_owned())
    };
    let is_clear = !login.contains(['/', '?', '#']) && !rest.contains('@');
    if is_clear { decode(user).zip(decode(password)) } else { None }
}

#[test]
fn whatever_the_user_and_the_password_are_they_arrive() {
    let python = always(INTEGRATOR, |hook, found| must_arrive(hook, found, |_| true));
    assert_eq!(python, 67);
}

#[test]
fn a_password_with_signs_of_a_url_opens_the_registry() {
    let python = always(INTEGRATOR, |hook, found| {
        must_arrive(hook, found, |text| text.contains([':', '@', '/', '?', '#', '%', '[', ']']));
    });
    assert_eq!(python, 15);
}

#[test]
fn a_password_that_looks_like_yaml_stays_a_text() {
    let python = always(INTEGRATOR, |hook, found| {
        must_arrive(hook, found, |text| {
            let read = serde_yaml::from_str::<Value>(text);
            !read.is_ok_and(|value| value == text)
        });
    });
    assert_eq!(python, 35);
}

#[test]
fn a_password_with_a_control_character_is_handed_out_and_fails_no_hook() {
    let python = always(INTEGRATOR, |hook, found| {
        must_arrive(hook, found, |text| text.contains(char::is_control));
    });
    assert_eq!(python, 11);
}

#[test]
fn a_dollar_is_not_there_for_the_environment_to_replace() {
    let python = always(INTEGRATOR, |hook, found| {
        let dollar = |(_, user, password): &(&str, String, String)| {
            user.contains('$') || password.contains('$')
        };
        if let Some(text) = file(hook).filter(|_| told(hook).iter().any(dollar)) {
            // Feast puts variables in before it reads the file as YAML.
            found.must(!text.contains('$'), "there is a dollar in the file");
        }
    });
    assert_eq!(python, 0);
}

#[test]
fn a_port_that_is_none_is_handed_to_nobody() {
    let python = always(INTEGRATOR, |hook, found| {
        let changed = |(before, after): (&juju_sim::Relation, &juju_sim::Relation)| {
            before.local_app_data != after.local_app_data
        };
        let document = document(hook);
        if hook.live("secrets").any(changed) && document.is_object() {
            for store in ["offline_store", "online_store"] {
                let port = &document[store]["port"];
                let can_be = port.as_u64().is_some_and(|port| (1..65536).contains(&port));
                found.must(can_be, format!("the port of {store} is {port}"));
            }
        }
    });
    assert_eq!(python, 4);
}

#[test]
fn with_tls_at_the_database_nobody_connects_without() {
    let python = always(INTEGRATOR, |hook, found| {
        for (endpoint, store) in DATABASES.iter().filter(|_| !told(hook).is_empty()) {
            let relation = hook.case.live(endpoint).next().expect("one of them");
            let bag = &relation.remote_app_data;
            let secret = bag.get("secret-tls").and_then(|uri| hook.case.state.secret(uri));
            let content = secret.and_then(Secret::newest);
            let tls = content.and_then(|content| content.get("tls")).or_else(|| bag.get("tls"));
            let tls = tls.is_some_and(|text| text.eq_ignore_ascii_case("true"));
            if !tls || hook.live("secrets").count() == 0 {
                continue;
            }
            let document = document(hook);
            let required = if *store == "registry" {
                let url = document["registry"]["path"].as_str();
                url.is_some_and(|url| url.contains("sslmode=require"))
            } else {
                document[*store]["sslmode"] == "require"
            };
            found.must(required, format!("{store} may be reached without TLS"));
        }
    });
    assert_eq!(python, 1);
}

#[test]
fn a_rotated_password_is_handed_out_in_the_hook_that_tells_of_it() {
    let python = always(INTEGRATOR, |hook, found| {
        if matches!(hook.case.event, Event::SecretChanged(_)) {
            must_arrive(hook, found, |_| true);
        }
    });
    assert_eq!(python, 1);
}

#[test]
fn no_password_is_logged_or_handed_to_a_process_by_its_arguments() {
    for charm in [INTEGRATOR, UI] {
        let _nothing_was_recorded = always(charm, |hook, found| {
            let state = &hook.case.state;
            let bags = state.relations.iter().map(|relation| &relation.remote_app_data);
            let contents = state.secrets.iter().filter_map(Secret::newest);
            let public = format!("{}{:?}", hook.public, hook.after.unit_status);
            for (key, value) in bags.chain(contents).flatten() {
                // A shorter one may be there by chance.
                if key.ends_with("password") && value.len() > 5 {
                    found.must(!public.contains(value), format!("{key} is public"));
                }
            }
        });
    }
}
