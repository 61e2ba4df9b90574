//! Shared parts of the fault harness, the benchmarks and the tests of the program: `convene` as a
//! process, a minimal client, and direct access to the database.

mod api;
pub mod cpu;
mod http;
mod population;
mod server;
mod storage;
mod system;

pub use {
    api::{Outcome, REGISTER, call, created, text},
    http::{Connection, Credentials, Response},
    population::Population,
    server::Server,
    storage::Storage,
    system::new_id,
};
