//! Moving all dates of a series by the same wall-clock difference.

use ::time::Duration;

use super::{Series, SeriesParts, until};
use crate::recurrence::limits;
use crate::recurrence::plan;
use crate::recurrence::problem::{RulePart, SeriesPart, SeriesProblem};
use crate::recurrence::rule::{self, Rule, RuleEnd, Until};
use crate::time::{LocalDateTime, Zone, civil};

/// The number of dates that are compared. A rule whose dates can differ from moved ones names days of months or years, and
/// shows it within the cycle of leap years.
const COMPARED: usize = 20_000;

pub(super) fn shifted(series: &Series, by: Duration, zone: Zone) -> Result<Series, Vec<SeriesProblem>> {
    let before = series.parts();
    let parts = SeriesParts { zone, ..moved_dates(before, by) };
    let Some(rule) = series.rule() else { return Series::new(parts) };
    if by.is_zero() && zone == before.zone {
        return Ok(series.clone());
    }
    let mut problems = Vec::new();
    let loses_dates = loses_dates(series, rule, by);
    let is_single = series.compiled.dates_of_rule(i64::MIN).nth(1).is_none();
    for end in ends(series, rule, by) {
        for candidate in rule::shift::candidates(rule, before.start, parts.start, is_single) {
            let rule = Some(candidate.with_end(end));
            match Series::new(SeriesParts { rule, ..parts.clone() }) {
                Ok(candidate) if !loses_dates && has_moved_dates(series, &candidate, by.whole_seconds()) => {
                    return Ok(candidate);
                }
                Ok(_) => {}
                Err(found) => problems = found,
            }
        }
    }
    // A problem of the dates is one with every rule.
    problems.retain(|problem| !matches!(problem.part, SeriesPart::Start | SeriesPart::Rule(_)));
    if !limits::YEARS.contains(&parts.start.year()) {
        return Series::new(SeriesParts { rule: None, ..parts });
    }
    if loses_dates {
        let (first, last) = limits::YEARS.into_inner();
        let message =
            format!("must lie in the years {first} to {last} after the move; leave it out for no end");
        problems.push(SeriesProblem::new(SeriesPart::Rule(RulePart::Until), message));
    }
    if problems.is_empty() {
        let message = "is required with this start: the present rule cannot move all of its dates alike";
        problems.push(SeriesProblem::new(SeriesPart::Rule(RulePart::Rule), message));
    }
    Err(problems)
}

pub(super) fn restarted(series: &Series, by: Duration) -> Result<Series, Vec<SeriesProblem>> {
    let moved = moved_dates(series.parts(), by);
    let Some(rule) = series.rule() else { return Series::new(moved) };
    let endless = match rule.end() {
        RuleEnd::Until(_) => RuleEnd::Never,
        end @ (RuleEnd::Never | RuleEnd::Count(_)) => end,
    };
    let of_rule =
        SeriesParts { rule: Some(rule.with_end(endless)), ..SeriesParts::once(moved.start, moved.zone) };
    let (before, after) = (dates_of_rule(series), dates_of_rule(&Series::new(of_rule)?));
    // The date in the place of one of the rule.
    let in_place_of = |date: i64| Some(civil::local_of(*after.get(before.binary_search(&date).ok()?)?));
    let end = match rule.end() {
        RuleEnd::Until(until) if before.len() < COMPARED => {
            let last = before.last().and_then(|last| in_place_of(*last));
            last.map(|last| match until {
                Until::Date(_) => RuleEnd::Until(Until::Date(last.date())),
                Until::Local(_) | Until::Instant(_) => RuleEnd::Until(Until::Local(last)),
            })
        }
        _ => None,
    };
    let end = end.or_else(|| ends(series, rule, by).into_iter().next()).unwrap_or(rule.end());
    let exdates = series
        .exdates()
        .iter()
        .map(|date| in_place_of(civil::seconds_of(*date)).unwrap_or_else(|| date.saturating_add(by)));
    Series::new(SeriesParts { rule: Some(rule.with_end(end)), exdates: exdates.collect(), ..moved })
}

/// The first dates of the rule, excluded ones too, as seconds of local time.
fn dates_of_rule(series: &Series) -> Vec<i64> {
    series.compiled.dates_of_rule(i64::MIN).take(COMPARED).collect()
}

/// The parts without the rule, with all dates moved.
fn moved_dates(parts: &SeriesParts, by: Duration) -> SeriesParts {
    let all = |dates: &[LocalDateTime]| dates.iter().map(|date| date.saturating_add(by)).collect();
    SeriesParts {
        start: parts.start.saturating_add(by),
        zone: parts.zone,
        rule: None,
        exdates: all(&parts.exdates),
        rdates: all(&parts.rdates),
        used: all(&parts.used),
        used_until: parts.used_until.map(|until| until.saturating_add(by)),
    }
}

/// Tests whether the move would take dates before an UNTIL out of the range of the engine. Moved back, the series would not have
/// them any more. A rule without an end has all dates in the range.
fn loses_dates(series: &Series, rule: &Rule, by: Duration) -> bool {
    let from = plan::horizon() + 1 - by.whole_seconds();
    matches!(rule.end(), RuleEnd::Until(_)) && series.compiled.dates_of_rule(from).next().is_some()
}

/// The ends that may be the moved one, in the range of the engine. The end is a wall-clock time, in the zone of the series before.
fn ends(series: &Series, rule: &Rule, by: Duration) -> Vec<RuleEnd> {
    let start = series.start();
    let local = |until: LocalDateTime| {
        let latest = civil::local_of(plan::horizon());
        RuleEnd::Until(Until::Local(until.saturating_add(by).min(latest)))
    };
    match rule.end() {
        end @ (RuleEnd::Never | RuleEnd::Count(_)) => vec![end],
        RuleEnd::Until(Until::Local(until)) => vec![local(until)],
        RuleEnd::Until(Until::Instant(until)) => vec![local(until::in_local_time(series, until))],
        RuleEnd::Until(Until::Date(until)) => {
            let days = start.saturating_add(by).date() - start.date();
            let latest = civil::local_of(plan::horizon()).date();
            let date = RuleEnd::Until(Until::Date(until.saturating_add(days).min(latest)));
            vec![date, local(until.midnight().saturating_add(Duration::DAY - Duration::SECOND))]
        }
    }
}

/// Tests whether the rule of `after` has exactly the dates of the rule of `before`, each moved by a number of seconds.
fn has_moved_dates(before: &Series, after: &Series, by: i64) -> bool {
    let (before, after) = (dates_of_rule(before), dates_of_rule(after));
    let horizon = plan::horizon();
    // Where one of them ends before the other, the other one goes beyond the range of the engine.
    let is_beyond = |date: &i64| *date > horizon;
    before.iter().zip(&after).all(|(before, after)| before + by == *after)
        && before.get(after.len()).is_none_or(|rest| is_beyond(&(rest + by)))
        && after.get(before.len()).is_none_or(|rest| is_beyond(&(rest - by)))
}
