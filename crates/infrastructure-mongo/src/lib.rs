//! The adapters of Convene's ports on MongoDB.
//!
//! [`connect`](connect::connect) opens a client with safe settings, and
//! [`MongoPorts::prepare`](ports::MongoPorts::prepare) creates the collections, their validators and indexes.
//! Within the crate, a collection is accessed through [`scoped`] only, which adds the organization to every filter, and
//! nothing is written outside a [`transaction`]. Lookups that come before there is a tenant scope are in [`unscoped`].

pub mod check;
mod coalesced;
pub mod connect;
mod pool;
pub mod ports;
pub mod registration;

mod activity_log;
pub mod admission;
mod catalogue;
mod change;
mod closing;
mod command;
mod database;
mod deadline;
mod decode;
mod directory;
mod documents;
mod driver_error;
mod error;
mod events;
mod guards;
mod issues;
pub mod jobs;
mod known_revisions;
mod members;
mod metrics;
mod observed;
mod operation;
mod organization_locks;
mod organizations;
mod personal_data;
mod realignment;
pub mod schema;
mod scoped;
mod session;
mod set_aside;
mod steps;
mod time_limit;
mod transaction;
mod unavailability;
mod uninterrupted;
mod unscoped;
