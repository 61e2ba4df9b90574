//! The lazy, ordered list of the occurrences of many events: derived occurrences merged with exceptions.

use std::{cmp::Reverse, collections::BinaryHeap, iter::Peekable, ops::Range, sync::Arc};

use convene_domain::{
    duration::EventDuration,
    occurrence::{Occurrence, OccurrenceKey, OccurrenceStatus},
    recurrence::{SeriesOccurrence, merge::ByStart},
    text::FoldedText,
    time::{Instant, interval::Interval, just_after},
};
use time::Duration;

use super::OccurrenceOfEvent;
use crate::{
    catalogue::{CatalogueEvent, CatalogueException, HeldEvent},
    pace::Pace,
    page::{Direction, PageRequest},
    ports::SeatCounts,
};

/// The sort key of lists of occurrences: start, then key.
pub type OccurrencePosition = (Instant, OccurrenceKey);

/// The filter of a timeline.
pub(super) struct Selection {
    /// The window that the occurrences overlap.
    pub(super) window: Interval,
    /// The page whose occurrences are needed.
    pub(super) page: PageRequest<OccurrencePosition>,
    /// Includes cancelled occurrences.
    pub(super) include_cancelled: bool,
    /// A text in the title or in the event's description.
    pub(super) search: Option<FoldedText>,
    /// Limits the list to occurrences in their registration window at this time; seats are checked later.
    pub(super) open_at: Option<Instant>,
}

/// An occurrence in the list, before its seats are known.
#[derive(Clone, Copy)]
pub(super) struct Placed<'c> {
    pub(super) event: &'c CatalogueEvent,
    pub(super) key: OccurrenceKey,
    interval: Interval,
    status: OccurrenceStatus,
    origin: Origin<'c>,
}

#[derive(Clone, Copy)]
enum Origin<'c> {
    Rule(SeriesOccurrence),
    Exception(&'c CatalogueException),
}

impl Selection {
    /// The earliest start of occurrences with this duration.
    fn earliest_start(&self, duration: EventDuration) -> Instant {
        self.overlapping_since(duration.longest()).max(self.starts().start)
    }

    /// The earliest start of occurrences that overlap the window and take at most this long.
    pub(super) fn overlapping_since(&self, longest: Duration) -> Instant {
        // An occurrence that ends at the start of the window does not overlap it.
        just_after(self.window.start().saturating_sub(longest))
    }

    /// The starts of the occurrences that the page may have.
    pub(super) fn starts(&self) -> Range<Instant> {
        let PageRequest { direction, from, .. } = self.page;
        let from = from.map(|(start, _)| start);
        let (first, last) = match direction {
            Direction::Forward => (from, None),
            Direction::Backward => (None, from),
        };
        let end = last.map_or(Instant::MAX, just_after);
        // Registration closes at the start at the latest.
        first.max(self.open_at).unwrap_or(Instant::MIN)..end.min(self.window.end())
    }

    fn takes(&self, placed: &Placed<'_>) -> bool {
        self.page.reaches(&placed.position())
            && placed.interval.overlaps(&self.window)
            && (self.include_cancelled || placed.status == OccurrenceStatus::Scheduled)
            && self.open_at.is_none_or(|now| placed.may_be_open(now))
    }
}

impl<'c> Placed<'c> {
    fn by_rule(event: &'c CatalogueEvent, origin: SeriesOccurrence) -> Self {
        Self {
            event,
            key: OccurrenceKey { event: event.id, original_start: origin.start },
            interval: event.interval_of(origin),
            status: event.status_at(origin.start),
            origin: Origin::Rule(origin),
        }
    }

    /// The occurrence with this key, as the replica knows it.
    pub(super) fn of(held: &'c HeldEvent, key: OccurrenceKey) -> Option<Self> {
        let event = held.event()?;
        Some(match held.exception(key) {
            Some(stored) => Self::by_exception(event, stored),
            None => Self::by_rule(event, event.occurrence_at(key.original_start)?),
        })
    }

