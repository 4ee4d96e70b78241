//! Looking at a PostgreSQL database, stage by stage, as its clients will meet it.
//!
//! Only actions do this: a hook makes no connection, no TLS configuration and no thread.

mod error;
mod findings;
mod login;
mod observe;
mod ownership;
mod session;
mod stream;
mod tls;

pub use error::Error;
pub use findings::{Facts, Findings, Stage, Step, Table};
pub use login::{Login, SslMode};
pub use observe::observe;
pub use ownership::{Outcome, give};
pub use session::Session;
