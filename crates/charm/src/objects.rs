//! Objects that an application keeps in namespaces of a cluster, and what else there is.
//!
//! Which objects are ours is said by labels on them, so that they can be found and taken back without a record.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::Status;

/// The kind of an object, such as `v1/Secret` or `kubeflow.org/v1alpha1/PodDefault`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectKind {
    /// `v1`, or the group and the version: `kubeflow.org/v1alpha1`.
    pub api_version: String,
    /// In the singular: `PodDefault`.
    pub kind: String,
}

/// Which object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId {
    /// What it is.
    pub kind: ObjectKind,
    /// Its name.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
}

/// What an object holds besides its kind and its metadata. It may hold passwords, so `Debug` shows keys alone.
///
/// It is shared and not copied: the same may be wanted in thousands of namespaces.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct ObjectContent(Arc<Map<String, Value>>);

/// Objects by what they are.
pub type Objects = BTreeMap<ObjectId, ObjectContent>;

/// Whether the cluster was looked at, and what came of that.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Sight {
    /// Nobody had to look.
    #[default]
    Unlooked,
    /// We may not look: the application is not trusted.
    Untrusted,
    /// It could not be looked at, for this reason.
    Failed(Status),
    /// This was seen.
    Seen(Cluster),
}

/// What there is in a cluster, as far as it was looked at.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cluster {
    /// The namespaces that were asked for, and whether each is on its way out.
    pub namespaces: BTreeMap<String, bool>,
    /// What is ours.
    pub objects: Objects,
    /// What is not, and has to do with it.
    pub others: BTreeMap<ObjectId, Other>,
    /// The kinds that the cluster does not know.
    pub unknown: BTreeSet<ObjectKind>,
}

/// An object that is not ours.
#[derive(Clone, Debug, PartialEq)]
pub struct Other {
    /// Whose it is.
    pub owner: Owner,
    /// What it holds; nothing where that was not looked at.
    pub content: ObjectContent,
}

/// Whose an object is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owner {
    /// Another application of the same charm.
    Application {
        /// Its name.
        name: String,
        /// Its model.
        model: String,
    },
    /// Those who set its fields; nobody where that is not recorded.
    Managers(Vec<String>),
}

/// One request to the cluster.
#[derive(Clone, PartialEq)]
pub enum ObjectChange {
    /// Make an object where there is none.
    Create(ObjectId, ObjectContent),
    /// Put one of ours right.
    Repair(ObjectId, ObjectContent),
    /// Delete one of ours.
    Delete(ObjectId),
}

/// The changes that make `found` match `wanted`, kind by kind in the order of `kinds`.
///
/// What others need comes first and goes last: of two kinds, objects of the second mean objects of the first.
/// What is void of the second goes before anything of it is made, because both together might be more than one can stand.
pub(crate) fn changes(
    found: &Cluster,
    wanted: &Objects,
    kinds: &[ObjectKind],
) -> Vec<ObjectChange> {
    let made = |kind: &ObjectKind| {
        let right = |id: &ObjectId, content: &ObjectContent| {
            found.objects.get(id).is_some_and(|found| content.is_part_of(found))
        };
        let made = wanted.iter().filter(|(id, content)| id.kind == *kind && !right(id, content));
        made.map(|(id, content)| {
            if found.objects.contains_key(id) {
                ObjectChange::Repair(id.clone(), content.clone())
            } else {
                ObjectChange::Create(id.clone(), content.clone())
            }
        })
        .collect::<Vec<_>>()
    };
    let void = |kind: &ObjectKind| {
        let void = found.objects.keys().filter(|id| id.kind == *kind && !wanted.contains_key(id));
        void.cloned().map(ObjectChange::Delete).collect::<Vec<_>>()
    };
    let mut changes = Vec::new();
    for (index, kind) in kinds.iter().enumerate() {
        if index > 0 {
            changes.extend(void(kind));
        }
        changes.extend(made(kind));
    }
    changes.extend(kinds.first().into_iter().flat_map(void));
    changes
}

impl Sight {
    /// What was seen, if anything was.
    pub fn cluster(&self) -> Option<&Cluster> {
        match self {
            Self::Seen(cluster) => Some(cluster),
            Self::Unlooked | Self::Untrusted | Self::Failed(_) => None,
        }
    }
}

