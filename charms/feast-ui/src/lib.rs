//! The feast-ui charm: Feast's web UI, on the configuration that feast-integrator hands out.

mod container;
mod decide;
mod feature_store;
mod inputs;
mod labels;
mod mesh;
mod options;
mod routes;
mod workload;

pub use container::{errand, look_again, told};
pub use decide::decide;
pub use inputs::{ENDPOINTS, endpoints, is_of_no_interest};
pub use labels::Labels;
pub use workload::{CONTAINER, FILE};
