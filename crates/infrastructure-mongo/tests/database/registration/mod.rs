//! Seats given out and taken back on a real MongoDB.

mod exactly_once;
mod hostile_writes;
mod limits;
mod metrics;
mod negative_controls;
mod organizers;
mod queue;
mod races;
mod refusals;
mod remembered;
