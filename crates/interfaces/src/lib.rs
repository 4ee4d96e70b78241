//! The relation interfaces that Feast's charms speak, one module each.
