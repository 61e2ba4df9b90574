//! The machine's clock and a source of ids, as the program has them.

use convene_application::ports::Ids;
use convene_domain::time::Instant;
use uuid::Uuid;

/// Ids of UUID version 7.
pub(crate) struct TimeOrderedIds;

impl Ids for TimeOrderedIds {
    fn next(&self) -> Uuid {
        new_id()
    }
}

/// A new id of UUID version 7.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the harness runs beside the program, not behind its ports")]
pub fn new_id() -> Uuid {
    Uuid::now_v7()
}

/// The current time.
#[expect(clippy::disallowed_methods, reason = "the harness runs beside the program, not behind its ports")]
pub(crate) fn now() -> Instant {
    Instant::now()
}
