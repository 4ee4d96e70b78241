//! Real Juju, Kubernetes, Pebble, PostgreSQL and Feast as plain processes.

pub mod cache;
pub mod go;
pub mod image;
mod log;