    fn by_exception(event: &'c CatalogueEvent, stored: &'c CatalogueException) -> Self {
        let (key, interval, status) = (stored.key, stored.interval, stored.status());
        Self { event, key, interval, status, origin: Origin::Exception(stored) }
    }

    pub(super) fn position(&self) -> OccurrencePosition {
        (self.interval.start(), self.key)
    }

    /// The exception that takes place; `None` if the occurrence is as its rule derives it.
    pub(super) const fn exception(&self) -> Option<&'c CatalogueException> {
        match self.origin {
            Origin::Exception(stored) => Some(stored),
            Origin::Rule(_) => None,
        }
    }

    pub(super) fn may_be_open(&self, now: Instant) -> bool {
        let (policy, start) = (&self.event.policy, self.interval.start());
        self.status == OccurrenceStatus::Scheduled
            && now < policy.closes_at(start)
            && policy.opens_at(start).is_none_or(|opens| opens <= now)
    }

    /// The occurrence with these seats; without any registration if there are none. Everything else is as the catalogue knows
    /// it, even if it was edited meanwhile: a newer version with older content would let a client overwrite what it never saw.
    pub(super) fn into_occurrence(self, seats: Option<&SeatCounts>) -> OccurrenceOfEvent {
        let occurrence = match self.origin {
            Origin::Exception(stored) => Occurrence::stored(self.event, stored),
            Origin::Rule(origin) => Occurrence::untouched(self.event, origin),
        };
        // The counts of the catalogue may be stale.
        let capacity = seats.map_or(occurrence.capacity, |seats| seats.capacity);
        let (taken, waiting) = seats.map_or((0, 0), |seats| (seats.taken, seats.waiting));
        let occurrence = Occurrence { capacity, taken, waiting, ..occurrence };
        OccurrenceOfEvent { occurrence, event: Arc::clone(&self.event.event) }
    }
}

/// An examined occurrence.
pub(super) enum Step<'c> {
    Found(Placed<'c>),
    /// The occurrence at this position does not match.
    Skipped(OccurrencePosition),
    /// The list ends here for this page, whatever follows.
    Stopped(OccurrencePosition),
}

impl Step<'_> {
    pub(super) fn position(&self) -> OccurrencePosition {
        match self {
            Self::Found(placed) => placed.position(),
            Self::Skipped(position) | Self::Stopped(position) => *position,
        }
    }
}

/// An event of a list, which is compared by its id.
#[derive(Clone, Copy)]
struct Listed<'c> {
    event: &'c CatalogueEvent,
    held: &'c HeldEvent,
}

impl PartialEq for Listed<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.event.id == other.event.id
    }
}

impl Eq for Listed<'_> {}

impl PartialOrd for Listed<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Listed<'_> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.event.id.cmp(&other.event.id)
    }
}

/// The events that may have occurrences in the list.
pub(super) struct Candidates<'p, 'c> {
    pub(super) selection: &'p Selection,
    /// Each with the results of the search for its schedules, if it was searched before.
    events: Vec<(Listed<'c>, Option<Vec<bool>>)>,
}

impl<'p, 'c> Candidates<'p, 'c> {
    /// The list of these events, each with the results of the search for its schedules, if it was searched before.
    pub(super) fn new(selection: &'p Selection, part: Vec<(&'c HeldEvent, Option<Vec<bool>>)>) -> Self {
        let listed = |(held, found): (&'c HeldEvent, _)| Some((Listed { event: held.event()?, held }, found));
        Self { selection, events: part.into_iter().filter_map(listed).collect() }
    }

    /// The occurrences that begin at these times.
    pub(super) async fn merged(&self, starts: Range<Instant>, pace: &mut Pace) -> Merged<'c> {
        let (mut by_rule, mut exceptions) = (ByStart::default(), Exceptions::default());
        for (listed, found) in &self.events {
            let Listed { event, held } = *listed;
            pace.steps(1 + event.schedules().count()).await;
            exceptions.push(event, held.exceptions_in(&starts, self.selection.window.start()));
            // What had begun before the event was cancelled has taken place.
            let cancelled_at = event.cancelled_at().filter(|_| !self.selection.include_cancelled);
            let to = cancelled_at.map_or(Instant::MAX, just_after);
            let to = to.min(starts.end);
            for (number, schedule) in event.schedules().enumerate() {
                let is_found = found.as_ref().is_none_or(|found| found.get(number) == Some(&true));
                let from = self.selection.earliest_start(schedule.duration).max(starts.start);
                if is_found && from < to {
                    by_rule.push(*listed, schedule.between(from, to));
                }
            }
        }
        Merged { by_rule: by_rule.peekable(), exceptions }
    }
}

