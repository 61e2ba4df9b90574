//! Instants, local times, half-open intervals and IANA time zones.
//!
//! An *instant* is a point on the time line, always kept in UTC. A *local time* is a date and a
//! time of day on a wall clock, which determine an instant only together with a [`Zone`].
//! [`Zone::resolve`] is the only place that converts a local time into an instant.

pub(crate) mod civil;
pub mod interval;
pub mod zone;

pub use interval::Interval;
pub use zone::Zone;

/// A point in time, in UTC.
pub type Instant = ::time::UtcDateTime;

/// A date and a time of day on a wall clock, without a zone.
pub type LocalDateTime = ::time::PrimitiveDateTime;

/// The first instant after this one: the end of a half-open interval that includes it.
#[must_use]
pub const fn just_after(instant: Instant) -> Instant {
    instant.saturating_add(::time::Duration::NANOSECOND)
}
