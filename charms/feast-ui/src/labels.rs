//! What the cluster is asked to do, and what the operator is told where that cannot be done.

use charm::{Membership, Mesh, MeshChange, Observation, Status};
use cluster::{Cluster, Error};

use crate::inputs::{SERVICE_MESH, leaves_a_mesh};
use crate::mesh;

/// The labels in the cluster, for a hook that has something to ask about them.
#[derive(Default)]
pub struct Labels {
    /// None where nothing can be done (any more).
    cluster: Option<Cluster>,
    namespace: String,
    /// What the operator is told.
    pub trouble: Option<Status>,
}

impl Labels {
    /// Puts what there is into `seen`, where this hook has to know. Other hooks do not even look for a cluster.
    pub async fn observe(seen: &mut Observation) -> Self {
        let mut labels = Self { namespace: seen.model.clone(), ..Self::default() };
        let Ok(Some(wanted)) = mesh::membership(seen) else { return labels };
        let quiet = |error: &Error| may_fail(error, seen, &wanted);
        match look(seen, &wanted, quiet).await {
            Ok(Some((cluster, found))) => {
                seen.mesh = Some(found);
                labels.cluster = Some(cluster);
            }
            Ok(None) => {}
            Err(error) => labels.trouble = Some(told(&error)),
        }
        labels
    }

    /// Makes one change, and says whether it was made. After one that was not, none is: the next hook goes on from there.
    pub async fn make(&mut self, change: &MeshChange) -> bool {
        let Some(cluster) = &self.cluster else { return false };
        let Err(error) = cluster.change_mesh(&self.namespace, change).await else { return true };
        self.cluster = None;
        // Nobody misses a record of nothing.
        let empty = matches!(change, MeshChange::RecordCreate(labels) if labels.is_empty());
        if !(empty && is_refusal(&error)) {
            self.trouble = Some(told(&error));
        }
        false
    }
}

/// The cluster and what there is of labels; nothing where the record cannot be read and that is `quiet`.
async fn look(
    seen: &Observation,
    wanted: &Membership,
    quiet: impl Fn(&Error) -> bool,
) -> Result<Option<(Cluster, Mesh)>, Error> {
    let recorded = async {
        let cluster = Cluster::connect(&seen.application).await?;
        let record = cluster.mesh_record(&seen.model).await?;
        Ok((cluster, record))
    };
    let (cluster, record) = match recorded.await {
        Err(error) if quiet(&error) => return Ok(None),
        other => other?,
    };
    let found = if wanted.touches_labels(&record) {
        cluster.mesh_labels(&seen.model, record).await?
    } else {
        Mesh { record, ..Mesh::default() }
    };
    Ok(Some((cluster, found)))
}

/// Whether it is no matter that the record cannot be read. Who has nothing to ask of the cluster needs no permission.
fn may_fail(error: &Error, seen: &Observation, wanted: &Membership) -> bool {
    match wanted {
        Membership::Out => !leaves_a_mesh(&seen.dispatch),
        Membership::In(labels) => labels.is_empty() && is_refusal(error),
    }
}

fn is_refusal(error: &Error) -> bool {
    matches!(error, Error::NoCluster { .. } | Error::Forbidden { .. })
}

/// What passes is waited for; each hook tries again. Everything else is a person's.
fn told(error: &Error) -> Status {
    let text = format!("[{SERVICE_MESH}] {error}");
    match error {
        // Another unit was faster, or Juju.
        Error::Refused { code: 409, .. } | Error::NotFound { .. } | Error::Unavailable { .. } => {
            Status::Waiting(text)
        }
        _ => Status::Blocked(text),
    }
}
