//! Registrations and cancellations on a real MongoDB.

mod bad_requests;
mod exactly_once;
mod freed_time;
mod hostile_writes;
mod limits;
mod marks;
mod metrics;
mod negative_controls;
mod organizers;
mod races;
mod refusals;
mod stale_cache;
mod suspension;
mod waitlist;
