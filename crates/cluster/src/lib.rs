//! Kubernetes objects: built as types, and put and read through kube-rs.
//!
//! The types stand alone. Only the feature `client` brings HTTP and TLS along, so that a charm that hands its objects
//! to another charm does not carry a client that it never uses.

#[cfg(feature = "client")]
mod client;
#[cfg(feature = "client")]
mod connect;
#[cfg(feature = "client")]
mod error;
#[cfg(feature = "client")]
mod list;
#[cfg(feature = "client")]
mod mesh;
mod names;
mod object;
#[cfg(feature = "client")]
mod objects;
mod pod_default;
mod secret;

pub use charm::ObjectKind;
#[cfg(feature = "client")]
pub use client::{Cluster, OnConflict};
#[cfg(feature = "client")]
pub use error::Error;
pub use k8s_openapi;
#[cfg(feature = "client")]
pub use list::Found;
pub use names::{is_dns_label, is_dns_subdomain, is_label_key, is_label_value};
pub use object::{NotAnObject, Object};
#[cfg(feature = "client")]
pub use objects::Undone;
pub use pod_default::{PodDefault, PodDefaultSpec};
pub use secret::{opaque_secret, opaque_secret_data};
