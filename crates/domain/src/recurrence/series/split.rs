//! Splitting a series in two at an occurrence.
//!
//! The occurrences are divided by their starts. Near a gap, dates can follow each other in another order; then, each part has used
//! dates in place of those of the other one.

use super::{Series, SeriesParts};
use crate::recurrence::rule::{RuleEnd, Until};
use crate::time::civil::{self, DAY_SECONDS};
use crate::time::{Instant, LocalDateTime};

/// The distance of two dates whose order by the clock differs from that of their starts: no gap is longer than a day.
const MAX_DISORDER: i64 = 2 * DAY_SECONDS;

pub(super) fn ending_before(series: &Series, original_start: Instant) -> Option<Series> {
    let parts = series.parts();
    let is_before = |local: &LocalDateTime| series.zone().resolve(*local).instant < original_start;
    let mut before = SeriesParts {
        rule: None,
        exdates: parts.exdates.iter().copied().filter(is_before).collect(),
        rdates: parts.rdates.iter().copied().filter(is_before).collect(),
        used: parts.used.iter().copied().filter(is_before).collect(),
        ..parts.clone()
    };
    if let Some(rule) = series.rule() {
        match last_before(series, original_start) {
            Some((number, last)) => {
                let end = match rule.end() {
                    RuleEnd::Count(_) => RuleEnd::Count(number),
                    RuleEnd::Never | RuleEnd::Until(_) => RuleEnd::Until(Until::Local(civil::local_of(last))),
                };
                before.rule = Some(rule.with_end(end));
                // Up to its last date by the clock, the rule may also name times that an UNTIL in UTC excluded.
                let ended = Series::new(before.clone()).ok()?;
                let others = near(&ended, last.saturating_sub(MAX_DISORDER), last);
                before.used.extend(others.filter(|local| !is_before(local)));
            }
            // The rule has not begun: only rdates come before.
            None => before.start = take_first(&mut before.rdates)?,
        }
    } else if !is_before(&parts.start) {
        before.start = take_first(&mut before.rdates)?;
    }
    Series::new(before).ok()
}

pub(super) fn continuing_from(series: &Series, original_start: Instant) -> Option<Series> {
    let parts = series.parts();
    let is_after = |local: &LocalDateTime| series.zone().resolve(*local).instant >= original_start;
    let mut after = SeriesParts {
        rule: None,
        exdates: parts.exdates.iter().copied().filter(is_after).collect(),
        rdates: parts.rdates.iter().copied().filter(is_after).collect(),
        used: parts.used.iter().copied().filter(is_after).collect(),
        ..parts.clone()
    };
    match (series.rule(), next_date(series, original_start)) {
        (Some(rule), Some(start)) => {
            let end = match series.rule_end() {
                RuleEnd::Count(count) => {
                    let before = series.compiled.dates_of_rule(i64::MIN).take_while(|local| *local < start);
                    RuleEnd::Count(count.checked_sub(u32::try_from(before.count()).ok()?)?)
                }
                end @ (RuleEnd::Never | RuleEnd::Until(_)) => end,
            };
            after.start = civil::local_of(start);
            after.rule = Some(rule.with_end(end));
            let of_other = near(series, start, start.saturating_add(MAX_DISORDER));
            after.used.extend(of_other.filter(|local| !is_after(local)));
        }
        _ if is_after(&parts.start) && series.rule().is_none() => {}
        _ => after.start = take_first(&mut after.rdates)?,
    }
    Series::new(after).ok()
}

fn take_first(dates: &mut Vec<LocalDateTime>) -> Option<LocalDateTime> {
    (!dates.is_empty()).then(|| dates.remove(0))
}

/// The last date of the rule before an instant, excluded or not, and its number from 1.
fn last_before(series: &Series, instant: Instant) -> Option<(u32, i64)> {
    let at = instant.unix_timestamp();
    let dates = series.compiled.dates_of_rule(i64::MIN).zip(1..);
    let dates = dates.take_while(|(local, _)| *local < at.saturating_add(MAX_DISORDER));
    let before = dates.filter(|(local, _)| series.compiled.instant_of(*local) < at);
    before.last().map(|(local, number)| (number, local))
}

/// The first date of the rule at or after an instant, excluded or not.
fn next_date(series: &Series, instant: Instant) -> Option<i64> {
    let at = civil::ceil_seconds(instant);
    let mut dates = series.compiled.dates_of_rule(series.compiled.table.earliest_local(at).0);
    dates.find(|local| series.compiled.instant_of(*local) >= at)
}

/// The dates of the rule from one wall-clock second to another, both included.
fn near(series: &Series, from: i64, to: i64) -> impl Iterator<Item = LocalDateTime> {
    let dates = series.compiled.dates_of_rule(from).take_while(move |local| *local <= to);
    dates.map(civil::local_of)
}
