//! HTTP: the GraphQL-over-HTTP handler, the health and metrics routes, and the log line, headers and errors that all
//! routes share.

pub mod body;
pub(crate) mod closing;
pub(crate) mod connections;
pub mod cors;
pub(crate) mod edge;
pub mod error;
pub mod graphiql;
pub mod graphql;
pub mod health;
pub(crate) mod intake;
pub(crate) mod json;
pub(crate) mod kept_body;
pub mod limits;
pub mod memory;
pub(crate) mod methods;
pub mod mutations;
pub(crate) mod operation_type;
mod places;
pub(crate) mod preflight;
pub(crate) mod query_string;
pub(crate) mod unread;
pub(crate) mod unsent;
mod write_time;
