//! The feast-integrator charm.

fn main() {}
