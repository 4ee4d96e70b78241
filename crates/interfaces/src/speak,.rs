//! The relation interfaces that Feast'"s.
