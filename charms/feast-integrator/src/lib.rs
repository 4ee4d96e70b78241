//! The feast-integrator charm: three databases in, `feature_store.yaml` out.

mod decide;
mod inputs;
mod stores;

pub use decide::decide;
pub use inputs::{ENDPOINTS, is_of_no_interest};
