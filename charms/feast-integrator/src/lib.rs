//! The feast-integrator charm: three databases in, `feature_store.yaml` out.

mod act;
pub(crate) mod decide;
mod deliver;
mod entity_keys;
mod inputs;
mod notebooks;
mod options;
mod owners;
mod questions;
mod stores;

pub use act::{ACTIONS, act};
pub use decide::decide;
pub use inputs::{ENDPOINTS, is_of_no_interest};
pub use options::EXTRA_CONFIGURATION;
