//! Hook commands and the environment of a hook.
//!
//! Reading the environment costs no process, so a hook that is of no interest runs no hook command at all.

mod action;
mod agent;
mod apply;
mod command;
mod config;
mod environment;
mod failure;
mod go_yaml;
mod goal_state;
mod gob;
mod hook_commands;
mod log;
mod network;
mod observe;
mod port;
mod relation;
mod rpc;
mod secret;
mod status;

pub use agent::{Agent, Answer, Reason, Trouble};
pub use apply::Error as ApplyError;
pub use command::Error as CommandError;
pub use environment::{Error, Juju, NotAHook};
pub use failure::failed;
pub use goal_state::GoalState;
pub use gob::Odd;
pub use log::subscribe;
pub use network::Network;
pub use observe::Look;
