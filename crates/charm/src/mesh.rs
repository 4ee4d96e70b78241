//! The labels that bring an application's pods and its Service into a service mesh.
//!
//! Juju makes both objects, and puts labels of its own on them. Which of the others are ours is written down in a record
//! beside them, so that exactly those can be taken back: by another unit, after a refresh, or by the charm that was there
//! before or comes after.

use std::collections::BTreeMap;
use std::fmt;

/// Labels by key, as Kubernetes has them.
pub type Labels = BTreeMap<String, String>;

/// Whether the application is in a mesh.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Membership {
    /// It is not: no label of ours is left, and no record.
    Out,
    /// It is, by these labels; none where its whole namespace is.
    In(Labels),
}

/// What there is of labels in the cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mesh {
    /// The labels that are ours.
    pub record: Record,
    /// All labels that new pods get. `None` where nothing makes pods (any more), or nobody had to look.
    pub pods: Option<Labels>,
    /// All labels of the Service. `None` where there is none, or nobody had to look.
    pub service: Option<Labels>,
}

/// The record of the labels that are ours.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Record {
    /// There is none.
    #[default]
    Missing,
    /// There is one, and nobody knows what it means.
    Unreadable,
    /// These.
    Labels(Labels),
}

/// One request to the cluster.
#[derive(Clone, PartialEq, Eq)]
pub enum MeshChange {
    /// Begin a record.
    RecordCreate(Labels),
    /// Make the record say this.
    RecordSet(Labels),
    /// Change labels of what makes pods, which replaces all of them.
    Pods(LabelEdits),
    /// Change labels of the Service.
    Service(LabelEdits),
    /// Delete the record.
    RecordDelete,
}

/// Labels to set; `None` takes one away.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LabelEdits(BTreeMap<String, Option<String>>);

impl Membership {
    /// Whether anything but `record` has to be looked at: no label can differ where none is wanted and none is ours.
    pub fn touches_labels(&self, record: &Record) -> bool {
        !self.labels().is_empty() || !record.labels().is_empty()
    }

    /// The changes that make `seen` match, in the order they are to be made.
    ///
    /// The record names a label before it is set, and until it is gone. So whatever keeps the rest of the changes from
    /// being made, the next hook knows what is ours. Labels that the record does not name are never taken away.
    pub fn changes(&self, seen: &Mesh) -> Vec<MeshChange> {
        let Mesh { record, pods, service } = seen;
        let wanted = self.labels();
        let ours = record.labels();
        let stale: Vec<&String> = ours.keys().filter(|key| !wanted.contains_key(*key)).collect();
        let edits = |found: &Option<Labels>| {
            found.as_ref().map(|found| LabelEdits::between(found, wanted, &stale))
        };
        let edits = [edits(pods).map(MeshChange::Pods), edits(service).map(MeshChange::Service)];
        let mut changes: Vec<MeshChange> =
            edits.into_iter().flatten().filter(|change| !change.is_empty()).collect();

        let on = |found: &Option<Labels>, key: &String| {
            found.as_ref().is_some_and(|found| found.contains_key(key))
        };
        let mut meanwhile = wanted.clone();
        let still_there = ours
            .iter()
            .filter(|(key, _)| stale.contains(key) && (on(pods, key) || on(service, key)));
        meanwhile.extend(still_there.map(|(key, value)| (key.clone(), value.clone())));
        match (self, record) {
            (Self::Out, Record::Missing) => {}
            (Self::Out, _) => changes.push(MeshChange::RecordDelete),
            (Self::In(_), record) => {
                if meanwhile != *wanted {
                    changes.push(MeshChange::RecordSet(wanted.clone()));
                }
                match record {
                    Record::Labels(labels) if *labels == meanwhile => {}
                    Record::Missing => changes.insert(0, MeshChange::RecordCreate(meanwhile)),
                    _ => changes.insert(0, MeshChange::RecordSet(meanwhile)),
                }
            }
        }
        changes
    }

    /// The labels that are wanted.
    pub fn labels(&self) -> &Labels {
        static NONE: Labels = Labels::new();
        match self {
            Self::Out => &NONE,
            Self::In(labels) => labels,
        }
    }
}

impl Record {
    /// The labels that are known to be ours.
    pub fn labels(&self) -> &Labels {
        static NONE: Labels = Labels::new();
        match self {
            Self::Missing | Self::Unreadable => &NONE,
            Self::Labels(labels) => labels,
        }
    }
}

impl Mesh {
    pub(crate) fn make(&mut self, change: &MeshChange) {
        match change {
            MeshChange::RecordCreate(labels) | MeshChange::RecordSet(labels) => {
                self.record = Record::Labels(labels.clone());
            }
            MeshChange::Pods(edits) => edits.make(&mut self.pods),
            MeshChange::Service(edits) => edits.make(&mut self.service),
            MeshChange::RecordDelete => self.record = Record::Missing,
        }
    }
}

impl MeshChange {
    fn is_empty(&self) -> bool {
        matches!(self, Self::Pods(edits) | Self::Service(edits) if edits.0.is_empty())
    }
}

impl LabelEdits {
    /// Values by key; `None` takes the label away.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_deref()))
    }

    fn between(found: &Labels, wanted: &Labels, stale: &[&String]) -> Self {
        let set = wanted
            .iter()
            .filter(|(key, value)| found.get(*key) != Some(value))
            .map(|(key, value)| (key.clone(), Some(value.clone())));
        let taken =
            stale.iter().filter(|key| found.contains_key(**key)).map(|key| ((*key).clone(), None));
        Self(set.chain(taken).collect())
    }

    fn make(&self, labels: &mut Option<Labels>) {
        let Some(labels) = labels else { return };
        for (key, value) in &self.0 {
            match value {
                Some(value) => drop(labels.insert(key.clone(), value.clone())),
                None => drop(labels.remove(key)),
            }
        }
    }
}

impl fmt::Display for MeshChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = |f: &mut fmt::Formatter<'_>, labels: &Labels| {
            labels.iter().try_for_each(|(key, value)| write!(f, " {key}={value}"))
        };
        match self {
            Self::RecordCreate(labels) => {
                f.write_str("create the record:")?;
                all(f, labels)
            }
            Self::RecordSet(labels) => {
                f.write_str("set the record:")?;
                all(f, labels)
            }
            Self::Pods(edits) => write!(f, "label the pods:{edits}"),
            Self::Service(edits) => write!(f, "label the service:{edits}"),
            Self::RecordDelete => f.write_str("delete the record"),
        }
    }
}

/// As `kubectl label` takes them: ` key=value key-`.
impl fmt::Display for LabelEdits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|(key, value)| match value {
            Some(value) => write!(f, " {key}={value}"),
            None => write!(f, " {key}-"),
        })
    }
}

impl fmt::Debug for MeshChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}
