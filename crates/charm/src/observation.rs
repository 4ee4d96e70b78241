//! Everything one hook saw.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::{Container, Databag, Dispatch, Mesh, Port, SecretContent, Sight, Status};

/// Everything one hook saw, gathered once and never changed afterwards.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Observation {
    /// What Juju started the charm for.
    pub dispatch: Dispatch,
    /// The name of this unit, `feast-ui/0`.
    pub unit: String,
    /// The name of this application, `feast-ui`.
    pub application: String,
    /// The name of the model; on Kubernetes also that of its namespace.
    pub model: String,
    /// Whether this unit leads its application.
    pub leader: bool,
    /// The values of the charm's options; one without value and default is absent.
    pub config: BTreeMap<String, ConfigValue>,
    /// Live relations by endpoint. A relation that is being broken is already gone.
    pub relations: BTreeMap<String, Vec<Relation>>,
    /// What Juju said to each secret that a databag points at, by the URI exactly as it stands in the databag; and to one
    /// that none points at any more, by the label under which it was followed.
    pub secrets: BTreeMap<String, SecretAnswer>,
    /// The secrets that this application owns, by their owner's label; only looked at by a leader that asks for them.
    pub owned_secrets: BTreeMap<String, OwnedSecret>,
    /// The ports that this unit has opened.
    pub ports: BTreeSet<Port>,
    /// The workload containers whose Pebble answers, by name.
    pub containers: BTreeMap<String, Container>,
    /// The labels that bring pods and Service into a mesh. `None` where nobody had to look, or could.
    pub mesh: Option<Mesh>,
    /// What this unit tells its operator now. `None` where nobody had to look, or where it is Juju's own word.
    pub status: Option<Status>,
    /// The namespaces of the cluster and what is in them.
    pub cluster: Sight,
    /// The time, in seconds since 1970 (UTC).
    pub now: u64,
    /// The parameters of an action, with defaults filled in.
    pub parameters: BTreeMap<String, serde_json::Value>,
}

/// What to look at on one endpoint of the charm, so that a hook asks for nothing in vain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a question of its own")]
pub struct Endpoint {
    /// Its name in `metadata.yaml`.
    pub name: &'static str,
    /// Look at it only where this unit leads, even if others look at relations too.
    pub leader_only: bool,
    /// Read the remote application's databag.
    pub remote: bool,
    /// Read the databags of the remote units.
    pub units: bool,
    /// Read them only where this key in the remote application's databag says `true`, such as `subordinated` of the
    /// `postgresql_client` providers.
    pub units_when: Option<&'static str>,
    /// Read our own application's databag (a leader only: Juju refuses it to others).
    pub local: bool,
    /// The key in the remote application's databag under which the other side repeats our own, as the
    /// `postgresql_client` providers do with `data`. Where it is there, our own databag need not be read.
    pub echo: Option<&'static str>,
    /// The prefix of the keys in the remote application's databag that hold URIs of secrets, such as `secret-`.
    /// What follows it is the group in the label `<endpoint>.<relation id>.<group>.secret`, under which the
    /// data-platform libraries know the secret too.
    pub secrets: Option<&'static str>,
    /// A key in the remote application's databag that holds the URI of a secret only where another one says so.
    pub marked_secret: Option<MarkedSecret>,
    /// Read our own unit's databag.
    pub local_unit: bool,
    /// A key in the databags of the remote units that holds the URI of a secret, followed under the label
    /// `<endpoint>.<relation id>.<key>`. Where the remote application says nothing and none of its units points at a
    /// secret, the one that was followed before is still looked at: the unit that did may be gone, and its successor late.
    pub unit_secret: Option<&'static str>,
}

/// A key of a databag that holds the URI of a secret only where another key says `true`, and plain text otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MarkedSecret {
    /// The key that may hold a URI.
    pub key: &'static str,
    /// The key that then says exactly `true`.
    pub mark: &'static str,
    /// What the label `<label>.<endpoint>.<relation id>` begins with, under which the secret is followed.
    pub label: &'static str,
}

/// The number of a relation, as in `JUJU_RELATION_ID=registry:7`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RelationId(pub u32);

/// One relation, and what its databags hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Relation {
    /// Its number.
    pub id: RelationId,
    /// The application on the other side; empty where nothing of that side was asked for and this application owns no
    /// secret that it could be granted, as its name costs a question.
    pub application: String,
    /// Our own application's databag; empty unless asked for and this unit leads.
    pub local: Databag,
    /// The other application's databag; empty unless asked for.
    pub remote: Databag,
    /// The databags of the other side's units; empty unless asked for.
    pub units: BTreeMap<String, Databag>,
    /// Our own unit's databag; empty unless asked for.
    pub local_unit: Databag,
}

/// What Juju said when asked for a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretAnswer {
    /// Its newest content.
    Content(SecretContent),
    /// It exists, and we may not read it (yet): the grant may be on its way, or was revoked.
    Denied,
    /// It does not exist (yet, or any more).
    NotFound,
    /// The other side wrote something that is no URI of a secret.
    NotAUri,
}

/// A secret that this application owns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnedSecret {
    /// Its URI, `secret:<id>`.
    pub uri: String,
    /// Its newest content.
    pub content: SecretContent,
    /// The applications that it is granted to.
    pub granted: BTreeSet<String>,
}

