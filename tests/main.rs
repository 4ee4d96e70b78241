//! Whole charms, as Juju would run them.
