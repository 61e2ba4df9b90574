//! GraphQL and REST over HTTP for Convene.

pub mod graphql;
