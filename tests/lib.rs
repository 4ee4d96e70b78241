//! Shared by the tests.

pub mod container;
pub mod event;
pub mod pebble;
pub mod recorded;
pub mod world;
