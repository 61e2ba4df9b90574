//! The end of a rule as a wall-clock time and as an instant.
//!
//! A wall-clock UNTIL ends the wall-clock times of the dates, an UNTIL in UTC ends their instants. Where clocks go forward, the
//! order differs: 02:30, which is skipped, begins after 03:15. Where they go back, 02:30 begins before the second 02:15.

use super::{Series, SeriesParts};
use crate::recurrence::limits;
use crate::recurrence::rule::{Rule, RuleEnd, Until};
use crate::time::{Instant, LocalDateTime, civil};

/// The end with the same dates as a wall-clock UNTIL, for a text beside a zoned start: an UNTIL in UTC (RFC 5545, section 3.3.10),
/// or a COUNT if no instant separates the dates.
pub(super) fn in_utc(series: &Series, rule: &Rule, until: LocalDateTime) -> RuleEnd {
    let compiled = &series.compiled;
    let at = |second| RuleEnd::Until(Until::Instant(civil::instant_of(second)));
    let instant = compiled.instant_of(civil::seconds_of(until));
    let (from, segment) = compiled.table.earliest_local(instant);
    if from != segment.gap_start {
        return at(instant);
    }
    let starts = compiled.dates_of_rule(from).map(|local| compiled.instant_of(local));
    let last_start = starts.max().unwrap_or(compiled.instant_of(from) - 1);
    let count = u32::try_from(compiled.dates_of_rule(i64::MIN).count()).unwrap_or(u32::MAX);
    let dates = |rule: &Rule| {
        let once = SeriesParts::once(series.start(), series.zone());
        let series = Series::new(SeriesParts { rule: Some(rule.clone()), ..once }).ok()?;
        let from = civil::instant_of(compiled.instant_of(from));
        Some(series.between(from, Instant::MAX).map(|date| date.start).collect::<Vec<_>>())
    };
    let expected = dates(rule);
    let is_allowed = i32::try_from(count).is_ok_and(|count| limits::COUNT.contains(&count));
    let count = is_allowed.then_some(RuleEnd::Count(count));
    let same = [at(instant), at(last_start)]
        .into_iter()
        .chain(count)
        .find(|end| dates(&rule.with_end(*end)) == expected);
    same.unwrap_or(at(instant))
}

/// The wall-clock UNTIL that has the same dates as an UNTIL in UTC, if there is one.
pub(super) fn in_local_time(series: &Series, until: Instant) -> LocalDateTime {
    let (compiled, instant) = (&series.compiled, until.unix_timestamp());
    let (latest, (from, _)) = (compiled.table.latest_local(instant), compiled.table.earliest_local(instant));
    let last = if from == latest { latest } else { compiled.dates_of_rule(from).last().unwrap_or(from - 1) };
    civil::local_of(last)
}
