//! The schema's own scalars.
//!
//! A scalar holds the text as it was written: any string is taken from a caller, so that what is wrong with it can
//! be told beside everything else that is wrong with the same input, each with its field. `parse` gives the meaning.

mod date_time;
mod duration;
mod local_date_time;
mod time_zone;

pub use self::{
    date_time::DateTime, duration::Duration, local_date_time::LocalDateTime, time_zone::TimeZone,
};

/// The text is not what its scalar allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ScalarProblem(&'static str);
