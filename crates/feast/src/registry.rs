//! The tables of a registry.

/// The tables that Feast keeps its registry in, as every version since 0.49 makes them. Later ones make some more.
///
/// They are made by whoever comes first: a client that applies something or lists anything, the UI among them.
pub const REGISTRY_TABLES: [&str; 12] = [
    "data_sources",
    "entities",
    "feast_metadata",
    "feature_services",
    "feature_views",
    "managed_infra",
    "on_demand_feature_views",
    "permissions",
    "projects",
    "saved_datasets",
    "stream_feature_views",
    "validation_references",
];
