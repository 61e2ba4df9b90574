//! Shared parts of the fault harness, the benchmarks and the tests of the program: `convene` as a
//! process, a minimal client, and direct access to the database.

mod api;
pub mod corpus;
pub mod cpu;
mod http;
mod organization;
mod output;
mod population;
mod server;
mod storage;
mod system;

pub use {
    api::{ADD_MEMBER, CANCEL, CREATE_EVENT, CREATE_ORGANIZATION, Outcome, REGISTER, call, created, text},
    http::{Connection, Credentials, Response},
    organization::Organization,
    output::print_line,
    population::Population,
    server::{Server, program},
    storage::Storage,
    system::new_id,
};
