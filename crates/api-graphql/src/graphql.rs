//! The GraphQL side: the schema and the limits of the documents that run against it.

pub mod limits;
