//! Feast's three stores, and the `feature_store.yaml` that describes them.

mod feature_store;
mod scalar;
mod url;

pub use feature_store::{EntityKeys, Error, FeatureStore, Host, Store, TlsMode};
