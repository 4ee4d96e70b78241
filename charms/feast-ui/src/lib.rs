//! The feast-ui charm: Feast's web UI, on the configuration that feast-integrator hands out.

mod act;
mod container;
mod decide;
mod feature_store;
mod inputs;
mod labels;
mod mesh;
mod observe;
mod options;
mod questions;
mod routes;
mod workload;

pub use act::{ACTIONS, act};
pub use container::{errand, look_again, told};
pub use decide::decide;
pub use inputs::{ENDPOINTS, endpoints, is_of_no_interest};
pub use labels::Labels;
pub use observe::observe;
pub use workload::{CONTAINER, FILE};
