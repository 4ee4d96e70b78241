//! Hook commands and the environment of a hook.
