//! The commands of a developer: pack, test, demo, bench.

fn main() {}
