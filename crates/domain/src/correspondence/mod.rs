//! The correspondence of occurrences before and after an edit of their event (ADR 18).
//!
//! Every edit maps the dates of a series by one rule, whose parts and their numbers are those of ADR 18
//! (`docs/adr/0018-correspondence.md`). Dates are wall-clock times; instants follow from them and from the zone, and never decide.
//!
//! | part | function |
//! |---|---|
//! | 1, what has begun stays | `DateEdit::without_begun` and `used.rs` |
//! | 2, the shift | `shift_of_rule` |
//! | 3, without a rule | `Series::shifted`, `same.rs` and `unchanged.rs` in `recurrence/series` |
//! | 4, with a rule | `matching.rs` |
//! | 5, the rest is dropped | `Correspondence::Dropped` |
//! | 6, exceptions with a start of their own | `DateEdit::postponed_from`, `DateEdit::passed_date` |
//! | 7, dates that return | `may_return`, `Correspondence::PassedException` |
//! | 8, versions | `editing/versions.rs` of the application crate |

mod matching;
mod used;

use std::collections::HashSet;

use ::time::Duration;

use self::{
    matching::Matching,
    used::{UsedDates, date_at},
};
use crate::{
    event::Event,
    occurrence::StoredOccurrence,
    recurrence::{Series, SeriesOccurrence, SeriesPart, SeriesProblem},
    time::{Instant, LocalDateTime, just_after},
};

/// An edit, as far as the dates of a series are concerned.
#[derive(Debug, Clone, Copy)]
pub struct DateEdit {
    /// The shift.
    pub by: Duration,
    /// True if a rule is given.
    pub has_rule: bool,
    /// The time of the edit.
    pub now: Instant,
}

/// The date of an upcoming occurrence after an edit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Correspondence {
    /// This date of the edited series.
    Date(SeriesOccurrence),
    /// Its original start, which has passed.
    Postponed,
    /// This wall-clock time, which has passed. The occurrence takes place later, at its own time.
    PostponedFrom(LocalDateTime),
    /// This date of the edited series, which has passed, of an exception without a time of its own: it is dropped until its date
    /// is ahead again.
    PassedException(LocalDateTime),
    /// None: the occurrence is dropped.
    Dropped,
}

impl DateEdit {
    /// The edited series without the dates that correspond to occurrences which have begun. `series` are the new dates;
    /// `stored` contains all stored occurrences of `before` whose original start is ahead, and those that took place at a time of their
    /// own or passed while they were cancelled, as far as the current schedule of `before` has them.
    ///
    /// # Errors
    /// A new rdate, still ahead, that is the original date of an occurrence which has begun.
    pub fn without_begun(
        &self,
        before: &Event,
        series: &Series,
        stored: &[StoredOccurrence],
    ) -> Result<Series, Vec<SeriesProblem>> {
        let all = series.with_all_dates()?;
        let used = UsedDates::of(before, stored, self.now)?;
        let moved = |local: LocalDateTime| local.saturating_add(self.by);
        let instant = |local: &LocalDateTime| series.zone().resolve(*local).instant;
        let (until, mut dates) = match self.begins_anew(before, series) {
            true => (None, Vec::new()),
            false => used.after(self, &all),
        };
        let returning = stored.iter().filter_map(|stored| self.postponed_from(before, &used, stored));
        let returning: HashSet<LocalDateTime> = returning.filter(|local| instant(local) > self.now).collect();
        dates.retain(|local| !returning.contains(local));
        let early: HashSet<LocalDateTime> = begun_early(stored, self.now).collect();
        let of_series = early.iter().copied().filter(|local| date_at(&before.series, *local).is_some());
        dates.extend(of_series.map(moved));
        let named = self.named(before, series);
        if !named.is_empty() {
            dates.retain(|local| !named.contains(&instant(local)));
        }
        // A given rule can have the original date as well, which may be the moved one of an upcoming date.
        let is_free = |local: &LocalDateTime| {
            let origin = date_at(&before.series, local.saturating_sub(self.by));
            origin.is_none_or(|origin| origin.start <= self.now || early.contains(&origin.local))
        };
        dates.extend(early.iter().copied().filter(|local| self.has_rule && is_free(local)));
        let passed = stored.iter().filter_map(|stored| self.passed_date(stored, &all));
        dates.extend(passed.map(|date| date.local));
        let edited = used::without(&all, until, dates, self.now)?;
        let is_used =
            |start: &Instant| all.occurrence_at(*start).is_some() && edited.occurrence_at(*start).is_none();
        let mut added = series.rdates().iter().map(instant).filter(|start| named.contains(start));
        if added.any(|start| is_used(&start)) {
            let message = "must not name the date of an occurrence that has begun; choose another time";
            return Err(vec![SeriesProblem::new(SeriesPart::AddedDates, message)]);
        }
        Ok(edited)
    }

