//! Real Juju as processes: a controller, its pods, and their views of the file system.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a test may fail anywhere")]

mod controller;
mod jubilant;
mod kubernetes;
mod support;
mod view;
