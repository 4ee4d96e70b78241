//! Feast's three stores, and the `feature_store.yaml` that describes them.

mod extra;
mod feature_store;
mod node;
mod projects;
mod read;
mod redacted;
mod registry;
mod scalar;
mod url;

pub use extra::Extra;
pub use feature_store::{
    CONNECT_TIMEOUT, EntityKeys, Error, FeatureStore, Host, REGISTRY_CACHE_TTL, Store, TlsMode,
    check_project,
};
pub use projects::{PROJECTS, Project};
pub use read::{Database, Databases};
pub use redacted::redacted;
pub use registry::REGISTRY_TABLES;
