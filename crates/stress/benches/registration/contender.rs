//! What is measured: ways to do the same work.

use std::future::Future;

use crate::stage::Cast;

/// A member and an occurrence, by their numbers on the stage.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seat {
    pub(crate) member: usize,
    pub(crate) occurrence: usize,
}

/// What a caller was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The registration's id.
    Registered(String),
    /// The reason's code.
    Refused(String),
}

/// The code that callers beyond the seats are told.
pub(crate) const FULL: &str = "OCCURRENCE_FULL";
/// The code that callers are told who would be at two places at once.
pub(crate) const CLASH: &str = "SCHEDULE_CONFLICT";

/// One caller, who asks one thing after the other.
pub(crate) trait Contender: Send + 'static {
    /// Asks for a seat.
    fn register(&mut self, cast: &Cast, seat: Seat) -> impl Future<Output = anyhow::Result<Verdict>> + Send;

    /// Gives a registration back.
    fn cancel(
        &mut self,
        cast: &Cast,
        seat: Seat,
        registration: &str,
    ) -> impl Future<Output = anyhow::Result<()>> + Send;
}
