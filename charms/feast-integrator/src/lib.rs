//! The feast-integrator charm: three databases in, `feature_store.yaml` out.

mod act;
pub(crate) mod decide;
mod deliver;
mod destination;
mod direct;
mod entity_keys;
mod inputs;
mod kept;
mod names;
mod namespaces;
mod notebooks;
mod options;
mod owners;
mod questions;
mod removal;
mod stores;

pub use act::{ACTIONS, act};
pub use decide::decide;
pub use direct::Direct;
pub use inputs::{ENDPOINTS, is_of_no_interest};
pub use options::EXTRA_CONFIGURATION;
pub use removal::{is_premature, take_back};
