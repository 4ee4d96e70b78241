//! What the charm wants in situations, without Juju and without a server.

use charm::{
    ConfigValue, Container, Databag, Dispatch, OwnedSecret, Publication, Relation, SecretContent,
    ServiceState,
};
use interfaces::postgresql_client::Request;

use peer_postgresql_k8s::{DATABASE, Login};

use super::*;
use crate::workload::{CERTIFICATE_FILE, SERVICE};

/// A password that says how many were made before it.
fn passwords() -> impl FnMut() -> Secret {
    let mut made = 0;
    move || {
        made += 1;
        Secret::new(format!("password-{made}"))
    }
}

fn decided(seen: &Observation, found: Option<&Found>) -> Decision {
    with_password(seen, found, &mut passwords())
}

/// Certificates are words here.
fn with_password(
    seen: &Observation,
    found: Option<&Found>,
    password: &mut dyn FnMut() -> Secret,
) -> Decision {
    let mut certificate = |names: &[String], before: Option<&SecretContent>| {
        let new = if seen.dispatch.action_name().is_some() { "second" } else { "first" };
        let authority = before.map_or(new.into(), |before| before["authority"].clone());
        let mut content = owned("", [("certificate", "c"), ("key", "k")]).content;
        content.insert("authority".to_owned(), authority);
        content.insert("names".to_owned(), names.join(" ").into());
        content
    };
    let mut fresh = Fresh { password, certificate: &mut certificate };
    decide(seen, Some([10, 1, 2, 3].into()), found, &mut fresh)
}

/// The leader of a server that runs, with one application that asks for a database and has not been answered yet.
fn everything() -> Observation {
    let container = Container {
        states: [(SERVICE.to_owned(), ServiceState::Active)].into(),
        ..Container::default()
    };
    let relation = Relation {
        id: RelationId(7),
        application: "feast".to_owned(),
        remote: Request::new("registry").databag(),
        ..Relation::default()
    };
    Observation {
        application: "pg".to_owned(),
        model: "kubeflow".to_owned(),
        leader: true,
        relations: [(DATABASE.to_owned(), vec![relation])].into(),
        owned_secrets: [(SUPERUSER_SECRET.to_owned(), owned("super", [("password", "root")]))]
            .into(),
        containers: [(CONTAINER.to_owned(), container)].into(),
        ..Observation::default()
    }
}

fn owned<const N: usize>(uri: &str, content: [(&str, &str); N]) -> OwnedSecret {
    let content: SecretContent =
        content.into_iter().map(|(key, value)| (key.to_owned(), value.into())).collect();
    OwnedSecret { uri: format!("secret:{uri}"), content, ..OwnedSecret::default() }
}

fn found(admitted: &[u32]) -> Found {
    let ids: BTreeSet<RelationId> = admitted.iter().map(|id| RelationId(*id)).collect();
    Found { version: "15.8".to_owned(), roles: ids.clone(), admitted: ids }
}

/// The world after `times` hooks, in each of which the server does what it is told.
fn after(mut seen: Observation, times: usize) -> Observation {
    for _ in 0..times {
        let changes = decided(&seen, Some(&found(&[7]))).plan.changes(&seen);
        seen = seen.after(&changes);
    }
    seen
}

fn label(id: RelationId, group: &str) -> String {
    format!("database.{id}.{group}.secret")
}

fn lines(decision: &Decision, seen: &Observation) -> Vec<String> {
    decision.plan.changes(seen).iter().map(ToString::to_string).collect()
}

#[test]
fn the_superusers_password_is_kept_before_it_is_used() {
    let mut seen = everything();
    seen.owned_secrets.clear();
    let decision = decided(&seen, None);
    assert!(decision.plan.workloads.is_empty());
    assert!(decision.plan.secrets[SUPERUSER_SECRET].is_some());
    let seen = seen.after(&decision.plan.changes(&seen));
    assert!(decided(&seen, None).plan.workloads.contains_key(CONTAINER));
}

#[test]
fn secrets_are_made_before_anything_is_asked_for() {
    let mut seen = everything();
    seen.relations.get_mut(DATABASE).unwrap()[0].remote = Databag::new();
    let decision = decided(&seen, None);
    let lines = lines(&decision, &seen);
    assert!(
        lines.iter().any(|line| line
            == "secret-add --label database.7.user.secret password=<10 bytes> username=<13 bytes>"),
        "{lines:?}"
    );
    assert!(decision.plan.databags.is_empty());
}

