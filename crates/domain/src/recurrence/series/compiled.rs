//! The compiled form of a series.

use super::date::SeriesDate;
use crate::recurrence::plan::Plan;
use crate::time::zone::ZoneTable;

/// A series that is ready for expansion. Seconds count from 1970-01-01 00:00 UTC unless they are named local.
#[derive(Debug)]
pub(super) struct Compiled {
    pub(super) table: &'static ZoneTable,
    pub(super) plan: Option<Plan>,
    /// The UNTIL of the rule as an instant.
    pub(super) until: i64,
    /// Rdates (and the start of a one-off series) without excluded ones, ascending.
    pub(super) extra: Vec<SeriesDate>,
    /// Every occurrence starts after this instant: earlier dates are used.
    pub(super) used_until: i64,
    /// Excluded instants, ascending.
    pub(super) excluded: Vec<i64>,
    pub(super) first_start: i64,
    /// `None` if the rule has no end.
    pub(super) last_start: Option<i64>,
}

impl Compiled {
    /// The approximate size in bytes, with what it refers to.
    pub(super) fn bytes(&self) -> usize {
        size_of::<Self>()
            + self.plan.as_ref().map_or(0, Plan::bytes)
            + size_of_val(self.extra.as_slice())
            + size_of_val(self.excluded.as_slice())
    }
}
