//! A stand-in for the istio-pilot charm, written on our own crates.

fn main() {}
