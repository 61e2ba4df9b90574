//! The correspondence of occurrences before and after an edit of their event (ADR 18).
//!
//! Every edit maps the dates of a series by one rule, whose parts and their numbers are those of ADR 18
//! (`docs/adr/0018-correspondence.md`). Dates are wall-clock times; instants follow from them and from the zone, and never decide.
//!
//! | part | function |
//! |---|---|
//! | 1, what has begun stays | `DateEdit::without_begun` and `used.rs` |
//! | 2, the shift | `shift_of_rule` |
//! | 3, without a rule | `Series::shifted` and `recurrence/series/same.rs` |
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

    /// Tests whether a rule is given that begins ahead, on another day than before: what has begun has nothing to do with it.
    fn begins_anew(&self, before: &Event, series: &Series) -> bool {
        let is_ahead = series.zone().resolve(series.start()).instant > self.now;
        let is_on_other_day = series.start().date() != before.series.start().date();
        self.has_rule && !self.by.is_zero() && is_ahead && is_on_other_day
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

/// The number of dates by which two series are compared.
const COMPARED: usize = 1_000;

/// The shift of an edit at `now` that gives a rule, `after`, and a start that is later by `by`. An organizer who removes the first
/// dates of a series, or adds dates before them, must give the date that is the first one now, and moves nothing.
#[must_use]
pub fn shift_of_rule(before: &Series, after: &Series, by: Duration, now: Instant) -> Duration {
    if by.is_zero() {
        return by;
    }
    let ahead = before.between(just_after(now), Instant::MAX);
    let mut ahead = ahead.map(|date| date.local).take(COMPARED).peekable();
    // Which dates were used does not matter for what the organizer gave.
    let (Ok(before), Ok(after)) = (before.with_all_dates(), after.with_all_dates()) else {
        return by;
    };
    let only_removes = dates(&after).all(|local| date_at(&before, local).is_some());
    let mut only_adds = || ahead.peek().is_some() && ahead.all(|local| date_at(&after, local).is_some());
    let is_moved = || dates(&before).map(|local| local.saturating_add(by)).eq(dates(&after));
    if (only_removes || only_adds()) && !is_moved() { Duration::ZERO } else { by }
}

/// The first dates of a series.
fn dates(series: &Series) -> impl Iterator<Item = LocalDateTime> + '_ {
    series.from_start().map(|date| date.local).take(COMPARED)
}