#[test]
fn an_answer_follows_when_juju_keeps_the_secrets_and_grants_them() {
    let seen = everything();
    let first = decided(&seen, Some(&found(&[])));
    assert!(first.server.is_empty() && first.plan.databags.is_empty());

    let seen = seen.after(&first.plan.changes(&seen));
    let second = decided(&seen, Some(&found(&[])));
    assert_eq!(
        second.server,
        [ServerChange::Admit(Login {
            id: RelationId(7),
            role: "relation_id_7".to_owned(),
            password: "password-1".into(),
            database: "registry".to_owned(),
            superuser: false,
        })]
    );
    let lines = lines(&second, &seen);
    assert!(
        lines.contains(&"secret-grant secret:database.7.user.secret -r 7".to_owned()),
        "{lines:?}"
    );
    let Publication::Exactly(bag) = &second.plan.databags[&RelationId(7)] else {
        panic!("exactly")
    };
    assert_eq!(bag.get("endpoints"), Some("pg-primary.kubeflow.svc.cluster.local:5432"));
    assert_eq!(bag.get("secret-user"), Some("secret:database.7.user.secret"));
    assert_eq!((bag.get("database"), bag.get("version")), (Some("registry"), Some("15.8")));
    assert_eq!(bag.get("password"), None);
}

#[test]
fn a_grant_that_got_lost_is_made_again() {
    let mut seen = after(everything(), 2);
    seen.owned_secrets.get_mut(&label(RelationId(7), "tls")).unwrap().granted.clear();
    let lines = lines(&decided(&seen, Some(&found(&[7]))), &seen);
    assert_eq!(lines, ["secret-grant secret:database.7.tls.secret -r 7", "status-set active"]);
}

#[test]
fn a_second_run_changes_nothing() {
    let seen = after(everything(), 2);
    let decision = decided(&seen, Some(&found(&[7])));
    assert_eq!(lines(&decision, &seen), ["status-set active"]);
    assert!(decision.server.is_empty());
}

#[test]
fn a_role_that_cannot_log_in_is_mended_with_the_password_that_juju_keeps() {
    let seen = after(everything(), 2);
    let decision = decided(&seen, Some(&found(&[])));
    let [ServerChange::Admit(login)] = decision.server.as_slice() else { panic!("{decision:?}") };
    assert_eq!(login.password.reveal(), "password-1");
}

#[test]
fn the_role_of_a_relation_that_is_gone_is_dropped_with_its_secrets() {
    let mut seen = after(everything(), 2);
    seen.relations.clear();
    let decision = decided(&seen, Some(&found(&[7])));
    assert_eq!(decision.server, [ServerChange::Drop("relation_id_7".to_owned())]);
    assert_eq!(decision.plan.secrets[&label(RelationId(7), "user")], None);
    assert_eq!(decision.plan.secrets.get(SUPERUSER_SECRET), None);
}

#[test]
fn fields_that_are_not_asked_for_in_secrets_are_in_plain() {
    let mut seen = everything();
    seen.relations.get_mut(DATABASE).unwrap()[0].remote = Databag::from([("database", "registry")]);
    let seen = after(seen, 2);
    let bag = &seen.relations(DATABASE)[0].local;
    assert_eq!(bag.get("password"), Some("password-1"));
    assert_eq!(bag.get("tls"), Some("False"));
    assert_eq!((bag.get("secret-user"), bag.get("secret-tls")), (None, None));
}

#[test]
fn a_name_that_belongs_to_the_server_blocks_and_is_not_answered() {
    let long = "x".repeat(50);
    for name in ["postgres", "template1", "pg_x", "relation_id_3", long.as_str()] {
        let mut seen = everything();
        seen.relations.get_mut(DATABASE).unwrap()[0].remote = Request::new(name).databag();
        let decision = decided(&seen, Some(&found(&[])));
        assert!(matches!(decision.plan.status, Status::Blocked(_)), "{name}: {decision:?}");
        assert!(decision.server.is_empty());
    }
}

#[test]
fn a_pooler_gets_a_superuser_and_nobody_gets_another_role() {
    let mut seen = everything();
    let bag = &mut seen.relations.get_mut(DATABASE).unwrap()[0].remote;
    bag.insert("extra-user-roles", "SUPERUSER");
    let decision = decided(&after(seen.clone(), 2), Some(&found(&[])));
    let [ServerChange::Admit(login)] = decision.server.as_slice() else { panic!("{decision:?}") };
    assert!(login.superuser);

    seen.relations.get_mut(DATABASE).unwrap()[0].remote.insert("extra-user-roles", "CREATEDB");
    let status = decided(&seen, Some(&found(&[]))).plan.status;
    let text = "[database] feast: extra-user-roles is another than SUPERUSER";
    assert_eq!(status, Status::Blocked(text.to_owned()));
}

