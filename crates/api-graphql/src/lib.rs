//! GraphQL and REST over HTTP for Convene.
//!
//! | module | what is there |
//! |---|---|
//! | [`config`] | the settings of the server, read from the environment |
//! | [`allowance`] | the rest of a rate limit |
//! | [`auth`] | authentication, rate limits and access control |
//! | [`callers`] | looks up the identity behind verified credentials |
//! | [`change_state`] | whether a request may have changed anything |
//! | [`http`] | the HTTP edge and the GraphQL-over-HTTP handler |
//! | [`graphql`] | the GraphQL schema, its resolvers, and the limits of documents |
//! | [`execution`] | runs documents of the HTTP handler against the schema |
//! | [`rest`] | the REST routes of the issue tracker, and their OpenAPI document |
//! | [`errors`] | the status, the code and the message of each error |
//! | [`request_id`] | the id that a response, its log lines and its activity entries share |
//! | [`strict_json`] | JSON without duplicate names in objects |
//! | [`outgoing`] | the client for requests to other servers |
//! | [`personal_data`] | the JSON export of a person's data |
//! | [`seed`] | demo data: reads it, moves it to the current date, and loads it through the use cases |
//! | [`server`] | assembly, start and graceful shutdown |
//! | [`system`] | the system clock, and the sources of ids and random numbers |
//! | [`telemetry`] | logs and metrics |
//! | [`wiring`] | connects the MongoDB adapters to the use cases |

pub mod allowance;
pub mod auth;
pub mod callers;
pub mod change_state;
pub mod config;
mod cursor;
pub mod errors;
pub mod execution;
mod fingerprint;
pub mod graphql;
mod host;
pub mod http;
pub mod outgoing;
pub mod personal_data;
pub mod request_id;
pub mod rest;
pub mod seed;
pub mod server;
pub mod strict_json;
pub mod system;
pub mod telemetry;
pub mod wiring;
