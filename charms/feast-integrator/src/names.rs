//! What the objects in users' namespaces are called, where several integrators deliver into one cluster.

use charm::{Cluster, ObjectContent, ObjectId, Observation, Owner};
use cluster::{is_dns_label, is_dns_subdomain, is_label_key};
use serde_json::Value;

use crate::notebooks::{pod_default_kind, secret_kind};
use crate::options::Choices;

/// What users see, and what may be there only once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Names {
    /// Of the Secret, and of the volume that it is mounted by.
    pub(crate) secret: String,
    /// Of the PodDefault.
    pub(crate) pod_default: String,
    /// By which label a pod asks for the file.
    pub(crate) pod_label: (String, String),
}

/// How much of who we are is in the names. The last is nobody else's in a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    /// Nothing: what the first one is called.
    First,
    /// The application.
    Application,
    /// The application and the model.
    Model,
}

impl Rank {
    const ALL: [Self; 3] = [Self::First, Self::Application, Self::Model];
}

/// The names where nobody else is known.
pub(crate) fn first(seen: &Observation, choices: &Choices) -> Names {
    names(seen, choices, Rank::First)
}

/// The names that the cluster leaves to us.
///
/// What we have delivered keeps its names, whoever comes or goes. Else it is the first that no other integrator has taken. Names
/// that the operator chose are not ours to change.
pub(crate) fn in_cluster(seen: &Observation, choices: &Choices, cluster: &Cluster) -> Names {
    let of = |rank| names(seen, choices, rank);
    let kept = Rank::ALL.into_iter().rev().find(|rank| is_kept(&of(*rank), choices, cluster));
    let free = || {
        Rank::ALL.into_iter().find(|rank| {
            let names = of(*rank);
            is_valid(&names) && is_free(&names, choices, cluster)
        })
    };
    of(kept.or_else(free).unwrap_or(Rank::First))
}

fn names(seen: &Observation, choices: &Choices, rank: Rank) -> Names {
    let Observation { application, model, .. } = seen;
    let default = Choices::default();
    let end = match rank {
        Rank::First => String::new(),
        Rank::Application => format!("-{application}"),
        Rank::Model => format!("-{application}-{model}"),
    };
    let own = match rank {
        Rank::First | Rank::Application => format!("{application}-access-feast"),
        Rank::Model => format!("{application}-{model}-access-feast"),
    };
    let (label, value) = &choices.pod_label;
    Names {
        secret: if choices.secret_name == default.secret_name {
            default.secret_name + &end
        } else {
            choices.secret_name.clone()
        },
        pod_default: choices.pod_default_name.clone().unwrap_or(own),
        pod_label: if choices.pod_label == default.pod_label {
            (format!("{label}{end}"), value.clone())
        } else {
            (label.clone(), value.clone())
        },
    }
}

fn is_kept(names: &Names, choices: &Choices, cluster: &Cluster) -> bool {
    let default = Choices::default();
    cluster.objects.iter().any(|(id, content)| {
        choices.secret_name == default.secret_name && is_secret(id, &names.secret)
            || choices.pod_label == default.pod_label && asks_for(content, &names.pod_label)
    })
}

fn is_free(names: &Names, choices: &Choices, cluster: &Cluster) -> bool {
    let default = Choices::default();
    let integrators =
        cluster.others.iter().filter(|(_, other)| matches!(other.owner, Owner::Application { .. }));
    let mut taken = integrators.filter(|(id, other)| {
        let content = &other.content;
        choices.secret_name == default.secret_name
            && (is_secret(id, &names.secret) || mounts(content, &names.secret))
            || choices.pod_label == default.pod_label && asks_for(content, &names.pod_label)
            || choices.pod_default_name.is_none()
                && id.kind == pod_default_kind()
                && id.name == names.pod_default
    });
    taken.next().is_none()
}

fn is_valid(names: &Names) -> bool {
    is_dns_label(&names.secret)
        && is_dns_subdomain(&names.pod_default)
        && is_label_key(&names.pod_label.0)
}

fn is_secret(id: &ObjectId, name: &str) -> bool {
    id.kind == secret_kind() && id.name == name
}

/// Whether a PodDefault is for pods with this label.
pub(crate) fn asks_for(content: &ObjectContent, (label, value): &(String, String)) -> bool {
    let labels =
        content.reveal().get("spec").and_then(|spec| spec.pointer("/selector/matchLabels"));
    labels.and_then(|labels| labels.get(label)).and_then(Value::as_str) == Some(value)
}

/// Whether a PodDefault mounts this Secret.
fn mounts(content: &ObjectContent, secret: &str) -> bool {
    let volumes = content.reveal().get("spec").and_then(|spec| spec.get("volumes")?.as_array());
    let name =
        |volume: &Value| volume.pointer("/secret/secretName")?.as_str().map(|it| it == secret);
    volumes.is_some_and(|volumes| volumes.iter().any(|volume| name(volume) == Some(true)))
}