    /// The dates, still ahead, that the edit names: an rdate that is new, and a new start of a given rule.
    fn named(&self, before: &Event, series: &Series) -> HashSet<Instant> {
        let was = |local: &LocalDateTime| local.saturating_sub(self.by);
        // The client may send an rdate back, or move it with the start.
        let is_known = |local: LocalDateTime| before.series.rdates().binary_search(&local).is_ok();
        let is_new = |local: &&LocalDateTime| !is_known(**local) && !is_known(was(local));
        let start = series.start();
        let start = Some(start).filter(|start| self.has_rule && was(start) != before.series.start());
        let named = series.rdates().iter().filter(is_new).chain(&start);
        named.map(|local| series.zone().resolve(*local).instant).filter(|start| *start > self.now).collect()
    }

    /// Tests whether a rule is given that begins ahead, with a shift to another day: what has begun has nothing to do with it.
    fn begins_anew(&self, before: &Event, series: &Series) -> bool {
        let is_ahead = series.zone().resolve(series.start()).instant > self.now;
        let old_start = before.series.start();
        self.has_rule && is_ahead && old_start.saturating_add(self.by).date() != old_start.date()
    }

    /// The date, which has passed, of an upcoming occurrence that takes place at a time of its own, and whose date was ahead before
    /// the edit. `all` are the dates of the edited series.
    fn passed_date(&self, occurrence: &StoredOccurrence, all: &Series) -> Option<SeriesOccurrence> {
        let keeps_own_time = occurrence.interval.start() > self.now
            && occurrence.key.original_start > self.now
            && occurrence.exception.starts_at.is_some()
            && !occurrence.is_dropped();
        let date = || date_at(all, occurrence.original_local.saturating_add(self.by));
        keeps_own_time.then(date).flatten().filter(|date| date.start <= self.now)
    }

    /// The moved date of an occurrence that takes place at a time of its own, ahead, because an earlier edit moved its date into the
    /// past. That date is used. Its id is one that no date has, other than that of an occurrence which an organizer postponed.
    fn postponed_from(
        &self,
        before: &Event,
        used: &UsedDates,
        occurrence: &StoredOccurrence,
    ) -> Option<LocalDateTime> {
        let is_postponed = !self.has_rule
            && occurrence.key.original_start <= self.now
            && occurrence.interval.start() > self.now
            && occurrence.exception.starts_at.is_some()
            && !occurrence.is_dropped()
            && before.occurrence_at(occurrence.key.original_start).is_none();
        let date = is_postponed.then(|| used.near(&before.series, occurrence.original_local)).flatten();
        date.map(|local| local.saturating_add(self.by))
    }

    /// The dates of upcoming occurrences of `before` in the edited event `after`, in their order; also of exceptions whose date
    /// an earlier edit moved into the past.
    #[must_use]
    pub fn dates(
        &self,
        before: &Event,
        after: &Event,
        upcoming: &[&StoredOccurrence],
    ) -> Vec<Correspondence> {
        let mut matching = Matching::of(self, before, after);
        let own = upcoming.iter().map(|&occurrence| (occurrence, matching.own_date(occurrence)));
        let mut dates: Vec<(&StoredOccurrence, Correspondence)> = own.collect();
        matching.leave_one_for_each_date(&mut dates);
        matching.match_left_over(&mut dates);
        matching.drop_yielded(&mut dates);
        dates.into_iter().map(|(_, date)| date).collect()
    }

    /// Tests for a cancelled occurrence that leaves its date to one on the same day: with a given rule, the shift is that of the
    /// start, which need not be the shift of this occurrence.
    fn yields(&self, occurrence: &StoredOccurrence) -> bool {
        self.has_rule && !self.by.is_zero() && occurrence.exception.cancelled
    }
}

/// Tests for an exception that leaves its series with its date, and returns with it: one without a time of its own.
fn may_return(occurrence: &StoredOccurrence) -> bool {
    occurrence.exception.is_any() && occurrence.exception.starts_at.is_none()
}

/// The original dates of occurrences that have begun before them.
pub fn begun_early(stored: &[StoredOccurrence], now: Instant) -> impl Iterator<Item = LocalDateTime> + '_ {
    let early = stored.iter().filter(move |stored| {
        stored.interval.start() <= now && stored.key.original_start > now && !stored.is_dropped()
    });
    early.map(|stored| stored.original_local)
}

/// The number of dates by which two series are compared, from their beginnings and from their ends.
const COMPARED: usize = 1_000;

/// Of a long series, one in so many dates may be counted for one shift and not for another, because the comparison ends there.
const CUT: usize = 100;

