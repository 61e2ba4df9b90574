//! Everything that speaks HTTP: the GraphQL-over-HTTP handler, health and metrics routes, and what goes around every
//! request (its log line, its headers, its errors).

pub mod body;
pub(crate) mod edge;
pub mod error;
pub mod graphql;
pub mod health;
pub mod limits;
