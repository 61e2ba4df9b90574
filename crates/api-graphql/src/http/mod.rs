//! HTTP, in the order in which a request meets it.
//!
//! | step | modules |
//! |---|---|
//! | a connection is accepted, read and written | `connection`, `eviction`, `read_ahead` |
//! | request id, log line, limit of the headers, headers of responses | `edge`, `cors`, `preflight`, `methods` |
//! | the body is read | `kept_body`, `body`, `query_string` |
//! | a service answers | `graphql`, `graphiql`, `health`; REST has a module of its own |
//! | mutations run independently of their connections | `mutations` |
//! | the response waits for its client | `error`, `json`, `response_memory` |
//!
//! `limits` has the limits of a request, and `memory` the memory that requests and responses share.

pub mod body;
pub(crate) mod connection;
pub mod cors;
pub(crate) mod edge;
pub mod error;
mod eviction;
pub mod graphiql;
pub mod graphql;
pub mod health;
pub(crate) mod json;
pub(crate) mod kept_body;
pub mod limits;
pub mod memory;
pub(crate) mod methods;
pub mod mutations;
pub(crate) mod operation_type;
pub(crate) mod preflight;
pub(crate) mod query_string;
pub(crate) mod read_ahead;
pub(crate) mod response_memory;
