//! Shared by the tests.

pub mod container;
pub mod event;
pub mod world;
