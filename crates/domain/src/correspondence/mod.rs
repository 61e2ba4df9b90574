//! The correspondence of occurrences before and after an edit of their event (ADR 18).
//!
//! Every edit maps the dates of a series by one rule. Dates are wall-clock times; instants follow from them and from the
//! zone, and never decide.
//!
//! 1. *What has begun stays.* An occurrence that has begun keeps its date, its time and its event, in every edit, split and
//!    cancellation. The date that corresponds to it in the edited series is *used*: the series does not have it. Used dates are
//!    those that were used and those that have begun, each plus the shift, as far as a given rule has them, excluded or not; no date
//!    on which nothing took place. An occurrence that has not begun, and whose original start has passed (it was postponed), keeps
//!    its original start. A given rule that begins ahead, with a shift to another day, has no used dates but those of occurrences
//!    that have begun before their date. Their original dates are used by a given rule as well, except one to which an upcoming date
//!    moves. A new rdate and the new start of a given rule, if they are ahead, are no used dates; such an rdate on the original date
//!    of an occurrence that has begun is refused.
//! 2. *The shift* is the new start minus the old one, in wall-clock time; zero if no start is given. A new zone does not
//!    change it. It is zero as well if a given rule only removes dates or only adds some: all new ones are old ones, or all old
//!    ones that are ahead are new ones, and the new ones are not simply the old ones moved to the new start.
//! 3. *Without a rule* each date moves by the shift: the dates of the rule and its UNTIL, exdates, rdates, used dates, and the
//!    original starts of stored occurrences. Parts of the rule that name days, months or times move along. If no such rule has
//!    exactly the moved dates, the edit is refused and asks for the recurrence; so is one that would move dates before an UNTIL
//!    beyond the supported years.
//! 4. *With a rule* a date of the old series and a date of the new one are the same occurrence if the new one is the old one
//!    plus the shift. An occurrence that is left over is matched with a date that is left over too, on the same day after the
//!    shift, else on its own day: held and waitlisted ones before empty ones, in the order of their original starts. A
//!    cancelled occurrence is not matched that way, and leaves its date to one that is, if a start is given.
//! 5. *The rest is dropped.* This affects the registrations for it. So does a match that would begin in the past.
//! 6. *An exception keeps its own values.* Its own start is a wall-clock time: it does not move, not even by a shift. If it is
//!    ahead while the moved date has passed, the occurrence is postponed, and that date is used until a shift moves it ahead
//!    again. Any other exception whose date an edit moves into the past is dropped like every such date, with the registrations
//!    for it. It returns when a later edit moves its date ahead again.
//!
//! A split is an edit of the second part, whose old start is the date at which it begins. Dropped occurrences stay stored for
//! their registrations and correspond to nothing, except passed exceptions (6).

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
    time::{Instant, LocalDateTime},
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
    /// `stored` contains all stored occurrences of `before` whose original start is ahead.
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
        let used = UsedDates::of(before, self.now)?;
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
    let ahead = before.between(now.saturating_add(Duration::NANOSECOND), Instant::MAX);
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
