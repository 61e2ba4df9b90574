//! The catalogue of an organization in memory: its events and exceptions, without seat counts (ADR 16).

mod day;
mod days;
mod event;
mod exception;
mod held_event;
mod reindexing;
mod replica;
mod turns;

pub use self::{
    day::{Day, DayNumber, Item, day_of, midnight},
    days::{DayBudget, NoDay},
    event::CatalogueEvent,
    exception::CatalogueException,
    held_event::HeldEvent,
    replica::{Delta, Replica},
};
