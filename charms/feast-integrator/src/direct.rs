//! The cluster, where this charm puts objects into namespaces itself: what is looked at, and what is done.

use std::collections::BTreeSet;

use charm::{
    Change, Labels, ObjectChange, ObjectContent, ObjectId, ObjectKind, Observation, Other, Owner,
    Plan, Sight, Status,
};
use cluster::{Cluster, Error, Found, Undone};

use crate::destination::{Question, question};
use crate::namespaces::{self, INSTANCE, MANAGED_BY, PART_OF};
use crate::notebooks::{pod_default_kind, secret_kind};
use crate::owners;

/// The cluster, for a hook that has something to ask or to do there.
#[derive(Default)]
pub struct Direct {
    /// None where nothing was asked, or could be.
    cluster: Option<Cluster>,
    labels: Labels,
    /// The names that were looked for in all namespaces.
    known: BTreeSet<(ObjectKind, String)>,
    /// What the operator is told.
    pub(crate) trouble: Option<Status>,
}

impl Direct {
    /// Puts into `seen` what this hook has to know of the cluster. Other hooks do not even look for one.
    pub async fn observe(seen: &mut Observation) -> Self {
        match question(seen) {
            Some(question) => Self::ask(seen, &question).await,
            None => Self::default(),
        }
    }

    /// Puts into `seen` what is ours in the cluster, whatever this hook is.
    pub async fn find(seen: &mut Observation) -> Self {
        Self::ask(seen, &Question::Ours).await
    }

    async fn ask(seen: &mut Observation, question: &Question) -> Self {
        let labels = namespaces::labels(seen);
        let mut direct = Self { labels, ..Self::default() };
        seen.cluster = match look(seen, question, &direct.labels).await {
            Ok((cluster, found)) => {
                direct.cluster = Some(cluster);
                Sight::Seen(found)
            }
            Err(Error::NoCluster { .. } | Error::Forbidden { .. }) => Sight::Untrusted,
            Err(error) => Sight::Failed(told(&error)),
        };
        direct
    }

    /// What `decide` comes to. Where it makes something, it is looked first whether somebody else has that name.
    pub async fn changes(
        &mut self,
        seen: &mut Observation,
        decide: fn(&Observation) -> Plan,
    ) -> Vec<Change> {
        loop {
            let changes = decide(seen).changes(seen);
            if !self.look_closer(seen, &changes).await {
                return changes;
            }
        }
    }

    /// Whether something new was seen.
    async fn look_closer(&mut self, seen: &mut Observation, changes: &[Change]) -> bool {
        let created = changes.iter().filter_map(|change| match change {
            Change::Object(ObjectChange::Create(id, _)) => Some((id.kind.clone(), id.name.clone())),
            _ => None,
        });
        let unknown: BTreeSet<_> = created.filter(|name| !self.known.contains(name)).collect();
        for (kind, name) in &unknown {
            let Some(cluster) = &self.cluster else { return false };
            match cluster.list_named(kind, name).await {
                Ok(found) => note(seen, kind, found, &self.labels),
                Err(error) => {
                    seen.cluster = Sight::Failed(told(&error));
                    return true;
                }
            }
        }
        let more = !unknown.is_empty();
        self.known.extend(unknown);
        more
    }

    /// Makes those of `changes` that are the cluster's, and takes them out. Those that were made are returned.
    pub async fn make(&mut self, changes: &mut Vec<Change>) -> Vec<Change> {
        let mut objects = Vec::new();
        changes.retain(|change| match change {
            Change::Object(change) => {
                objects.push(change.clone());
                false
            }
            _ => true,
        });
        let Some(cluster) = self.cluster.as_ref().filter(|_| !objects.is_empty()) else {
            return Vec::new();
        };
        let undone = cluster.change_objects(&self.labels, &objects).await;
        self.trouble = summary(&undone);
        let failed = undone.failed.iter().map(|(change, _)| change);
        let undone: Vec<&ObjectChange> = failed.chain(&undone.untried).collect();
        objects.retain(|made| !undone.contains(&made));
        objects.into_iter().map(Change::Object).collect()
    }
}

