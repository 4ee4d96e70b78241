//! A stand-in for the resource-dispatcher charm, written on our own crates.

fn main() {}
