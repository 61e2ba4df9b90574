//! Instants, wall-clock times, half-open intervals and IANA time zones.
//!
//! An *instant* is a point on the time line, always kept in UTC. A *wall-clock time* is what people
//! read from a clock: a date and a time of day that mean an instant only together with a
//! [`Zone`]. [`Zone::resolve`] is the one place where the second becomes the first.

pub(crate) mod civil;
pub mod interval;
pub mod zone;

pub use interval::Interval;
pub use zone::Zone;

/// A point in time, in UTC.
pub type Instant = ::time::UtcDateTime;

/// A date and a time of day as read from a clock, in no zone.
pub type LocalDateTime = ::time::PrimitiveDateTime;
