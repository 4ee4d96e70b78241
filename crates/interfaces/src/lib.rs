//! The relation interfaces that Feast's charms speak, one module each, both directions in it.
//!
//! What one side publishes is a `databag()`, what the other reads of it a `read(…)`: `Ok(None)` says that the other side
//! has not spoken (in full) yet, `Err` that it has and it makes no sense, `Ok(Some(_))` is usable as it stands.

mod error;
mod host;
mod port;
mod python_json;

pub mod cross_model_mesh;
pub mod feast_configuration;
pub mod ingress;
pub mod istio_ingress_route;
pub mod kubeflow_dashboard_links;
pub mod kubernetes_manifest;
pub mod postgresql_client;
pub mod service_mesh;

pub use error::Error;

#[cfg(test)]
mod secrecy;
