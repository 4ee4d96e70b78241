//! Real Juju, Kubernetes, Pebble, PostgreSQL and Feast as plain processes.

pub mod archive;
pub mod binary;
pub mod cache;
pub mod charmcraft;
pub mod chromium;
pub mod controller;
pub mod feast;
pub mod go;
pub mod image;
pub mod juju;
pub mod kubernetes;
pub mod leash;
mod log;
pub mod missing;
pub mod pebble;
pub mod pod;
pub mod postgresql;
pub mod python;
pub mod runner;
pub mod script;
pub mod view;
