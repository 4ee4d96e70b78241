//! The feast-ui charm.

fn main() {}
