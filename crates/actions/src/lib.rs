//! What the charms answer to those who run an action.
//!
//! An action looks, decides and answers, and changes nothing else unless that is what it is for. Only [`Store::examine`]
//! and its like leave the process; all the others are functions from what was found to an answer.

mod checks;
mod ownership;
mod parameters;
mod plan;
mod projects;
mod show_config;
mod store;
mod table;
mod validate;

pub use ownership::{Repaired, repair_ownership};
pub use parameters::{flag, timeout, word};
pub use plan::plan;
pub use projects::list_projects;
pub use show_config::show_config;
pub use store::{Examined, Rows, STORES, Store, logins};
pub use validate::validate;