/// Occurrences of a list, by start, then key.
pub(super) struct Merged<'c> {
    by_rule: Peekable<ByStart<'c, Listed<'c>>>,
    exceptions: Exceptions<'c>,
}

impl<'c> Merged<'c> {
    /// Examines the next occurrence.
    pub(super) fn step(&mut self, selection: &Selection) -> Option<Step<'c>> {
        let place = |(Listed { event, .. }, origin): &(Listed<'_>, SeriesOccurrence)| {
            (origin.start, OccurrenceKey { event: event.id, original_start: origin.start })
        };
        let exception = self.exceptions.position();
        let is_next = |position| exception.is_none_or(|exception| exception > position);
        let placed = match self.by_rule.next_if(|next| is_next(place(next))) {
            None => self.exceptions.next()?,
            Some((Listed { event, held }, origin)) if !held.replaces(event, &origin) => {
                Placed::by_rule(event, origin)
            }
            Some(replaced) => return Some(Step::Skipped(place(&replaced))),
        };
        Some(if selection.takes(&placed) { Step::Found(placed) } else { Step::Skipped(placed.position()) })
    }
}

/// The exceptions of some events, by start, then key. One of each event is compared at a time.
#[derive(Default)]
struct Exceptions<'c> {
    lists: Vec<(&'c CatalogueEvent, &'c [Arc<CatalogueException>])>,
    heads: BinaryHeap<Reverse<(OccurrencePosition, usize)>>,
}

impl<'c> Exceptions<'c> {
    /// Adds the exceptions of an event, which are sorted.
    fn push(&mut self, event: &'c CatalogueEvent, list: &'c [Arc<CatalogueException>]) {
        if let Some(first) = list.first() {
            self.heads.push(Reverse(((first.interval.start(), first.key), self.lists.len())));
            self.lists.push((event, list));
        }
    }

    /// The position of the next one.
    fn position(&self) -> Option<OccurrencePosition> {
        self.heads.peek().map(|Reverse((position, _))| *position)
    }

    fn next(&mut self) -> Option<Placed<'c>> {
        let Reverse((_, place)) = self.heads.pop()?;
        let (event, list) = self.lists.get_mut(place)?;
        let (first, rest) = list.split_first()?;
        *list = rest;
        if let Some(next) = rest.first() {
            self.heads.push(Reverse(((next.interval.start(), next.key), place)));
        }
        Some(Placed::by_exception(event, first))
    }
}

/// The occurrences of a part, by start, then key.
pub(super) struct Timeline<'p, 'c> {
    selection: &'p Selection,
    merged: Merged<'c>,
}

impl<'p, 'c> Timeline<'p, 'c> {
    /// Reads the first occurrence of each matching series.
    pub(super) async fn new(candidates: &Candidates<'p, 'c>, pace: &mut Pace) -> Self {
        let selection = candidates.selection;
        Self { selection, merged: candidates.merged(selection.starts(), pace).await }
    }

    /// Examines the next occurrence.
    pub(super) fn step(&mut self) -> Option<Step<'c>> {
        self.merged.step(self.selection)
    }
}
