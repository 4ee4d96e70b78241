//! Shared by the tests.

pub mod container;
pub mod event;
mod http;
pub mod kubernetes;
pub mod packed;
pub mod pebble;
pub mod recorded;
pub mod world;
