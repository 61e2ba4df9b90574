//! The adapters of Convene's ports on MongoDB.
//!
//! The way in is [`connect`](connect::connect): it opens a client with settings that are safe, and
//! [`MongoPorts::prepare`](ports::MongoPorts::prepare) makes the collections, their validators and indexes.
//! Within the crate, a collection is reached through [`scoped`] only, which puts the organization into whatever
//! is asked of it, and nothing is written outside a [`transaction`]. Who has no organization yet can look one
//! document up, in [`unscoped`].

pub mod check;
mod coalesced;
pub mod connect;
pub mod ports;
pub mod registration;

mod activity_log;
mod catalogue;
mod change;
mod database;
mod deadline;
mod decode;
mod directory;
mod documents;
mod error;
mod events;
mod issues;
mod members;
mod organization_locks;
mod organizations;
mod personal_data;
pub mod schema;
mod scoped;
mod transaction;
mod unscoped;
