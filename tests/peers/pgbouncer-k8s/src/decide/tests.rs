//! What the charm wants in situations, without Juju and without a server.

use charm::{
    Change, CheckHealth, CheckState, Container, Databag, RelationId, SecretAnswer, ServiceState,
};
use peer_postgresql_k8s::{DATABASE, Login};

use super::*;
use crate::workload::{FILE, SERVICE};

const ADDRESS: Option<IpAddr> = Some(IpAddr::V4(std::net::Ipv4Addr::new(127, 1, 3, 1)));

/// The leader of a pooler that runs, with a server behind it and an application that asks for a database.
fn everything() -> Observation {
    let health = CheckHealth { state: CheckState::Up, successes: Some(1), failures: 0 };
    let container = Container {
        states: [(SERVICE.to_owned(), ServiceState::Active)].into(),
        health: [(SERVICE.to_owned(), health)].into(),
        ..Container::default()
    };
    let answer = [
        ("database", OWN_DATABASE),
        ("endpoints", "pg-primary.kubeflow.svc.cluster.local:5432"),
        ("secret-user", "secret:1"),
    ];
    let related = |id, application: &str, remote: Databag| Relation {
        id: RelationId(id),
        application: application.to_owned(),
        remote,
        ..Relation::default()
    };
    let content = [("username", "relation_id_1"), ("password", "root")];
    let content = content.into_iter().map(|(key, value)| (key.to_owned(), value.into())).collect();
    Observation {
        application: "pgbouncer".to_owned(),
        model: "kubeflow".to_owned(),
        leader: true,
        relations: [
            (BACKEND.to_owned(), vec![related(1, "pg", answer.into())]),
            (DATABASE.to_owned(), vec![related(2, "feast", Request::new("registry").databag())]),
        ]
        .into(),
        secrets: [("secret:1".to_owned(), SecretAnswer::Content(content))].into(),
        containers: [(CONTAINER.to_owned(), container)].into(),
        ..Observation::default()
    }
}

fn found(admitted: &[u32]) -> Found {
    let ids: BTreeSet<RelationId> = admitted.iter().map(|id| RelationId(*id)).collect();
    Found { version: "15.8".to_owned(), roles: ids.clone(), admitted: ids }
}

fn decided(seen: &Observation, server: Option<&Found>) -> Decision {
    decide(seen, ADDRESS, server, &mut || "password".into())
}

/// The world after two hooks: in the first the secrets are made, in the second they are granted.
fn settled(mut seen: Observation) -> Observation {
    for _ in 0..2 {
        seen = seen.after(&decided(&seen, Some(&found(&[2]))).plan.changes(&seen));
    }
    seen
}

fn endpoints(expose_external: &str) -> String {
    let mut seen = everything();
    let value = ConfigValue::Text(expose_external.to_owned());
    seen.config.insert(EXPOSE_EXTERNAL.to_owned(), value);
    let seen = settled(seen);
    let bag = &seen.relations(DATABASE)[0].local;
    assert_eq!(bag.get("endpoints"), bag.get("read-only-endpoints"));
    bag.get("endpoints").unwrap_or_default().to_owned()
}

#[test]
fn the_endpoints_are_a_service_a_list_of_nodes_or_an_address() {
    assert_eq!(endpoints("false"), "pgbouncer.kubeflow.svc.cluster.local:6432");
    assert_eq!(endpoints("nodeport"), "127.1.3.201:31234,127.1.3.202:31234");
    assert_eq!(endpoints("loadbalancer"), "127.1.3.1:6432");
    assert_eq!(endpoints("elsewhere"), "");
}

#[test]
fn the_pooler_listens_everywhere_and_passes_on_to_the_server() {
    let plan = decided(&everything(), None).plan;
    let file = plan.workloads[CONTAINER].files[FILE].content.reveal();
    assert_eq!(
        file,
        r#"{"listen":["127.1.3.1:6432","127.1.3.201:31234","127.1.3.202:31234"],"server":"pg-primary.kubeflow.svc.cluster.local:5432"}"#
    );
}

#[test]
fn a_superuser_is_asked_for_and_makes_a_role_for_the_application() {
    let seen = settled(everything());
    let asked = &seen.relations(BACKEND)[0].local;
    assert_eq!(asked.get("extra-user-roles"), Some("SUPERUSER"));
    assert_eq!(asked.get("database"), Some(OWN_DATABASE));

    let decision = decided(&seen, Some(&found(&[])));
    let login = Login {
        id: RelationId(2),
        role: "pgbouncer_relation_id_2".to_owned(),
        password: "password".into(),
        database: "registry".to_owned(),
        superuser: false,
    };
    assert_eq!(decision.server, [ServerChange::Admit(login)]);
}

#[test]
fn the_role_of_a_relation_that_is_gone_is_dropped() {
    let mut seen = settled(everything());
    seen.relations.remove(DATABASE);
    let decision = decided(&seen, Some(&found(&[2])));
    assert_eq!(decision.server, [ServerChange::Drop("pgbouncer_relation_id_2".to_owned())]);
}

#[test]
fn the_status_tells_what_is_missing() {
    let status = |seen: &Observation, server| {
        let status = decided(seen, server).plan.status;
        format!("{} {}", status.word(), status.message()).trim_end().to_owned()
    };
    let (mut seen, server) = (everything(), found(&[]));
    assert_eq!(status(&seen, Some(&server)), "active");
    assert_eq!(status(&seen, None), "waiting [backend-database] The server does not answer");
    seen.containers.clear();
    assert_eq!(status(&seen, Some(&server)), "waiting [pgbouncer] Waiting for Pebble");
    seen.secrets.clear();
    assert_eq!(status(&seen, None), "waiting [backend-database] Waiting for the database");
    seen.relations.remove(BACKEND);
    assert_eq!(
        status(&seen, None),
        "blocked [backend-database] Please add the missing relation: backend-database"
    );
    seen.leader = false;
    assert!(status(&seen, None).starts_with("waiting [leadership-gate]"));
}

#[test]
fn a_second_run_changes_nothing() {
    let seen = settled(everything());
    let decision = decided(&seen, Some(&found(&[2])));
    assert!(decision.server.is_empty());
    let changes = decision.plan.changes(&seen);
    assert!(matches!(changes[..], [Change::StatusSet(_)]), "{changes:?}");
}
