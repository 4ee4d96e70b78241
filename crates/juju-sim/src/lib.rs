//! A simulated unit: the hook commands, answering from a state and refusing what Juju refuses.
//!
//! A charm is run as Juju runs it: as a process of its own, with the environment of a hook and nothing else, and with
//! hook commands that are processes too, or requests on the agent's socket. What the charm changes is kept only if its hook ends well, as with Juju.
//!
//! ```no_run
//! use std::path::Path;
//! use juju_sim::{Event, State, Unit, binary};
//!
//! let dispatch = binary("feast-integrator");
//! let mut unit = Unit::deploy(Path::new("metadata/feast-integrator"), State::leader()).unwrap();
//! let outcome = unit.run(&dispatch, Event::hook("config-changed")).unwrap();
//! assert!(outcome.success(), "{outcome:?}");
//! assert_eq!(unit.state.unit_status.name, "blocked");
//! ```

mod agent;
mod binary;
mod environment;
mod event;
mod flush;
mod metadata;
mod outcome;
mod secret;
mod state;
mod tool;
mod unit;
mod world;

pub use agent::{Break, Socket, Way};
pub use binary::binary;
pub use event::Event;
pub use metadata::{Action, Charm, Endpoint, Role};
pub use outcome::{ActionOutcome, Invocation, Outcome};
pub use secret::{Owner, Secret};
pub use state::{Bag, LogLine, Model, Relation, State, Status};
pub use tool::main as tool;
pub use unit::{Error, Unit};
