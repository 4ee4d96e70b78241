//! A simulated unit: the hook commands, answering from a state and refusing what Juju refuses.
