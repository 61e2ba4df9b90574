//! The GraphQL side: the schema, its resolvers, and the limits of the documents that run against it.
//!
//! | module | what is there |
//! |---|---|
//! | [`schema`] | the schema as a whole, and its text |
//! | [`query`], [`mutation`] | the root fields and their resolvers |
//! | [`object`] | the types of answers, one file each |
//! | [`input`] | the types of arguments, and the way from them to commands |
//! | [`scalars`] | date, time, zone and duration |
//! | [`errors`] | the form of refusals and faults in responses |
//! | [`context`] | the data of the request, for resolvers |
//! | [`limits`] | the limits of the size of a document |
//! | [`validation`] | the mistakes of documents that the engine does not report |

pub mod arguments;
pub mod context;
pub(crate) mod document;
pub mod errors;
pub mod input;
pub mod limits;
mod lists;
mod loaders;
pub mod look_ahead;
pub mod mutation;
pub mod object;
mod problems;
pub mod query;
pub mod scalars;
pub mod schema;
pub mod validation;