impl Cluster {
    pub(crate) fn make(&mut self, change: &ObjectChange) {
        match change {
            ObjectChange::Create(id, content) => {
                self.objects.insert(id.clone(), content.clone());
            }
            ObjectChange::Repair(id, content) => {
                self.objects.entry(id.clone()).or_default().merge(content);
            }
            ObjectChange::Delete(id) => drop(self.objects.remove(id)),
        }
    }
}

impl ObjectKind {
    /// A kind by its version and name.
    pub fn new(api_version: impl Into<String>, kind: impl Into<String>) -> Self {
        Self { api_version: api_version.into(), kind: kind.into() }
    }
}

impl ObjectContent {
    /// What an object holds; its kind and metadata are left out.
    pub fn of(mut object: Map<String, Value>) -> Self {
        for key in ["apiVersion", "kind", "metadata"] {
            object.remove(key);
        }
        Self(Arc::new(object))
    }

    /// The whole. Call this only where it is written to its destination, or where what is ours is looked for in it.
    pub fn reveal(&self) -> &Map<String, Value> {
        &self.0
    }

    /// Whether `found` says all that this says. It may say more: fields that we do not name are those of others.
    pub fn is_part_of(&self, found: &Self) -> bool {
        is_part_of(&self.0, &found.0)
    }

    fn merge(&mut self, content: &Self) {
        merge(Arc::make_mut(&mut self.0), &content.0);
    }
}

fn is_part_of(wanted: &Map<String, Value>, found: &Map<String, Value>) -> bool {
    wanted.iter().all(|(key, wanted)| match (wanted, found.get(key)) {
        (Value::Object(wanted), Some(Value::Object(found))) => is_part_of(wanted, found),
        (wanted, found) => Some(wanted) == found,
    })
}

fn merge(found: &mut Map<String, Value>, wanted: &Map<String, Value>) {
    for (key, wanted) in wanted {
        match (found.get_mut(key), wanted) {
            (Some(Value::Object(found)), Value::Object(wanted)) => merge(found, wanted),
            _ => drop(found.insert(key.clone(), wanted.clone())),
        }
    }
}

impl ObjectChange {
    /// The object.
    pub fn id(&self) -> &ObjectId {
        match self {
            Self::Create(id, _) | Self::Repair(id, _) | Self::Delete(id) => id,
        }
    }

    fn verb(&self) -> &'static str {
        match self {
            Self::Create(..) => "create",
            Self::Repair(..) => "repair",
            Self::Delete(_) => "delete",
        }
    }

    /// What many changes come to, for people: what is done, to what, and in which namespaces; some of the names where
    /// there are many.
    pub fn summary<'a>(changes: impl IntoIterator<Item = &'a Self>) -> Vec<(String, String)> {
        let mut groups: Vec<(String, Vec<&str>)> = Vec::new();
        for change in changes {
            let ObjectId { kind, name, namespace } = change.id();
            let what = format!("{} {} {name}", change.verb(), kind.kind);
            match groups.iter_mut().find(|(known, _)| *known == what) {
                Some((_, namespaces)) => namespaces.push(namespace),
                None => groups.push((what, vec![namespace])),
            }
        }
        let named = |(what, namespaces): (String, Vec<&str>)| (what, self::namespaces(&namespaces));
        groups.into_iter().map(named).collect()
    }
}

/// Some namespaces, for people.
pub fn namespaces(names: &[&str]) -> String {
    const SHOWN: usize = 10;
    match names {
        [name] => format!("namespace {name}"),
        names if names.len() <= SHOWN => {
            format!("{} namespaces: {}", names.len(), names.join(", "))
        }
        names => format!("{} namespaces: {}, …", names.len(), names[..SHOWN].join(", ")),
    }
}

impl fmt::Display for ObjectKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.api_version, self.kind)
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} in namespace {}", self.kind.kind, self.name, self.namespace)
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Application { name, model } => write!(f, "{name} of model {model}"),
            Self::Managers(managers) if managers.is_empty() => f.write_str("somebody else"),
            Self::Managers(managers) => f.write_str(&managers.join(", ")),
        }
    }
}

impl fmt::Display for ObjectChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.verb(), self.id())
    }
}

impl fmt::Debug for ObjectChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl fmt::Debug for ObjectContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}
