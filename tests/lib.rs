//! Shared by the tests.

pub mod event;
pub mod world;
