//! What the registration benchmark and the fault harness have in common: the program `convene` as a process, a lean
//! client to it, and the database behind it.

mod api;
mod http;
mod population;
mod server;
mod storage;

pub(crate) use self::{
    api::{Outcome, REGISTER, call, created, text},
    http::{Connection, Credentials},
    population::Population,
    server::Server,
    storage::Storage,
};
