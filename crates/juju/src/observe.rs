//! Looking at the world through Juju.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use charm::{ConfigValue, Endpoint, Kind, Observation};

use crate::{Error, Juju, action, config, port, secret, status};

/// What to look at. By default nothing but leadership and, in an action, its parameters.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a question of its own")]
pub struct Look<'a> {
    /// These relations, with the databags that each asks for.
    pub endpoints: &'a [Endpoint],
    /// Whether a unit that does not lead looks at relations too: at the other side's databags and secrets, as our own
    /// application's databag is for the leader alone.
    pub followers: bool,
    /// The values of the charm's options, where this unit looks at relations. They are asked for before anything else, as
    /// the option `hook-commands` says how to ask: `auto` over the agent's socket, all else by Juju's tools.
    pub config: bool,
    /// Options whose value may be the URI of a secret: `secret:<id>`, granted to our application by its user. Asked for
    /// only where the options are.
    pub config_secrets: &'a [&'a str],
    /// The ports that this unit has opened.
    pub ports: bool,
    /// The secrets that our application owns, where this unit leads.
    pub owned_secrets: bool,
    /// What this unit tells its operator now, where it leads. Then it is told again only if it changes.
    pub status: bool,
}

impl Juju {
    /// Looks at the world: few commands, in a fixed order, no more than needed. Juju serves hook commands one at a
    /// time, so each one costs and none overlap. The first is a question in any case: an agent that is not understood is
    /// found out before anything is changed.
    ///
    /// Containers are Pebble's to tell, and are left empty.
    ///
    /// # Errors
    ///
    /// [`Error::Command`] when Juju itself does not work. What is odd about the other side of a relation, or goes away
    /// in the meantime, is not there to be seen and no error.
    pub async fn observe(&self, look: &Look<'_>) -> Result<Observation, Error> {
        let commands = self.commands();
        let mut config = BTreeMap::new();
        if look.config {
            config = config::read(commands).await?;
            commands.choose(&config).await;
        }
        let leader = commands.ask("is-leader", &[]).await?;
        let mut seen = Observation {
            dispatch: self.dispatch().clone(),
            unit: self.unit().to_owned(),
            application: self.application().to_owned(),
            model: self.model().to_owned(),
            leader,
            now: SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()),
            ..Observation::default()
        };
        if self.dispatch().kind == Kind::Action {
            seen.parameters = action::parameters(commands).await?;
        }
        if look.config && (leader || look.followers) {
            seen.config = config;
            for option in look.config_secrets {
                let Some(ConfigValue::Text(text)) = seen.config.get(*option) else { continue };
                let uri = text.trim();
                if uri.starts_with("secret:") {
                    let answer = secret::get(commands, uri, &format!("config.{option}")).await?;
                    seen.secrets.insert(uri.to_owned(), answer);
                }
            }
        }
        let asked = |endpoint: &&Endpoint| leader || look.followers && !endpoint.leader_only;
        for endpoint in look.endpoints.iter().filter(asked) {
            self.observe_endpoint(endpoint, &mut seen).await?;
        }
        if look.ports {
            seen.ports = port::opened(commands).await?;
        }
        if look.owned_secrets && leader {
            seen.owned_secrets = secret::owned(commands).await?;
            if !seen.owned_secrets.is_empty() {
                self.name_applications(&mut seen).await?;
            }
        }
        if look.status && leader {
            seen.status = status::get(commands).await?;
        }
        Ok(seen)
    }

    /// Secrets are granted to applications, which nobody had to know before there was a secret.
    async fn name_applications(&self, seen: &mut Observation) -> Result<(), Error> {
        let relations = seen.relations.values_mut().flatten();
        for relation in relations.filter(|relation| relation.application.is_empty()) {
            let application = self.remote_application(relation.id).await?;
            relation.application = application.unwrap_or_default();
        }
        Ok(())
    }

    async fn observe_endpoint(
        &self,
        endpoint: &Endpoint,
        seen: &mut Observation,
    ) -> Result<(), Error> {
        let relations = self.relations(endpoint, seen.leader).await?;
        for (uri, label) in relations.iter().flat_map(|relation| endpoint.secrets_of(relation)) {
            if !seen.secrets.contains_key(uri) {
                let answer = secret::get(self.commands(), uri, &label).await?;
                seen.secrets.insert(uri.to_owned(), answer);
            }
        }
        for label in relations.iter().filter_map(|relation| endpoint.orphaned_secret(relation)) {
            let answer = secret::followed(self.commands(), &label).await?;
            seen.secrets.insert(label, answer);
        }
        if !relations.is_empty() {
            seen.relations.insert(endpoint.name.to_owned(), relations);
        }
        Ok(())
    }
}
