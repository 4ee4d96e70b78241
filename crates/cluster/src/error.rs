//! What can go wrong between us and the cluster, told apart by who has to act.

use kube::core::Status;

use crate::Object;

/// A request to the cluster, or the way to it, failed.
///
/// No message repeats what an object holds: the API server quotes values that it does not like.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no way to a cluster.
    #[error(
        "find a cluster: there is no service account in this pod (juju trust {application} --scope=cluster), and KUBECONFIG is not set"
    )]
    NoCluster {
        /// Our application.
        application: String,
    },
    /// The service account or the kubeconfig cannot be used.
    #[error("read {from}")]
    Configuration {
        /// Which of the two, and where.
        from: String,
        /// Why.
        #[source]
        source: Box<kube::Error>,
    },
    /// The cluster does not let us; an administrator has to.
    #[error("{doing}: forbidden; run: juju trust {application} --scope=cluster")]
    Forbidden {
        /// What was being done, to what.
        doing: String,
        /// Our application.
        application: String,
    },
    /// The cluster does not know us: the token or the certificate is wrong or old.
    #[error("{doing}: the cluster does not accept our credentials")]
    Unauthorized {
        /// What was being done, to what.
        doing: String,
    },
    /// Others own fields that we would set.
    #[error("{doing}: {} owns {}", owners.join(", "), fields.join(", "))]
    Conflict {
        /// What was being done, to what.
        doing: String,
        /// The field managers that own them.
        owners: Vec<String>,
        /// The fields, such as `.data.x`.
        fields: Vec<String>,
    },
    /// The namespace, or what was to be read, is not there.
    #[error("{doing}: {message}")]
    NotFound {
        /// What was being done, to what.
        doing: String,
        /// What is not there, in the server's words.
        message: String,
    },
    /// The namespace is on its way out and takes nothing new.
    #[error("{doing}: the namespace is being deleted")]
    NamespaceTerminating {
        /// What was being done, to what.
        doing: String,
    },
    /// The cluster has no such kind: what defines it is not installed.
    #[error("{doing}: the cluster does not know this kind; install what defines it")]
    MissingCrd {
        /// What was being done, to what.
        doing: String,
    },
    /// The object is not as its kind wants it.
    #[error("{doing}: the cluster finds it invalid: {complaint}")]
    Invalid {
        /// What was being done, to what.
        doing: String,
        /// The fields at fault, or the server's words where they cannot repeat a secret.
        complaint: String,
    },
    /// The cluster cannot answer now; try again later.
    #[error("{doing}: the cluster does not answer")]
    Unavailable {
        /// What was being done, to what.
        doing: String,
        /// Why.
        #[source]
        source: Box<kube::Error>,
    },
    /// The cluster answered something else.
    #[error("{doing}: the cluster answered {code} {reason}")]
    Refused {
        /// What was being done, to what.
        doing: String,
        /// The HTTP status.
        code: u16,
        /// Its reason in one word.
        reason: String,
    },
}

/// What was sent with a request.
#[derive(Clone, Copy)]
pub(crate) enum Sent<'a> {
    /// Nothing that could be at fault.
    Nothing,
    /// Labels, or a record of them.
    Labels,
    /// An object, to be applied.
    Object(&'a Object),
}

impl Error {
    /// Whether nobody has answered: not the cluster that it cannot, but no cluster at all.
    pub fn is_silence(&self) -> bool {
        matches!(self, Self::Unavailable { source, .. } if !matches!(**source, kube::Error::Api(_)))
    }

    /// Sorts what kube reports.
    pub(crate) fn from_kube(
        source: kube::Error,
        doing: String,
        application: &str,
        sent: Sent<'_>,
    ) -> Self {
        let kube::Error::Api(status) = source else {
            return Self::Unavailable { doing, source: Box::new(source) };
        };
        let causes = status.details.as_ref().map_or(&[][..], |details| &details.causes);
        match status.code {
            401 => Self::Unauthorized { doing },
            403 if causes.iter().any(|cause| cause.reason == "NamespaceTerminating") => {
                Self::NamespaceTerminating { doing }
            }
            403 => Self::Forbidden { doing, application: application.to_owned() },
            // The server's own 404 for a path that it does not serve is plain text, and no `Status`.
            404 if status.details.is_none() => Self::MissingCrd { doing },
            404 => Self::NotFound { doing, message: status.message },
            409 if !causes.is_empty() => Self::Conflict {
                doing,
                owners: owners(&status),
                fields: causes.iter().map(|cause| cause.field.clone()).collect(),
            },
            // An object that is applied and does not fit the schema is answered with 500.
            400 | 422 | 500 if matches!(sent, Sent::Object(_)) => {
                Self::Invalid { doing, complaint: complaint(&status, sent) }
            }
            400 | 422 if matches!(sent, Sent::Labels) => {
                Self::Invalid { doing, complaint: complaint(&status, sent) }
            }
            429 | 500.. => Self::Unavailable { doing, source: Box::new(kube::Error::Api(status)) },
            code => Self::Refused { doing, code, reason: status.reason },
        }
    }
}

/// The field managers in `conflict with "x"` or `conflicts with "x"`, in the order in which they are named.
fn owners(status: &Status) -> Vec<String> {
    let causes = status.details.as_ref().map_or(&[][..], |details| &details.causes);
    let mut owners: Vec<String> = causes
        .iter()
        .filter_map(|cause| cause.message.split('"').nth(1))
        .map(str::to_owned)
        .collect();
    owners.sort();
    owners.dedup();
    owners
}

fn complaint(status: &Status, sent: Sent<'_>) -> String {
    let causes = status.details.as_ref().map_or(&[][..], |details| &details.causes);
    let fields: Vec<&str> =
        causes.iter().map(|cause| cause.field.as_str()).filter(|field| !field.is_empty()).collect();
    if !fields.is_empty() {
        return fields.join(", ");
    }
    if matches!(sent, Sent::Object(object) if object.kind().kind == "Secret") {
        return status.reason.clone();
    }
    status.message.clone()
}