#[test]
fn rotation_changes_the_password_in_the_server_and_in_the_secret() {
    let mut seen = after(everything(), 2);
    seen.dispatch = Dispatch::action("rotate");
    let decision = with_password(&seen, Some(&found(&[7])), &mut || "new".into());
    let [ServerChange::Admit(login)] = decision.server.as_slice() else { panic!("{decision:?}") };
    assert_eq!(login.password.reveal(), "new");
    let secret = decision.plan.secrets[&label(RelationId(7), "user")].as_ref().unwrap();
    assert_eq!(secret.content["password"].reveal(), "new");
    assert!(secret.content["uris"].reveal().contains(":new@"));

    seen.parameters.insert("relation".to_owned(), 8.into());
    let decision = decided(&seen, Some(&found(&[7])));
    assert!(decision.server.is_empty());
    assert!(matches!(decision.plan.answer, Some(charm::Answer::Failure(_))));
}

/// The same with TLS, before anything is done about it.
fn with_tls() -> Observation {
    let config = [("tls".to_owned(), ConfigValue::Boolean(true))].into();
    Observation { config, ..everything() }
}

/// By whom applications are told to know the server.
fn told(seen: &Observation) -> Option<&str> {
    let secret = &seen.owned_secrets.get(&label(RelationId(7), "tls"))?.content;
    let on = secret.get("tls").map(Secret::reveal) == Some("True");
    secret.get("tls-ca").map(Secret::reveal).filter(|_| on)
}

fn file<'a>(decision: &'a Decision, path: &str) -> Option<&'a str> {
    let file = decision.plan.workloads.get(CONTAINER)?.files.get(path)?;
    Some(file.content.reveal())
}

#[test]
fn certificates_are_kept_before_the_server_has_them_and_it_has_them_before_clients_are_told() {
    let seen = with_tls();
    let first = decided(&seen, None);
    assert!(first.plan.workloads.is_empty());
    let seen = seen.after(&first.plan.changes(&seen));
    assert_eq!(told(&seen), None);

    let second = decided(&seen, None);
    assert_eq!(file(&second, CERTIFICATE_FILE), Some("c"));
    let silent = seen.after(&second.plan.changes(&seen));
    assert_eq!(told(&silent), None);
    let seen = after(seen, 1);
    assert_eq!(told(&seen), Some("first"));
    let bag = &seen.relations(DATABASE)[0].local;
    assert_eq!(
        (bag.get("tls"), bag.get("secret-tls")),
        (None, Some("secret:database.7.tls.secret"))
    );
    assert_eq!(lines(&decided(&seen, Some(&found(&[7]))), &seen), ["status-set active"]);
}

#[test]
fn another_authority_reaches_juju_then_the_server_then_the_clients() {
    let mut seen = after(with_tls(), 3);
    seen.dispatch = Dispatch::action("rotate-ca");
    let decision = decided(&seen, Some(&found(&[7])));
    let Some(charm::Answer::Results(results)) = &decision.plan.answer else { panic!("no answer") };
    assert_eq!(results["tls-ca"], "second");
    let changes = decision.plan.changes(&seen);
    assert!(certificates::change(&seen, &changes));
    let mut seen = seen.after(&changes);
    assert_eq!(told(&seen), Some("first"));
    seen.dispatch = Dispatch::default();
    let silent = decided(&seen, None);
    assert_eq!(told(&seen.after(&silent.plan.changes(&seen))), Some("first"));
    let seen = after(seen, 1);
    assert_eq!(told(&seen), Some("second"));
    assert_eq!(lines(&decided(&seen, Some(&found(&[7]))), &seen), ["status-set active"]);
}

#[test]
fn without_tls_there_is_no_authority_to_renew() {
    let mut seen = after(everything(), 2);
    seen.dispatch = Dispatch::action("rotate-ca");
    let decision = decided(&seen, Some(&found(&[7])));
    assert!(matches!(decision.plan.answer, Some(charm::Answer::Failure(_))));
    assert_eq!(decision.plan.secrets.get(TLS_SECRET), None);
}

#[test]
fn tls_that_is_wanted_no_more_goes_from_the_server_and_the_clients() {
    let mut seen = after(with_tls(), 3);
    seen.config.clear();
    assert_eq!(file(&decided(&seen, None), CERTIFICATE_FILE), None);
    assert_eq!(told(&after(seen, 1)), None);
}

#[test]
fn the_status_tells_how_far_the_server_is() {
    let mut seen = everything();
    assert_eq!(decided(&seen, Some(&found(&[]))).plan.status, Status::active());
    let message = |seen: &Observation| decided(seen, None).plan.status.message().to_owned();
    assert_eq!(message(&seen), "[postgresql] The server does not answer");
    seen.containers.get_mut(CONTAINER).unwrap().states.clear();
    assert_eq!(message(&seen), "[postgresql] The server does not run");
    seen.containers.clear();
    assert_eq!(message(&seen), "[postgresql] Waiting for Pebble");
    seen.leader = false;
    assert!(message(&seen).starts_with("[leadership-gate]"));
    assert_eq!(decided(&seen, None).plan.changes(&seen).len(), 1);
}
