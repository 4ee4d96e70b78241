//! A charm that looks at everything and changes everything, through `crates/juju`.
//!
//! What it does depends on the hook: `update-status` does nothing, `install` and `start` make changes of every kind,
//! `leader-elected` removes the secrets, `backup` answers, and all others print what they see.

use std::error::Error;

use charm::{
    Change, Databag, Endpoint, MarkedSecret, Port, RelationId, Secret, SecretContent, Status,
};
use juju::{Juju, Look};

const ENDPOINTS: &[Endpoint] = &[
    Endpoint::named("db").with_remote().with_local().with_echo("data").with_secrets("secret-"),
    Endpoint::named("web").with_remote().with_units().with_marked_secret(MARKED),
];
const MARKED: MarkedSecret = MarkedSecret { key: "text", mark: "is_secret", label: "text" };

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let juju = Juju::from_env()?;
    juju::subscribe(juju.dispatch().kind);
    let followers = !juju.unit().ends_with("/0");
    let look = Look {
        endpoints: ENDPOINTS,
        followers,
        config: true,
        config_secrets: &["secret"],
        ports: true,
        owned_secrets: true,
        status: true,
    };
    match juju.dispatch().name.as_str() {
        "update-status" => {}
        "install" => {
            for change in first() {
                juju.apply(&change).await?;
            }
        }
        "start" => {
            let changes = first();
            for change in &changes {
                juju.apply(change).await?;
            }
            let seen = juju.observe(&look).await?;
            let owned = &seen.owned_secrets["mine"];
            let set = SecretContent::from([("password".to_owned(), Secret::new("second"))]);
            juju.apply(&Change::SecretSet { uri: owned.uri.clone(), content: set }).await?;
            juju.apply(&Change::SecretGrant { uri: owned.uri.clone(), id: RelationId(3) }).await?;
            juju.record(&changes).await?;
        }
        "leader-elected" => {
            let seen = juju.observe(&look).await?;
            for owned in seen.owned_secrets.into_values() {
                juju.apply(&Change::SecretRemove { uri: owned.uri }).await?;
            }
        }
        "backup" => {
            let results = [("where.path".to_owned(), "/tmp/a b".to_owned())].into();
            juju.apply(&Change::Answer(charm::Answer::Results(results))).await?;
            let seen = juju.observe(&Look::default()).await?;
            let failure = format!("level {}", seen.parameters["level"]);
            juju.apply(&Change::Answer(charm::Answer::Failure(failure))).await?;
        }
        _ => show(&juju.observe(&look).await?),
    }
    Ok(())
}

fn first() -> Vec<Change> {
    let content = SecretContent::from([("password".to_owned(), Secret::new(PASSWORD))]);
    let wanted = Databag::from([("odd", ODD), ("plain", " spaces ")]);
    let old = Databag::from([("stale", "x")]);
    vec![
        Change::SecretAdd { label: "mine".to_owned(), content },
        Change::RelationSet { id: RelationId(3), edits: old.edits_to(&wanted) },
        Change::OpenPort(Port::tcp(8888)),
        Change::ClosePort(Port::tcp(80)),
        Change::StatusSet(Status::Blocked("--help: \"me\"".to_owned())),
    ]
}

const PASSWORD: &str = "p@:/?#%'\"\\` =\n😀";
const ODD: &str = "{\"a\": \"\\\"</>&\u{7f}\u{85}\u{2028}\u{feff}\0 😀\"}\n";

#[expect(clippy::print_stdout, reason = "the test reads it")]
fn show(seen: &charm::Observation) {
    println!("leader {} config {:?} ports {:?}", seen.leader, seen.config, seen.ports);
    println!("status {:?}", seen.status);
    for (endpoint, relations) in &seen.relations {
        for relation in relations {
            println!("{endpoint} {} {}", relation.id, relation.application);
            let bags = [("local", &relation.local), ("remote", &relation.remote)];
            let units = relation.units.iter().map(|(unit, bag)| (unit.as_str(), bag));
            for (name, bag) in bags.into_iter().chain(units) {
                println!("  {name} {:?}", bag.iter().collect::<Vec<_>>());
            }
        }
    }
    for (uri, answer) in &seen.secrets {
        println!(
            "{uri} {}",
            match answer {
                charm::SecretAnswer::Content(content) => revealed(content),
                other => format!("{other:?}"),
            }
        );
    }
    for (label, owned) in &seen.owned_secrets {
        println!("{label} {} {} {:?}", owned.uri, revealed(&owned.content), owned.granted);
    }
}

fn revealed(content: &SecretContent) -> String {
    let pairs: Vec<String> =
        content.iter().map(|(key, value)| format!("{key}={}", value.reveal())).collect();
    pairs.join(",")
}
