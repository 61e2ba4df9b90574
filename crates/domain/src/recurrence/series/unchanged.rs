//! Parts of a recurrence that a caller repeats beside another start. An organizer who did not change them meant the dates before:
//! they move, unless they name dates of the new rule as well.

use ::time::Duration;

use super::{Series, SeriesParts, same};
use crate::recurrence::problem::{SeriesPart, SeriesProblem};
use crate::recurrence::rule::RuleEnd;
use crate::time::{Instant, LocalDateTime};

pub(super) fn names_dates(series: &Series, moved: &Series, now: Instant) -> bool {
    let Ok(rule) = without_until(moved) else { return true };
    let rdates = ahead(series, series.rdates(), now);
    let mut dates = excluded(series, now).into_iter().chain(rdates).chain(last_of_rule(series));
    dates.any(|date| is_date(&rule, date))
}

pub(super) fn with_unchanged(
    series: &Series,
    given: &Series,
    by: Duration,
    now: Instant,
) -> Result<Series, Vec<SeriesProblem>> {
    let mut parts = given.parts().clone();
    let new_rule = without_until(given)?;
    let is_repeated = parts.rule.as_ref().is_some_and(|rule| same::is_same_rule(series, rule));
    if is_repeated && last_of_rule(series).is_some_and(|last| !is_date(&new_rule, last)) {
        let moved = series.shifted(by, given.zone()).ok().filter(|moved| moved.has_same_parts(series));
        parts.rule = moved.and_then(|moved| moved.rule().cloned()).or(parts.rule);
    }
    let mut problems = Vec::new();
    for (part, dates, before, named) in [
        (SeriesPart::ExceptionDates, &mut parts.exdates, series.exdates(), excluded(series, now)),
        (SeriesPart::AddedDates, &mut parts.rdates, series.rdates(), ahead(series, series.rdates(), now)),
    ] {
        if dates.as_slice() != before || named.is_empty() {
            continue;
        }
        match named.iter().filter(|date| is_date(&new_rule, **date)).count() {
            0 => dates.iter_mut().filter(|date| is_ahead(series, **date, now)).for_each(|date| {
                *date = date.saturating_add(by);
            }),
            all if all == named.len() => {}
            _ => {
                let message = "must be given for the new start: some of these dates are dates of the new rule, others are not";
                problems.push(SeriesProblem::new(part, message));
            }
        }
    }
    if problems.is_empty() { Series::new(parts) } else { Err(problems) }
}

/// The dates of the rule alone, without its UNTIL. A COUNT stays: it ends the rule where its start has moved to.
fn without_until(series: &Series) -> Result<Series, Vec<SeriesProblem>> {
    let rule = series.rule().map(|rule| match rule.end() {
        RuleEnd::Until(_) => rule.with_end(RuleEnd::Never),
        RuleEnd::Count(_) | RuleEnd::Never => rule.clone(),
    });
    Series::new(SeriesParts { rule, ..SeriesParts::once(series.start(), series.zone()) })
}

/// The last date before an UNTIL.
fn last_of_rule(series: &Series) -> Option<LocalDateTime> {
    let RuleEnd::Until(_) = series.rule_end() else { return None };
    Some(series.of_rule().ok()?.latest(Instant::MIN, Instant::MAX, 1).pop()?.local)
}

/// The exdates ahead that exclude a date.
fn excluded(series: &Series, now: Instant) -> Vec<LocalDateTime> {
    let rule = series.of_rule().ok();
    let mut dates = ahead(series, series.exdates(), now);
    dates.retain(|date| {
        rule.as_ref().is_some_and(|rule| is_date(rule, *date)) || series.rdates().binary_search(date).is_ok()
    });
    dates
}

fn ahead(series: &Series, dates: &[LocalDateTime], now: Instant) -> Vec<LocalDateTime> {
    dates.iter().copied().filter(|date| is_ahead(series, *date, now)).collect()
}

fn is_ahead(series: &Series, date: LocalDateTime, now: Instant) -> bool {
    series.zone().resolve(date).instant > now
}

fn is_date(series: &Series, local: LocalDateTime) -> bool {
    series.occurrence_at_local(local).is_some_and(|date| date.local == local)
}
