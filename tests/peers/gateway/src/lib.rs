//! What stands in for Istio's gateway: a reverse proxy in a container, and the hook of a charm that runs it.

mod hook;
mod routes;
mod workload;

pub use hook::{Error, dispatch};
pub use routes::{Listener, Matching, Route, Routes};
pub use workload::{
    CERTIFICATE_FILE, CHECK, CONTAINER, ROUTES_FILE, SERVICE, certificate, status, workload,
};
