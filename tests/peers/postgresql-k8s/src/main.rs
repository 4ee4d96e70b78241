//! A stand-in for the postgresql-k8s charm, written on our own crates.

fn main() {}
