//! What is in which namespace, where we put it there ourselves.

use std::collections::BTreeMap;

use charm::{
    Cluster, Labels, ObjectContent, ObjectId, ObjectsPlan, Observation, Other, Owner, Status,
    namespaces as named,
};

use crate::inputs::SECRETS;
use crate::names::{Names, asks_for};
use crate::notebooks::{pod_default_kind, secret_kind};
use crate::options::Choices;

/// Which charm has made an object.
pub(crate) const MANAGED_BY: (&str, &str) = ("app.kubernetes.io/managed-by", "feast-integrator");

/// The label with the application.
pub(crate) const INSTANCE: &str = "app.kubernetes.io/instance";
/// The label with the model.
pub(crate) const PART_OF: &str = "app.kubernetes.io/part-of";

/// The labels of what is ours, and of nobody else's.
pub(crate) fn labels(seen: &Observation) -> Labels {
    let Observation { application, model, .. } = seen;
    let (managed_by, charm) = MANAGED_BY;
    [(managed_by, charm), (INSTANCE, application.as_str()), (PART_OF, model.as_str())]
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into()
}

/// What is to be there, with what keeps some of it from being there.
pub(crate) fn objects(
    seen: &Observation,
    cluster: &Cluster,
    choices: &Choices,
    names: &Names,
    (secret, pod_default): (&ObjectContent, &ObjectContent),
) -> (ObjectsPlan, Vec<Status>) {
    let mut plan = nothing();
    let mut rivals = Rivals::default();
    let knows_pod_defaults = !cluster.unknown.contains(&pod_default_kind());
    let (selected, mut troubles) = selected(cluster, choices);
    for namespace in selected {
        let id = |kind, name: &str| ObjectId {
            kind,
            name: name.to_owned(),
            namespace: namespace.to_owned(),
        };
        let secret_id = id(secret_kind(), &names.secret);
        if let Some((rival, other)) = cluster.others.get_key_value(&secret_id) {
            rivals.note(rival, "secret-name", other);
            continue;
        }
        plan.wanted.insert(secret_id, secret.clone());
        let pod_default_id = id(pod_default_kind(), &names.pod_default);
        if let Some((rival, other)) = cluster.others.get_key_value(&pod_default_id) {
            rivals.note(rival, "pod-default-name", other);
        } else if let Some((rival, other)) = same_label(cluster, names, namespace)
            && !cluster.objects.contains_key(&pod_default_id)
        {
            rivals.note(rival, "pod-label", other);
        } else if knows_pod_defaults {
            plan.wanted.insert(pod_default_id, pod_default.clone());
        }
    }
    troubles.extend(rivals.told(seen));
    if !knows_pod_defaults {
        let text = format!(
            "[delivery] The cluster does not know {}: install Kubeflow's admission-webhook",
            pod_default_kind()
        );
        troubles.push(Status::Blocked(text));
    }
    (plan, troubles)
}

/// Nothing of ours anywhere.
pub(crate) fn nothing() -> ObjectsPlan {
    ObjectsPlan { kinds: vec![secret_kind(), pod_default_kind()], ..ObjectsPlan::default() }
}

/// The namespaces in which our Secret of this name is.
pub(crate) fn of_secret<'a>(cluster: &'a Cluster, name: &str) -> Vec<&'a str> {
    let ids = cluster.objects.keys().filter(|id| id.kind == secret_kind() && id.name == name);
    ids.map(|id| id.namespace.as_str()).collect()
}

/// Those who deliver by themselves what a dispatcher is to deliver for us under the same names.
pub(crate) fn taken(seen: &Observation, cluster: &Cluster, names: &Names) -> Option<Status> {
    let mut others = cluster.others.iter().filter(|(id, other)| {
        id.kind == pod_default_kind()
            && (id.name == names.pod_default || asks_for(&other.content, &names.pod_label))
    });
    others.next().map(|(id, other)| {
        let text = format!(
            "[delivery] {id} belongs to {}: set secret-name, pod-default-name and pod-label of {} to others",
            other.owner, seen.application
        );
        Status::Blocked(text)
    })
}

/// The namespaces that are to get something.
fn selected<'a>(cluster: &'a Cluster, choices: &Choices) -> (Vec<&'a str>, Vec<Status>) {
    let there = |name: &str| cluster.namespaces.get(name).copied();
    let mut troubles = Vec::new();
    for name in choices.listed() {
        let text = match there(name) {
            Some(false) => continue,
            Some(true) => format!("Namespace {name} is being deleted: take it out of namespaces"),
            None => {
                format!("There is no namespace {name}: create it, or take it out of namespaces")
            }
        };
        troubles.push(Status::Blocked(format!("[delivery] {text}")));
    }
    let wanted = |name: &str| {
        (choices.namespaces.is_empty() || choices.namespaces.contains(name))
            && !choices.excluded_namespaces.contains(name)
    };
    let selected =
        cluster.namespaces.iter().filter(|(name, terminating)| !**terminating && wanted(name));
    let selected: Vec<&str> = selected.map(|(name, _)| name.as_str()).collect();
    if selected.is_empty() && troubles.is_empty() {
        let text = "no namespace is selected by namespaces and namespace-selector yet";
        troubles.push(Status::Active(text.to_owned()));
    }
    (selected, troubles)
}

/// The PodDefault of another integrator that is for the same pods. Both together would be one too many.
fn same_label<'a>(
    cluster: &'a Cluster,
    names: &Names,
    namespace: &str,
) -> Option<(&'a ObjectId, &'a Other)> {
    cluster.others.iter().find(|(id, other)| {
        id.namespace == namespace
            && id.kind == pod_default_kind()
            && asks_for(&other.content, &names.pod_label)
    })
}

/// Objects that are not ours where one of ours is to be, by what there is to be said of them.
#[derive(Default)]
struct Rivals<'a>(BTreeMap<Key, (&'a Owner, Vec<&'a str>)>);

/// The object, the option that names it, and its owner.
type Key = (String, &'static str, String);

impl<'a> Rivals<'a> {
    fn note(&mut self, id: &'a ObjectId, option: &'static str, other: &'a Other) {
        let what = format!("{} {}", id.kind.kind, id.name);
        let key = (what, option, other.owner.to_string());
        self.0.entry(key).or_insert((&other.owner, Vec::new())).1.push(&id.namespace);
    }

    fn told(self, seen: &Observation) -> Vec<Status> {
        let dispatched = !seen.relations(SECRETS).is_empty();
        let told = |(key, of): (Key, (&Owner, Vec<&str>))| {
            let ((what, option, owner), (whose, namespaces)) = (key, of);
            let namespaces = named(&namespaces);
            match (whose, dispatched) {
                // It was told to take them back, and does so in its own time.
                (Owner::Managers(_), true) => Status::Waiting(format!(
                    "[delivery] Waiting for the resource dispatcher to take back {what} in {namespaces}"
                )),
                (Owner::Managers(_), false) => Status::Blocked(format!(
                    "[delivery] {what} in {namespaces} belongs to {owner}: delete it, or set {option}"
                )),
                (Owner::Application { .. }, _) => Status::Blocked(format!(
                    "[delivery] {what} in {namespaces} belongs to {owner}: set {option} of one of the two"
                )),
            }
        };
        self.0.into_iter().map(told).collect()
    }
}