/// The shift of an edit at `now` that gives a rule, `after`, and a start that is later than `old_start` by `by`. An organizer who
/// removes the first dates of a series, or adds dates before them, must give the date that is the first one now: that moves nothing,
/// and if the time of day is another one, every date by the difference of these times.
#[must_use]
pub fn shift_of_rule(
    before: &Series,
    after: &Series,
    old_start: LocalDateTime,
    by: Duration,
    now: Instant,
) -> Duration {
    if by.is_zero() {
        return by;
    }
    let ahead = compared(before, just_after(now));
    // Which dates were used does not matter for what the organizer gave.
    let (Ok(before), Ok(after)) = (before.with_all_dates(), after.with_all_dates()) else {
        return by;
    };
    let (old, new) = (compared(&before, Instant::MIN), compared(&after, Instant::MIN));
    let is_moved = |old: &[LocalDateTime], new: &[LocalDateTime]| {
        old.iter().map(|local| local.saturating_add(by)).eq(new.iter().copied())
    };
    if is_moved(&old, &new) {
        return by;
    }
    let has = |series: &Series, dates: &[LocalDateTime], by: Duration| {
        dates.iter().all(|local| date_at(series, local.saturating_add(by)).is_some())
    };
    let only_removes_or_adds =
        |part: &Duration| has(&before, &new, -*part) || !ahead.is_empty() && has(&after, &ahead, *part);
    let parts = times_of_day(old_start, by);
    let whole = [Duration::ZERO].into_iter().chain(parts.clone()).find(only_removes_or_adds);
    let rule_is_moved = || {
        let of_rule = |series: &Series| Some(compared(&series.of_rule().ok()?, Instant::MIN));
        of_rule(&before).zip(of_rule(&after)).is_some_and(|(old, new)| is_moved(&old, &new))
    };
    let better = || parts.iter().copied().find(|part| is_better(&after, &ahead, *part, by));
    whole.or_else(|| better().filter(|_| !rule_is_moved())).unwrap_or(by)
}

/// The shifts that change only the time of day: by at most half a day, or on the same day; none if the difference is of whole days, or
/// is such a shift itself.
fn times_of_day(old_start: LocalDateTime, by: Duration) -> Vec<Duration> {
    let start = old_start.saturating_add(by);
    let half = Duration::hours(12);
    if start.date() == old_start.date() || by > -half && by <= half {
        return vec![Duration::ZERO];
    }
    let same_day = start.time() - old_start.time();
    let nearest = match same_day {
        late if late > half => late - Duration::DAY,
        early if early <= -half => early + Duration::DAY,
        near => near,
    };
    [nearest, same_day].into_iter().filter(|part| *part != by).collect()
}

/// Tests whether a shift that changes only the time of day loses fewer dates than the shift `by`, or as many and moves fewer.
fn is_better(after: &Series, ahead: &[LocalDateTime], part: Duration, by: Duration) -> bool {
    let (lost, moved) = effect(after, ahead, part, part);
    let (lost_by, moved_by) = effect(after, ahead, by, part);
    let is_cut = ahead.len() >= COMPARED && lost_by > 0;
    let cut = if is_cut { ahead.len() / CUT } else { 0 };
    lost + cut < lost_by || lost <= lost_by + cut && moved < moved_by
}

/// The numbers of dates without a date in the edited series, and of those with another one than that after the shift `part`.
fn effect(after: &Series, dates: &[LocalDateTime], by: Duration, part: Duration) -> (usize, usize) {
    let moved =
        |local: &LocalDateTime| Some(local.saturating_add(by)).filter(|to| date_at(after, *to).is_some());
    let mut taken: HashSet<LocalDateTime> = dates.iter().filter_map(moved).collect();
    let mut left_over = |local: &LocalDateTime| {
        [by, Duration::ZERO].into_iter().find_map(|by| {
            let mut of_day = after.occurrences_on(local.saturating_add(by).date()).map(|date| date.local);
            of_day.find(|date| taken.insert(*date))
        })
    };
    let found: Vec<Option<LocalDateTime>> =
        dates.iter().map(|local| moved(local).or_else(|| left_over(local))).collect();
    let is_other = |(local, to): (&LocalDateTime, &Option<LocalDateTime>)| {
        to.is_some_and(|to| to != local.saturating_add(part))
    };
    let moved = dates.iter().zip(&found).filter(|pair| is_other(*pair)).count();
    (found.iter().filter(|to| to.is_none()).count(), moved)
}

/// The first dates of a series from an instant on, and its last ones, each once.
fn compared(series: &Series, from: Instant) -> Vec<LocalDateTime> {
    let first: Vec<SeriesOccurrence> = series.between(from, Instant::MAX).take(COMPARED).collect();
    let rest = first.last().map_or(from, |date| just_after(date.start));
    let last = series.last_start().map(|_| series.latest(rest, Instant::MAX, COMPARED)).unwrap_or_default();
    first.into_iter().chain(last).map(|date| date.local).collect()
}
