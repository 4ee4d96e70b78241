//! Pebble's HTTP API over a unix socket: [`Client`] speaks it endpoint by endpoint, [`Pebble`] in a charm's own terms.
//!
//! Pebble is the first process of every workload container that Juju starts; a charm reaches it through a socket in a
//! directory that both containers share. Versions 1.7.4 (Juju 3.4) and later are understood.

mod carry_out;
mod checks;
mod client;
mod duration;
mod error;
mod files;
mod layer;
mod multipart;
mod notices;
mod pebble;
mod plan;
mod services;
mod settle;
mod system;
mod transport;

pub use carry_out::Errand;
pub use checks::{CheckInfo, Refreshed};
pub use client::Client;
pub use error::{Cause, Error};
pub use files::{FileInfo, FileTrouble, ReadFile};
pub use layer::Layer;
pub use notices::Notice;
pub use pebble::Pebble;
pub use services::{Action, ChangeInfo, ServiceInfo, Task};
pub use system::{LogLine, SystemInfo};