/// The value of an option of the charm.
#[derive(Clone, Debug, PartialEq)]
pub enum ConfigValue {
    /// Of type `string` or `secret`.
    Text(String),
    /// Of type `int`.
    Integer(i64),
    /// Of type `float`.
    Float(f64),
    /// Of type `boolean`.
    Boolean(bool),
}

impl Endpoint {
    /// An endpoint of which only its relations are of interest.
    pub const fn named(name: &'static str) -> Self {
        Self {
            name,
            leader_only: false,
            remote: false,
            units: false,
            units_when: None,
            local: false,
            echo: None,
            secrets: None,
            marked_secret: None,
            local_unit: false,
            unit_secret: None,
        }
    }

    /// See [`Self::leader_only`].
    #[must_use]
    pub const fn for_the_leader(self) -> Self {
        Self { leader_only: true, ..self }
    }

    /// Also the remote application's databag.
    #[must_use]
    pub const fn with_remote(self) -> Self {
        Self { remote: true, ..self }
    }

    /// Also the databags of the remote units.
    #[must_use]
    pub const fn with_units(self) -> Self {
        Self { units: true, ..self }
    }

    /// See [`Self::units_when`].
    #[must_use]
    pub const fn with_units_when(self, key: &'static str) -> Self {
        Self { units_when: Some(key), ..self }
    }

    /// Also our own application's databag, where this unit leads.
    #[must_use]
    pub const fn with_local(self) -> Self {
        Self { local: true, ..self }
    }

    /// See [`Self::echo`].
    #[must_use]
    pub const fn with_echo(self, key: &'static str) -> Self {
        Self { echo: Some(key), ..self }
    }

    /// See [`Self::secrets`].
    #[must_use]
    pub const fn with_secrets(self, prefix: &'static str) -> Self {
        Self { secrets: Some(prefix), ..self }
    }

    /// See [`Self::marked_secret`].
    #[must_use]
    pub const fn with_marked_secret(self, secret: MarkedSecret) -> Self {
        Self { marked_secret: Some(secret), ..self }
    }

    /// Also our own unit's databag.
    #[must_use]
    pub const fn with_local_unit(self) -> Self {
        Self { local_unit: true, ..self }
    }

    /// Also the databags of the remote units; see [`Self::unit_secret`].
    #[must_use]
    pub const fn with_unit_secret(self, key: &'static str) -> Self {
        Self { units: true, unit_secret: Some(key), ..self }
    }

    /// The label under which a secret of this endpoint may still be there to read though nobody points at it any more.
    pub fn orphaned_secret(self, relation: &Relation) -> Option<String> {
        let key = self.unit_secret?;
        let told = !relation.remote.is_empty()
            || relation.units.values().any(|unit| unit.get(key).is_some());
        (!told).then(|| format!("{}.{}.{key}", self.name, relation.id))
    }

    /// The URIs of secrets that the databags of the other side of `relation` hold, each with the label under which it is
    /// followed.
    pub fn secrets_of(self, relation: &Relation) -> Vec<(&str, String)> {
        let Self { name, secrets, marked_secret, unit_secret, .. } = self;
        let Relation { id, remote, units, .. } = relation;
        let by_prefix = remote.iter().filter_map(|(key, uri)| {
            let group = key.strip_prefix(secrets?)?;
            Some((uri, format!("{name}.{id}.{group}.secret")))
        });
        let marked =
            marked_secret.filter(|secret| remote.get(secret.mark) == Some("true")).and_then(
                |secret| Some((remote.get(secret.key)?, format!("{}.{name}.{id}", secret.label))),
            );
        let of_units = units.values().filter_map(|unit| {
            let key = unit_secret?;
            Some((unit.get(key)?, format!("{name}.{id}.{key}")))
        });
        by_prefix.chain(marked).chain(of_units).collect()
    }
}

impl Observation {
    /// The live relations of `endpoint`.
    pub fn relations(&self, endpoint: &str) -> &[Relation] {
        self.relations.get(endpoint).map_or(&[], Vec::as_slice)
    }

    /// Puts in what `container` is like; `None` where its Pebble does not answer.
    pub fn set_container(&mut self, container: &str, found: Option<Container>) {
        match found {
            Some(found) => self.containers.insert(container.to_owned(), found),
            None => self.containers.remove(container),
        };
    }
}

impl fmt::Display for RelationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marked_key_is_a_secret_only_where_its_mark_says_true() {
        let secret = MarkedSecret { key: "manifests", mark: "is_secret", label: "manifest" };
        let endpoint = Endpoint::named("secrets").with_marked_secret(secret);
        let found = |mark: &str| {
            let remote = Databag::from([("manifests", "secret:1"), ("is_secret", mark)]);
            let relation = Relation { id: RelationId(7), remote, ..Relation::default() };
            let found = endpoint.secrets_of(&relation);
            found.into_iter().map(|(uri, label)| format!("{uri} {label}")).collect::<Vec<_>>()
        };
        assert_eq!(found("true"), ["secret:1 manifest.secrets.7"]);
        for mark in ["", "false", "True"] {
            assert!(found(mark).is_empty(), "{mark:?}");
        }
    }
}