impl Direct {
    /// Puts what could not be done into the status, where nothing else needs attention more.
    pub fn tell(
        &mut self,
        seen: &Observation,
        changes: &mut Vec<Change>,
        decide: fn(&Observation) -> Plan,
    ) {
        let Some(trouble) = self.trouble.take() else { return };
        let trouble = owners::remember(trouble, seen);
        let status = Status::worst([trouble, decide(seen).status]);
        changes.retain(|change| !matches!(change, Change::StatusSet(_)));
        if seen.status.as_ref() != Some(&status) {
            changes.push(Change::StatusSet(status));
        }
    }
}

async fn look(
    seen: &Observation,
    question: &Question,
    labels: &Labels,
) -> Result<(Cluster, charm::Cluster), Error> {
    let cluster = Cluster::connect(&seen.application).await?;
    let mut found = charm::Cluster::default();
    // First what needs most rights, so that who lacks them asks once.
    for (secret, content) in cluster.list_whole(&secret_kind(), &selector(labels)).await? {
        found.objects.insert(id(&secret_kind(), &secret), content);
    }
    let (key, charm) = MANAGED_BY;
    match cluster.list_whole(&pod_default_kind(), &format!("{key}={charm}")).await {
        Ok(pod_defaults) => {
            for (pod_default, content) in pod_defaults {
                let id = id(&pod_default_kind(), &pod_default);
                if is_ours(&pod_default, labels) {
                    found.objects.insert(id, content);
                } else {
                    let owner = owner(pod_default);
                    found.others.insert(id, Other { owner, content });
                }
            }
        }
        Err(Error::MissingCrd { .. }) => drop(found.unknown.insert(pod_default_kind())),
        Err(error) => return Err(error),
    }
    if let Question::Namespaces(selector) = question {
        let namespaces = cluster.list(&ObjectKind::new("v1", "Namespace"), None, selector).await?;
        found.namespaces = namespaces.into_iter().map(|one| (one.name, one.terminating)).collect();
    }
    Ok((cluster, found))
}

/// Notes whose the objects of one name are that are not ours.
fn note(seen: &mut Observation, kind: &ObjectKind, found: Vec<Found>, labels: &Labels) {
    let application = seen.application.clone();
    let Sight::Seen(cluster) = &mut seen.cluster else { return };
    for one in found {
        // What we have made is ours again, even if somebody took its labels away.
        let stripped = one.managers.contains(&application) && !is_labelled(&one);
        if !is_ours(&one, labels) && !stripped {
            let other = Other { owner: owner(one.clone()), content: ObjectContent::default() };
            cluster.others.entry(id(kind, &one)).or_insert(other);
        }
    }
}

fn id(kind: &ObjectKind, found: &Found) -> ObjectId {
    let (name, namespace) = (found.name.clone(), found.namespace.clone().unwrap_or_default());
    ObjectId { kind: kind.clone(), name, namespace }
}

fn is_ours(found: &Found, labels: &Labels) -> bool {
    labels.iter().all(|(key, value)| found.labels.get(key) == Some(value))
}

fn is_labelled(found: &Found) -> bool {
    let (key, charm) = MANAGED_BY;
    found.labels.get(key).is_some_and(|label| label == charm)
}

fn owner(found: Found) -> Owner {
    let label = |key: &str| found.labels.get(key).cloned().unwrap_or_default();
    if is_labelled(&found) {
        Owner::Application { name: label(INSTANCE), model: label(PART_OF) }
    } else {
        Owner::Managers(found.managers.into_iter().collect())
    }
}

fn selector(labels: &Labels) -> String {
    labels.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(",")
}

/// What was not done, by what needs attention most.
fn summary(undone: &Undone) -> Option<Status> {
    let worst = undone.failed.iter().map(|(_, error)| told(error));
    let worst = (!undone.failed.is_empty()).then(|| Status::worst(worst))?;
    let failed = undone.failed.iter().map(|(change, _)| change);
    let namespaces: BTreeSet<&str> =
        failed.chain(&undone.untried).map(|change| change.id().namespace.as_str()).collect();
    Some(match namespaces.len() {
        1 => worst,
        several => worst.with_note(&format!("one of {several} namespaces with trouble")),
    })
}

/// What passes is waited for; each hook tries again. Everything else is a person's.
fn told(error: &Error) -> Status {
    let text = format!("[delivery] {error}");
    match error {
        Error::Refused { code: 409, .. }
        | Error::NotFound { .. }
        | Error::NamespaceTerminating { .. }
        | Error::Unavailable { .. } => Status::Waiting(text),
        _ => Status::Blocked(text),
    }
}
