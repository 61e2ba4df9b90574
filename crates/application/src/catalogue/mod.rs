//! The catalogue of an organization in memory: its events and exceptions, without seat counts (ADR 16).

mod day;
mod days;
mod entry;
mod event;
mod exception;
mod reindexing;
mod replica;

pub use self::{
    day::{Day, DayNumber, Item, day_of, midnight},
    days::{NoDay, Patience},
    entry::Entry,
    event::CatalogueEvent,
    exception::CatalogueException,
    replica::{Delta, Replica},
};
