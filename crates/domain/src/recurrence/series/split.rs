//! Splitting a series in two at an occurrence.

use super::{Series, SeriesParts};
use crate::recurrence::rule::{Rule, RuleEnd, Until};
use crate::time::{Instant, LocalDateTime, civil};

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
        match dates_before(series, original_start) {
            Some((count, last)) => before.rule = Some(rule.with_end(earlier_end(rule, count, last))),
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
                    let before = dates_before(series, original_start).map_or(0, |(before, _)| before);
                    RuleEnd::Count(count.checked_sub(before)?)
                }
                end @ (RuleEnd::Never | RuleEnd::Until(_)) => end,
            };
            after.start = start;
            after.rule = Some(rule.with_end(end));
        }
        _ if is_after(&parts.start) && series.rule().is_none() => {}
        _ => after.start = take_first(&mut after.rdates)?,
    }
    Series::new(after).ok()
}

fn take_first(dates: &mut Vec<LocalDateTime>) -> Option<LocalDateTime> {
    (!dates.is_empty()).then(|| dates.remove(0))
}

/// The number of dates of the rule before an instant, excluded ones included, and the last of them.
fn dates_before(series: &Series, instant: Instant) -> Option<(u32, LocalDateTime)> {
    let plan = series.compiled.plan.as_ref()?;
    let dates = plan.walk(i64::MIN).map(civil::local_of);
    let before = dates.take_while(|local| series.zone().resolve(*local).instant < instant);
    before.fold(None, |found, local| Some((found.map_or(0, |(count, _)| count) + 1, local)))
}

/// The first date of the rule at or after an instant, excluded or not.
fn next_date(series: &Series, instant: Instant) -> Option<LocalDateTime> {
    let plan = series.compiled.plan.as_ref()?;
    let dates = plan.walk(series.compiled.table.earliest_local(civil::ceil_seconds(instant)).0);
    dates.map(civil::local_of).find(|local| series.zone().resolve(*local).instant >= instant)
}

fn earlier_end(rule: &Rule, count: u32, last: LocalDateTime) -> RuleEnd {
    match rule.end() {
        RuleEnd::Count(_) => RuleEnd::Count(count),
        RuleEnd::Never | RuleEnd::Until(_) => RuleEnd::Until(Until::Local(last)),
    }
}
