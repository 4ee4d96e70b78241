//! What the actions ask about, of what was seen.

use std::collections::BTreeSet;

use actions::{STORES, Store, logins};
use charm::{Answer, Change, Container, Observation, Startup, Status, WorkloadChange};

use crate::feature_store::Configuration;
use crate::inputs;
use crate::workload::{self, CONTAINER};

/// What the integrator hands out, or why there is nothing.
pub(crate) fn configuration(seen: &Observation) -> Result<Configuration, String> {
    inputs::configuration(seen).map_err(|unready| unready.trouble.message().to_owned())
}

/// The three stores of the file.
pub(crate) fn stores(configuration: &Configuration) -> Result<[Store; 3], String> {
    let Configuration { file, certificates, .. } = configuration;
    let logins = logins(file, certificates.as_deref());
    let logins =
        logins.ok_or("feature_store.yaml is not one that feast-integrator of this suite writes")?;
    let mut names = STORES.into_iter();
    Ok(logins.map(|login| Store { name: names.next().unwrap_or_default(), login: Ok(login) }))
}

/// What restarts the UI, or why it cannot be.
pub(crate) fn restart(found: Option<&Container>) -> Result<[Change; 1], String> {
    let container = found.ok_or("There is no UI to restart: its container does not answer.")?;
    let service = container
        .services
        .get(CONTAINER)
        .ok_or("There is no UI to restart: it has not been configured yet.")?;
    if service.startup != Startup::Enabled {
        return Err("The UI is stopped, because its configuration is gone.".to_owned());
    }
    let services = BTreeSet::from([CONTAINER.to_owned()]);
    Ok([Change::Workload(CONTAINER.to_owned(), WorkloadChange::Restart(services))])
}

/// What to say about a UI that was restarted.
pub(crate) fn restarted(after: Option<&Container>, undone: Option<&Status>) -> Answer {
    let trouble = undone.cloned().or_else(|| workload::trouble(after));
    if let Some(status) = trouble {
        return Answer::Failure(status.message().to_owned());
    }
    Answer::Results([("result".to_owned(), "The UI was restarted, and answers.".to_owned())].into())
}

#[cfg(test)]
mod tests {
    use charm::{CheckHealth, CheckState, Service, ServiceState};
    use feast::{FeatureStore, Host, TlsMode};

    use super::*;
    use crate::act::ACTIONS;
    use crate::workload::CHECK;

    fn container(startup: Startup, state: ServiceState, failures: u64) -> Container {
        let service = Service { startup, ..Service::default() };
        let health = CheckHealth { state: CheckState::Up, successes: Some(3), failures };
        Container {
            services: [(CONTAINER.to_owned(), service)].into(),
            states: [(CONTAINER.to_owned(), state)].into(),
            health: [(CHECK.to_owned(), health)].into(),
            ..Container::default()
        }
    }

    #[test]
    fn only_a_ui_that_is_to_run_is_restarted() {
        let running = container(Startup::Enabled, ServiceState::Active, 0);
        assert_eq!(
            restart(Some(&running)).unwrap()[0].to_string(),
            "pebble feast-ui: restart feast-ui"
        );
        let refusal = |found: Option<&Container>| restart(found).unwrap_err();
        assert!(refusal(None).contains("its container does not answer"));
        assert!(refusal(Some(&Container::default())).contains("not been configured yet"));
        let stopped = container(Startup::Disabled, ServiceState::Inactive, 0);
        assert!(refusal(Some(&stopped)).contains("its configuration is gone"));
    }

    #[test]
    fn a_ui_that_does_not_answer_afterwards_is_a_failure() {
        let after =
            |state, failures| restarted(Some(&container(Startup::Enabled, state, failures)), None);
        assert!(matches!(after(ServiceState::Active, 0), Answer::Results(_)));
        for answer in [
            after(ServiceState::Backoff, 0),
            after(ServiceState::Active, 1),
            restarted(None, None),
            restarted(None, Some(&Status::Waiting("x".to_owned()))),
        ] {
            assert!(matches!(answer, Answer::Failure(_)), "{answer:?}");
        }
    }

    #[test]
    fn the_stores_are_those_of_the_file() {
        let store = |name: &str| feast::Store {
            hosts: vec![Host { name: name.to_owned(), port: 5432 }],
            database: name.to_owned(),
            user: "u".to_owned(),
            password: "hunter2".into(),
            tls: TlsMode::Prefer,
        };
        let file = FeatureStore::new(store("r"), store("off"), store("on")).render().unwrap();
        let connect_timeout = feast::CONNECT_TIMEOUT;
        let configuration = Configuration { file, certificates: None, connect_timeout };
        let found = stores(&configuration).unwrap();
        let found = found.map(|store| (store.name, store.login.unwrap().host));
        let expected = [("offline-store", "off"), ("online-store", "on"), ("registry", "r")];
        assert_eq!(found, expected.map(|(name, host)| (name, host.to_owned())));
        let foreign = Configuration { file: "hunter2: [".into(), ..configuration };
        assert!(!stores(&foreign).unwrap_err().contains("hunter2"));
    }

    #[test]
    fn actions_in_the_metadata_are_those_of_the_charm() {
        let metadata = include_str!("../../../metadata/feast-ui/actions.yaml");
        let metadata: serde_yaml::Mapping = serde_yaml::from_str(metadata).unwrap();
        let mut declared: Vec<&str> = metadata.keys().filter_map(|name| name.as_str()).collect();
        declared.sort_unstable();
        assert_eq!(declared, ACTIONS);
    }
}
