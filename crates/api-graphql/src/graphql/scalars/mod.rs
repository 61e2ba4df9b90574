//! The custom scalars of the schema.
//!
//! A scalar contains the text of the caller: every string is accepted at first, so that its problem can be reported
//! together with all other problems of the same input, each with its field. `parse` returns the value.

mod date;
mod date_time;
mod duration;
mod local_date_time;
mod time_zone;

pub use self::{
    date::Date, date_time::DateTime, duration::Duration, local_date_time::LocalDateTime, time_zone::TimeZone,
};

/// A text that its scalar does not allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ScalarProblem(&'static str);
