//! `postgresql_client`, version 0: an application (the requirer) asks a PostgreSQL charm (the provider) for a database.
//!
//! The requirer's application databag holds `database`, whose first appearance is the request, and the fields to be sent
//! in Juju secrets. The provider's holds `endpoints`, the `database` that it really made, and for each group of secret
//! fields the URI of a secret, `secret-user` and `secret-tls`; a field that is in no secret may be there in plain.

mod answer;
mod connection;
mod endpoint;
mod request;

pub use answer::{Answer, Group, tls_secret, user_secret};
pub use connection::{Connection, Tls};
pub use endpoint::{Endpoint, Endpoints};
pub use request::Request;
