//! Real Juju, Kubernetes, Pebble, PostgreSQL and Feast as plain processes.

pub mod binary;
pub mod cache;
pub mod go;
pub mod image;
pub mod leash;
mod log;
