//! The catalogue of an organization in memory: its events and exceptions, without seat counts (ADR 16).

mod entry;
mod event;
mod replica;

pub use self::{
    entry::Entry,
    event::CatalogueEvent,
    replica::{Delta, Replica},
};
