//! Feast's three stores, and the feature_store.yaml that describes them.
