//! The dates of a series that correspond to occurrences which have begun.

use std::collections::HashSet;

use ::time::Duration;

use super::DateEdit;
use crate::{
    event::Event,
    occurrence::{StoredOccurrence, StoredState},
    recurrence::{Series, SeriesOccurrence, SeriesProblem, limits::USED_DATES},
    time::{Instant, LocalDateTime, just_after},
};

/// The used dates of an event at a time.
#[derive(Debug)]
pub(super) struct UsedDates {
    /// The series with these dates.
    all: Series,
    /// Every date up to this one is used.
    until: Option<LocalDateTime>,
    /// Further used dates.
    dates: Vec<LocalDateTime>,
}

/// One more than there may be, so that the excess shows which dates are too many.
const EXAMINED: usize = USED_DATES + 1;

impl UsedDates {
    /// The used dates of the event's series, and the dates that have begun by the event's current schedule. Those that passed while
    /// the event was cancelled, or of which a stored occurrence was, are none; those of occurrences that take place at another time are.
    pub(super) fn of(
        event: &Event,
        stored: &[StoredOccurrence],
        now: Instant,
    ) -> Result<Self, Vec<SeriesProblem>> {
        let all = event.series.with_all_dates()?;
        let parts = event.series.parts();
        let instant = |local| all.zone().resolve(local).instant;
        let after_bound = parts.used_until.map_or(Instant::MIN, |until| just_after(instant(until)));
        let schedule_begins = event.earlier.last().map_or(Instant::MIN, |earlier| just_after(earlier.until));
        // Dates before the current schedule that are no used ones have passed without an occurrence, unless it was postponed.
        let elsewhere = elsewhere(event, stored, now);
        let is_elsewhere = |date: &SeriesOccurrence| elsewhere.contains(&date.local);
        let mut passed = all.between(after_bound, schedule_begins);
        let unused =
            passed.find(|date| parts.used.binary_search(&date.local).is_err() && !is_elsewhere(date));
        let begins = schedule_begins.max(after_bound);
        let ended = just_after(event.cancelled_at().map_or(now, |cancelled_at| cancelled_at.min(now)));
        let mut begun = all.latest(begins, ended, EXAMINED);
        let cancelled = cancelled(stored, now);
        let is_cancelled = |date: &SeriesOccurrence| cancelled.contains(&date.local);
        let unused = unused.or_else(|| begun.iter().find(|date| is_cancelled(date)).copied());
        let unused = unused.or_else(|| all.between(begins.max(ended), just_after(now)).next());
        let end = unused.map_or_else(|| just_after(now).max(after_bound), |unused| unused.start);
        let until = all.latest(Instant::MIN, end, 1).pop();
        begun.retain(|date| date.start >= end && !is_cancelled(date));
        let later = |local: &&LocalDateTime| date_at(&all, **local).is_some_and(|date| date.start >= end);
        let elsewhere = elsewhere.iter().filter(later);
        let dates =
            parts.used.iter().chain(elsewhere).copied().chain(begun.iter().map(|date| date.local)).collect();
        Ok(Self { until: until.map(|until| until.local), dates, all })
    }

    /// Finds the used date that a postponed occurrence of `before`, the series with used dates, came from. Its original start is that
    /// date, or up to 59 seconds later if another occurrence had the second.
    pub(super) fn near(&self, before: &Series, local: LocalDateTime) -> Option<LocalDateTime> {
        let start = self.all.zone().resolve(local).instant;
        let date =
            self.all.latest(start.saturating_sub(Duration::seconds(59)), just_after(start), 1).pop()?;
        before.occurrence_at(date.start).is_none().then_some(date.local)
    }

    /// The used dates of `series`, the dates after an edit: a bound up to which all of its dates are used, which is not ahead, and
    /// further ones. Of a long series, the latest dates are examined; the earlier ones count as used if the first one of these is.
    pub(super) fn after(
        &self,
        edit: &DateEdit,
        series: &Series,
    ) -> (Option<LocalDateTime>, Vec<LocalDateTime>) {
        let moved = |local: &LocalDateTime| local.saturating_add(edit.by);
        let is_date = |local: &LocalDateTime| {
            !edit.has_rule || date_at(series, *local).is_some() || series.exdates().contains(local)
        };
        let is_used = |date: &SeriesOccurrence| {
            !edit.has_rule || date_at(&self.all, date.local.saturating_sub(edit.by)).is_some()
        };
        let mut used: Vec<LocalDateTime> = self.dates.iter().map(moved).filter(is_date).collect();
        // A bound has no exdates. The used ones are in the list, so that they are used ones without the exdate, too.
        let is_covered = |local: &&LocalDateTime| {
            let origin = local.saturating_sub(edit.by);
            self.until.is_some_and(|until| origin <= until) && date_at(&self.all, origin).is_some()
        };
        used.extend(series.exdates().iter().filter(is_covered));
        let Some(last) = self.until.as_ref().map(moved) else { return (None, used) };
        let latest = series.latest(Instant::MIN, just_after(series.zone().resolve(last).instant), EXAMINED);
        let earlier = latest.first().filter(|first| latest.len() == EXAMINED && first.start <= edit.now);
        let until = earlier.filter(|first| is_used(first)).map(|first| first.local);
        used.extend(latest.iter().filter(|date| is_used(date)).map(|date| date.local));
        (until, used)
    }
}

/// The original dates of the occurrences that passed while they were cancelled.
fn cancelled(stored: &[StoredOccurrence], now: Instant) -> HashSet<LocalDateTime> {
    let passed = stored.iter().filter(|one| {
        one.state == StoredState::Cancelled && one.key.original_start.max(one.interval.start()) <= now
    });
    passed.map(|one| one.original_local).collect()
}

/// The original dates, which have passed, of the occurrences that take place later, or took place at another time. If the event
/// was cancelled when such a date passed, it took place all the same.
fn elsewhere(event: &Event, stored: &[StoredOccurrence], now: Instant) -> HashSet<LocalDateTime> {
    let schedule = event.current_schedule();
    let took_place =
        |one: &StoredOccurrence| one.exception.starts_at.is_some() && schedule.covers(one.key.original_start);
    let elsewhere = stored.iter().filter(|one| {
        one.state == StoredState::Scheduled
            && one.key.original_start <= now
            && (one.interval.start() > now || took_place(one))
    });
    elsewhere.map(|one| one.original_local).collect()
}

/// The series without used dates: those up to a bound, and others. The bound moves up to the last date before `now` up to which every
/// date is used.
pub(super) fn without(
    series: &Series,
    until: Option<LocalDateTime>,
    mut dates: Vec<LocalDateTime>,
    now: Instant,
) -> Result<Series, Vec<SeriesProblem>> {
    dates.sort_unstable();
    let from = until.map_or(Instant::MIN, |until| just_after(series.zone().resolve(until).instant));
    let begun = series.between(from, just_after(now));
    let beginning = begun.take_while(|date| dates.binary_search(&date.local).is_ok()).last();
    series.with_used(beginning.map(|date| date.local).or(until), dates)
}

/// The date of a series at exactly this wall-clock time.
pub(super) fn date_at(series: &Series, local: LocalDateTime) -> Option<SeriesOccurrence> {
    series.occurrence_at_local(local).filter(|date| date.local == local)
}
