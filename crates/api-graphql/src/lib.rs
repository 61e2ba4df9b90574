//! GraphQL and REST over HTTP for Convene.

pub mod auth;
pub mod config;
pub mod graphql;
pub mod http;
pub mod telemetry;
