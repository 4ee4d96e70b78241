//! Real Juju, Kubernetes, Pebble, PostgreSQL and Feast as plain processes.

pub mod image;
