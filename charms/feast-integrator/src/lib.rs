//! The feast-integrator charm: three databases in, `feature_store.yaml` out.

mod decide;
mod deliver;
mod entity_keys;
mod inputs;
mod notebooks;
mod options;
mod stores;

pub use decide::decide;
pub use inputs::{ENDPOINTS, is_of_no_interest};
pub use options::EXTRA_CONFIGURATION;
