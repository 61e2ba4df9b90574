//! The matching of occurrences with the dates of the edited event.

use std::{cmp::Reverse, collections::HashSet};

use ::time::Duration;

use super::{
    Correspondence, DateEdit, may_return,
    used::{UsedDates, date_at},
};
use crate::{
    event::Event,
    occurrence::StoredOccurrence,
    recurrence::{Series, SeriesOccurrence},
    time::{Instant, LocalDateTime},
};

/// An edit while its occurrences are matched with dates, in four phases.
#[derive(Debug)]
pub(super) struct Matching<'e> {
    edit: &'e DateEdit,
    before: &'e Event,
    after: &'e Event,
    /// The edited series with its used dates.
    all: Series,
    /// The used dates before the edit.
    used: Option<UsedDates>,
    /// The dates that occurrences have got, other than those that yield.
    taken: HashSet<Instant>,
    /// The dates that cancelled occurrences leave to others.
    yielded: HashSet<Instant>,
}

impl<'e> Matching<'e> {
    pub(super) fn of(edit: &'e DateEdit, before: &'e Event, after: &'e Event) -> Self {
        Self {
            edit,
            before,
            after,
            all: after.series.with_all_dates().unwrap_or_else(|_| after.series.clone()),
            // Which dates were cancelled does not matter for the date of an occurrence.
            used: UsedDates::of(before, &[], edit.now).ok(),
            taken: HashSet::new(),
            yielded: HashSet::new(),
        }
    }

    /// The date that an occurrence has by itself: parts 1, 6 and 7, and the date plus the shift of part 4. What is dropped here may
    /// still be matched.
    pub(super) fn own_date(&mut self, occurrence: &StoredOccurrence) -> Correspondence {
        let now = self.edit.now;
        let moved = self.moved(occurrence);
        let used = self.used.as_ref();
        if let Some(moved) = used.and_then(|used| self.edit.postponed_from(self.before, used, occurrence)) {
            let ahead = date_at(&self.after.series, moved).filter(|date| date.start > now);
            if let Some(date) = ahead {
                self.taken.insert(date.start);
                return Correspondence::Date(date);
            }
            if self.after.series.zone().resolve(moved).instant <= now {
                return Correspondence::PostponedFrom(moved);
            }
        }
        if occurrence.key.original_start <= now && !occurrence.has_passed() {
            return Correspondence::Postponed;
        }
        if let Some(date) = self.edit.passed_date(occurrence, &self.all) {
            return Correspondence::PostponedFrom(date.local);
        }
        let schedule = self.after.current_schedule();
        let date = date_at(&self.after.series, moved);
        let has_passed = |date: SeriesOccurrence| date.start <= now && !schedule.covers(date.start);
        if date.is_some_and(has_passed) && may_return(occurrence) {
            return Correspondence::PassedException(moved);
        }
        let same = date.filter(|date| schedule.covers(date.start));
        let into = if self.edit.yields(occurrence) { &mut self.yielded } else { &mut self.taken };
        into.extend(same.map(|date| date.start));
        same.map_or(Correspondence::Dropped, Correspondence::Date)
    }

    /// A date has one occurrence. Several have the same one after an update of the time-zone database: a member registered for the
    /// date at its new instant, or the clocks now skip the hour between two dates. A held or waitlisted occurrence has it before an
    /// empty one, in the order of their original starts, and otherwise the one with more registrations. The others are left over.
    pub(super) fn leave_one_for_each_date(&mut self, dates: &mut [(&StoredOccurrence, Correspondence)]) {
        let now = self.edit.now;
        let claims = dates.iter_mut().filter_map(|claim| {
            let (occurrence, found) = &*claim;
            let moved = || self.after.series.occurrence_at_local(self.moved(occurrence));
            let claimed = match found {
                Correspondence::Date(date) => Some(*date),
                // Another date of the series can mean the same instant.
                Correspondence::Dropped if occurrence.is_held() => {
                    moved().filter(|date| date.start > now && self.taken.contains(&date.start))
                }
                _ => None,
            };
            claimed.map(|date| (date, claim))
        });
        let mut claims: Vec<_> = claims.collect();
        claims.sort_by_key(|(date, (occurrence, found))| {
            let is_inexact = *found == Correspondence::Dropped;
            let registrations = Reverse(occurrence.taken.saturating_add(occurrence.waiting));
            let order = (occurrence.original_local, registrations, occurrence.key);
            (date.start, !occurrence.is_held(), self.edit.yields(occurrence), is_inexact, order)
        });
        let mut last = None;
        for (date, (_, found)) in claims {
            let is_first = last.replace(date.start) != Some(date.start);
            *found = if is_first { Correspondence::Date(date) } else { Correspondence::Dropped };
        }
    }

    /// The wall-clock time to which the shift moves the original start of an occurrence.
    fn moved(&self, occurrence: &StoredOccurrence) -> LocalDateTime {
        occurrence.original_local.saturating_add(self.edit.by)
    }

    /// The second way of part 4: an occurrence that is left over gets a date that is left over too, on the day to which the shift
    /// leads, else on its own day.
    pub(super) fn match_left_over(&mut self, dates: &mut [(&StoredOccurrence, Correspondence)]) {
        let is_left = |(occurrence, date): &&mut (&StoredOccurrence, Correspondence)| {
            *date == Correspondence::Dropped && !occurrence.exception.cancelled && !occurrence.has_passed()
        };
        let mut left: Vec<_> = dates.iter_mut().filter(is_left).collect();
        left.sort_by_key(|(occurrence, _)| (!occurrence.is_held(), occurrence.original_local));
        for by in [self.edit.by, Duration::ZERO] {
            for (occurrence, date) in &mut left {
                if *date == Correspondence::Dropped
                    && let Some(free) = self.free_date(occurrence, by)
                {
                    self.taken.insert(free.start);
                    *date = Correspondence::Date(free);
                }
            }
        }
    }

    /// A date for an occurrence that is left over, on the day to which `by` leads. Only a given rule has others than the moved one.
    fn free_date(&self, occurrence: &StoredOccurrence, by: Duration) -> Option<SeriesOccurrence> {
        let DateEdit { by: shift, has_rule, now } = *self.edit;
        let moved = occurrence.original_local.saturating_add(by);
        let is_free = |date: &SeriesOccurrence| date.start > now && !self.taken.contains(&date.start);
        let is_new = |date: &SeriesOccurrence| {
            let origin = date_at(&self.before.series, date.local.saturating_sub(shift));
            is_free(date) && origin.is_none_or(|origin| origin.start <= now)
        };
        let is_yielded = |date: &SeriesOccurrence| is_free(date) && self.yielded.contains(&date.start);
        // Where clocks go forward, another date of the series can mean the same instant.
        let free = self.after.series.occurrence_at_local(moved).filter(is_free).filter(|_| by == shift);
        let on_day = || self.after.series.occurrences_on(moved.date());
        let of_day = || on_day().find(is_new).or_else(|| on_day().find(is_yielded));
        free.or_else(|| of_day().filter(|_| has_rule))
    }

    /// The end of part 4: a cancelled occurrence loses its date to the one that got it.
    pub(super) fn drop_yielded(&self, dates: &mut [(&StoredOccurrence, Correspondence)]) {
        for (occurrence, found) in dates {
            if matches!(found, Correspondence::Date(date) if self.taken.contains(&date.start))
                && self.edit.yields(occurrence)
            {
                *found = Correspondence::Dropped;
            }
        }
    }
}
