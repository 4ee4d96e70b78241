//! What a charm sees, wants and changes: values, and pure functions between them.
//!
//! ```text
//! observe ──► Observation ── decide ──► Plan ── changes ──► [Change] ── apply
//!  (I/O)        a value      (pure)    a value   (pure)      values     (I/O)
//! ```
//!
//! Nothing here reads, writes, waits or fails for an outside reason.

mod after;
mod change;
mod databag;
mod dispatch;
mod mesh;
mod objects;
mod observation;
mod options;
mod plan;
mod port;
pub mod properties;
mod secret;
mod status;
mod workload;

pub use change::Change;
pub use databag::{Databag, Edits};
pub use dispatch::{Dispatch, Kind, RelationEvent};
pub use mesh::{LabelEdits, Labels, Membership, Mesh, MeshChange, Record};
pub use objects::{
    Cluster, ObjectChange, ObjectContent, ObjectId, ObjectKind, Objects, Other, Owner, Sight,
    namespaces,
};
pub use observation::{
    ConfigValue, Endpoint, MarkedSecret, Observation, OwnedSecret, Relation, RelationId,
    SecretAnswer,
};
pub use options::Options;
pub use plan::{Answer, ObjectsPlan, Plan, Publication, SecretPlan};
pub use port::{Port, Protocol};
pub use secret::{Secret, SecretContent};
pub use status::Status;
pub use workload::{
    Check, CheckHealth, CheckLevel, CheckState, Container, File, OnCheckFailure, Probe, Service,
    ServiceState, Startup, Workload, WorkloadChange, checksum,
};
