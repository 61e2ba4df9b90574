//! GraphQL and REST over HTTP for Convene.
//!
//! | module | what is there |
//! |---|---|
//! | [`config`] | the settings of the server, read from the environment |
//! | [`auth`] | from a request's headers to a known caller |
//! | [`http`] | the GraphQL-over-HTTP handler and everything else that speaks HTTP |
//! | [`graphql`] | the GraphQL schema, its resolvers, and the limits of documents |
//! | [`execution`] | runs documents of the HTTP handler against the schema |
//! | [`rest`] | the REST routes of the issue tracker, and the document that describes them |
//! | [`personal_data`] | what is held about a person, as JSON |
//! | [`seed`] | demo data: read, placed around today, loaded through the use cases |
//! | [`request_id`] | the id that ties an answer, its log lines and its activity entries together |
//! | [`strict_json`] | JSON in which no object has a name twice |
//! | [`callers`] | from proven credentials to whoever may call |
//! | [`server`] | puts the parts together, listens, and shuts down in order |
//! | [`system`] | the machine's clock and its sources of ids and random numbers |
//! | [`telemetry`] | logs and metrics |
//! | [`wiring`] | puts the storage behind the use cases |

pub mod auth;
pub mod callers;
pub mod config;
pub mod errors;
pub mod execution;
mod fingerprint;
pub mod graphql;
pub mod http;
pub mod personal_data;
pub mod request_id;
pub mod rest;
pub mod seed;
pub mod server;
pub mod strict_json;
pub mod system;
pub mod telemetry;
pub mod wiring;
