//! Compilation of a series for expansion.

use super::compiled::Compiled;
use super::date::SeriesDate;
use super::{Occurrences, SeriesParts};
use crate::recurrence::limits;
use crate::recurrence::plan::{self, Plan};
use crate::recurrence::problem::{RulePart, SeriesPart, SeriesProblem};
use crate::recurrence::rule::{Rule, RuleEnd, Until};
use crate::time::LocalDateTime;
use crate::time::civil::{self, DAY_SECONDS};

impl Compiled {
    pub(super) fn new(parts: &SeriesParts) -> Result<Self, Vec<SeriesProblem>> {
        let mut problems = Vec::new();
        check_date(SeriesPart::Start, parts.start, &mut problems);
        check_dates(SeriesPart::ExceptionDates, &parts.exdates, &mut problems);
        check_dates(SeriesPart::AddedDates, &parts.rdates, &mut problems);
        // A start out of range cannot be compiled.
        if !problems.is_empty() {
            return Err(problems);
        }
        let until = last_instant(parts);
        let plan = parts.rule.as_ref().and_then(|rule| compile_rule(rule, parts, until, &mut problems));
        if !problems.is_empty() {
            return Err(problems);
        }
        let mut compiled = Self::of_parts(parts, plan, until);
        let Some(first) = Occurrences::new(&compiled, i64::MIN, i64::MAX).next() else {
            let message = "leaves no occurrence at all; keep at least one";
            return Err(vec![SeriesProblem::new(SeriesPart::ExceptionDates, message)]);
        };
        compiled.first_start = first.start.unix_timestamp();
        let endless = parts.rule.as_ref().is_some_and(|rule| rule.end() == RuleEnd::Never);
        compiled.last_start = if endless { None } else { compiled.find_last() };
        // The bounds include used dates, so that a series of which every date is used has bounds.
        compiled.leave_out_used(parts);
        Ok(compiled)
    }

    fn of_parts(parts: &SeriesParts, plan: Option<Plan>, until: i64) -> Self {
        let instant_of = |local: &LocalDateTime| parts.zone.resolve(*local).instant.unix_timestamp();
        let mut excluded: Vec<_> = parts.exdates.iter().map(instant_of).collect();
        excluded.sort_unstable();
        excluded.dedup();
        // Without a rule, the start is a date of its own.
        let single = plan.is_none().then_some(&parts.start);
        let dates = single.into_iter().chain(&parts.rdates);
        let mut extra: Vec<_> = dates.map(|local| SeriesDate::new(parts.zone, *local)).collect();
        extra.sort_unstable();
        extra.dedup_by_key(|extra| extra.start);
        extra.retain(|extra| excluded.binary_search(&extra.start).is_err());
        Self {
            table: parts.zone.table(),
            plan,
            until,
            extra,
            used_until: i64::MIN,
            excluded,
            first_start: 0,
            last_start: None,
        }
    }

    /// Leaves the used dates out.
    fn leave_out_used(&mut self, parts: &SeriesParts) {
        let instant_of = |local: &LocalDateTime| parts.zone.resolve(*local).instant.unix_timestamp();
        self.used_until = parts.used_until.as_ref().map_or(i64::MIN, instant_of);
        self.excluded.extend(parts.used.iter().map(instant_of));
        self.excluded.sort_unstable();
        self.excluded.dedup();
        let excluded = &self.excluded;
        self.extra.retain(|extra| excluded.binary_search(&extra.start).is_err());
    }

    /// The wall-clock seconds of the dates of the rule, excluded ones included, from a wall-clock second on.
    pub(super) fn dates_of_rule(&self, from: i64) -> impl Iterator<Item = i64> {
        let dates = self.plan.iter().flat_map(move |plan| plan.walk(from));
        dates.filter(|local| self.until == i64::MAX || self.instant_of(*local) <= self.until)
    }

    /// The instant that a wall-clock second means.
    pub(super) fn instant_of(&self, local: i64) -> i64 {
        local - self.table.segment_of_local(local).offset
    }

    /// The start of the last occurrence, searched in windows that grow backwards from the end.
    fn find_last(&self) -> Option<i64> {
        let end = self.latest_start()?.saturating_add(1);
        let mut reach = 32 * DAY_SECONDS;
        loop {
            let from = end.saturating_sub(reach);
            let last = Occurrences::new(self, from, end).last();
            if last.is_some() || from < self.first_start {
                return last.map(|last| last.start.unix_timestamp());
            }
            reach *= 8;
        }
    }

    /// An upper bound of all starts.
    fn latest_start(&self) -> Option<i64> {
        // Every offset is less than a day.
        let rule = self.plan.as_ref().map(|plan| plan.last().saturating_add(DAY_SECONDS).min(self.until));
        rule.max(self.extra.last().map(|extra| extra.start))
    }
}

fn check_dates(part: SeriesPart, dates: &[LocalDateTime], problems: &mut Vec<SeriesProblem>) {
    if dates.len() > limits::EXTRA_DATES {
        problems.push(SeriesProblem::new(part, format!("takes at most {} dates", limits::EXTRA_DATES)));
    }
    let before = problems.len();
    for date in dates {
        if problems.len() > before {
            break;
        }
        check_date(part, *date, problems);
    }
}

fn check_date(part: SeriesPart, date: LocalDateTime, problems: &mut Vec<SeriesProblem>) {
    if !limits::YEARS.contains(&date.year()) {
        let (first, last) = limits::YEARS.into_inner();
        problems.push(SeriesProblem::new(part, format!("must lie in the years {first} to {last}")));
    } else if date.nanosecond() > 0 {
        problems.push(SeriesProblem::new(part, "must be a whole second"));
    }
}

/// UNTIL as an instant, for dates around a gap, whose order in local time and in UTC can differ.
fn last_instant(parts: &SeriesParts) -> i64 {
    match parts.rule.as_ref().map(Rule::end) {
        Some(RuleEnd::Until(Until::Instant(until))) => until.unix_timestamp(),
        _ => i64::MAX,
    }
}

fn compile_rule(
    rule: &Rule,
    parts: &SeriesParts,
    until: i64,
    problems: &mut Vec<SeriesProblem>,
) -> Option<Plan> {
    let plan = Plan::new(rule, parts.start);
    let first = civil::seconds_of(parts.start);
    if plan.walk(first).next() != Some(first) {
        let message = "must be a date of the rule, for it is the first one";
        problems.push(SeriesProblem::new(SeriesPart::Start, message));
        return None;
    }
    let last = match rule.end() {
        RuleEnd::Never => plan::horizon(),
        RuleEnd::Count(count) => {
            let last =
                usize::try_from(count).ok().and_then(|count| plan.walk(first).nth(count.checked_sub(1)?));
            let Some(last) = last else {
                let message = format!("leads beyond the year {}", limits::YEARS.end());
                problems.push(SeriesProblem::new(SeriesPart::Rule(RulePart::Count), message));
                return None;
            };
            last
        }
        RuleEnd::Until(Until::Local(local)) => civil::seconds_of(local),
        RuleEnd::Until(Until::Date(date)) => civil::seconds_of(date.midnight()) + DAY_SECONDS - 1,
        RuleEnd::Until(Until::Instant(instant)) => parts.zone.table().latest_local(instant.unix_timestamp()),
    };
    if last < first || parts.zone.resolve(parts.start).instant.unix_timestamp() > until {
        let message = "lies before the start, so that there is no occurrence";
        problems.push(SeriesProblem::new(SeriesPart::Rule(RulePart::Until), message));
        return None;
    }
    Some(plan.ending_at(last))
}
