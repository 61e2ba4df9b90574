//! The lazy, ordered list of the occurrences of many events: derived occurrences merged with exceptions.

use std::{
    collections::{HashMap, HashSet},
    iter::Peekable,
    ops::Range,
    sync::Arc,
    vec,
};

use convene_domain::{
    duration::EventDuration,
    event::Event,
    id::EventId,
    occurrence::{Occurrence, OccurrenceKey, OccurrenceStatus, StoredOccurrence},
    recurrence::{SeriesOccurrence, merge::ByStart},
    text::{FoldedText, Title},
    time::{Instant, LocalDateTime, interval::Interval},
};
use time::Duration;

use super::OccurrenceOfEvent;
use crate::{
    catalogue::{CatalogueEvent, Entry},
    pace::Pace,
    page::{Direction, PageRequest},
    ports::{CatalogueWindow, SeatCounts},
};

/// The sort key of lists of occurrences: start, then key.
pub type OccurrencePosition = (Instant, OccurrenceKey);

/// The events of a timeline, and their exceptions.
#[derive(Default)]
pub(super) struct Part<'c> {
    pub(super) events: Vec<&'c CatalogueEvent>,
    pub(super) exceptions: Vec<&'c StoredOccurrence>,
}

impl<'c> From<&'c CatalogueWindow> for Part<'c> {
    fn from(window: &'c CatalogueWindow) -> Self {
        Self {
            events: window.events.iter().map(AsRef::as_ref).collect(),
            exceptions: window.exceptions.iter().collect(),
        }
    }
}

impl<'c> FromIterator<&'c Entry> for Part<'c> {
    fn from_iter<I: IntoIterator<Item = &'c Entry>>(entries: I) -> Self {
        let mut part = Self::default();
        for entry in entries {
            part.events.extend(entry.event().map(AsRef::as_ref));
            part.exceptions.extend(entry.exceptions());
        }
        part
    }
}

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
pub(super) struct Placed<'c> {
    event: &'c Arc<Event>,
    pub(super) key: OccurrenceKey,
    interval: Interval,
    status: OccurrenceStatus,
    origin: Origin<'c>,
}

enum Origin<'c> {
    Rule(SeriesOccurrence),
    Exception(&'c StoredOccurrence),
}

impl Selection {
    /// The earliest start of occurrences with this duration.
    fn earliest_start(&self, duration: EventDuration) -> Instant {
        self.overlapping_since(duration.longest()).max(self.starts().start)
    }

    /// The earliest start of occurrences that overlap the window and take at most this long.
    pub(super) fn overlapping_since(&self, longest: Duration) -> Instant {
        // An occurrence that ends at the start of the window does not overlap it.
        self.window.start().saturating_sub(longest).saturating_add(Duration::NANOSECOND)
    }

    /// The starts of the occurrences that the page may have.
    pub(super) fn starts(&self) -> Range<Instant> {
        let PageRequest { direction, from, .. } = self.page;
        let from = from.map(|(start, _)| start);
        let (first, last) = match direction {
            Direction::Forward => (from, None),
            Direction::Backward => (None, from),
        };
        let end = last.map_or(Instant::MAX, |last| last.saturating_add(Duration::NANOSECOND));
        // Registration closes at the start at the latest.
        first.max(self.open_at).unwrap_or(Instant::MIN)..end.min(self.window.end())
    }

    /// Searches the event's description, and the given title of an occurrence.
    pub(super) fn finds_own(&self, title: &Title, event: &CatalogueEvent) -> bool {
        self.search.as_ref().is_none_or(|text| {
            FoldedText::of(title.as_str()).contains(text) || event.folded_description().contains(text)
        })
    }

    /// Searches the event's description and titles: the result for the occurrences of each of its schedules that have no title
    /// of their own.
    pub(super) fn finds(&self, event: &CatalogueEvent) -> Vec<bool> {
        match &self.search {
            None => vec![true; event.earlier.len() + 1],
            Some(text) if event.folded_description().contains(text) => vec![true; event.earlier.len() + 1],
            Some(text) => event.folded_titles().iter().map(|title| title.contains(text)).collect(),
        }
    }

    /// The number of steps of a search in the texts of an event.
    pub(super) fn steps(&self, event: &CatalogueEvent) -> usize {
        /// Some bytes are folded and compared in one step, even if the texts are made to be compared slowly.
        const BYTES: usize = 128;
        if self.search.is_none() { 1 } else { 1 + event.description.as_str().len() / BYTES }
    }

    fn takes(&self, placed: &Placed<'_>) -> bool {
        self.page.reaches(&placed.position())
            && placed.interval.overlaps(&self.window)
            && (self.include_cancelled || placed.status == OccurrenceStatus::Scheduled)
            && self.open_at.is_none_or(|now| placed.may_be_open(now))
    }
}

impl<'c> Placed<'c> {
    fn by_rule(event: &'c Arc<Event>, origin: SeriesOccurrence) -> Self {
        Self {
            event,
            key: OccurrenceKey { event: event.id, original_start: origin.start },
            interval: event.interval_of(origin),
            status: event.status_at(origin.start),
            origin: Origin::Rule(origin),
        }
    }

    /// The occurrence with this key, as the replica knows it.
    pub(super) fn of(entry: &'c Entry, key: OccurrenceKey) -> Option<Self> {
        let event = &entry.event()?.event;
        Some(match entry.exception(key) {
            Some(stored) => Self::by_exception(event, stored),
            None => Self::by_rule(event, event.occurrence_at(key.original_start)?),
        })
    }

    fn by_exception(event: &'c Arc<Event>, stored: &'c StoredOccurrence) -> Self {
        let (key, interval, status) = (stored.key, stored.interval, stored.status);
        Self { event, key, interval, status, origin: Origin::Exception(stored) }
    }

    pub(super) fn position(&self) -> OccurrencePosition {
        (self.interval.start(), self.key)
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
        OccurrenceOfEvent { occurrence, event: Arc::clone(self.event) }
    }
}

/// An examined occurrence.
pub(super) enum Step<'c> {
    Found(Placed<'c>),
    /// The occurrence at this position does not match.
    Passed(OccurrencePosition),
}

/// The events and exceptions of a part that may have occurrences in the list.
pub(super) struct Candidates<'p, 'c> {
    pub(super) selection: &'p Selection,
    /// The events, each with the results for its schedules.
    events: Vec<(&'c CatalogueEvent, Vec<bool>)>,
    replaced: Replaced,
    /// The exceptions in the list, by start, then key.
    pub(super) exceptions: Vec<Placed<'c>>,
}

impl<'p, 'c> Candidates<'p, 'c> {
    /// Examines the texts of the events, and the exceptions.
    pub(super) async fn new(part: &Part<'c>, selection: &'p Selection, pace: &mut Pace) -> Self {
        let mut replaced = Replaced::default();
        let mut exceptions = Vec::new();
        let known: HashMap<EventId, &'c CatalogueEvent> = match part.exceptions.is_empty() {
            true => HashMap::new(),
            false => part.events.iter().map(|event| (event.id, *event)).collect(),
        };
        for stored in part.exceptions.iter().filter(|stored| !stored.is_dropped) {
            let Some(event) = known.get(&stored.key.event) else { continue };
            pace.steps(selection.steps(event)).await;
            replaced.add(&event.event, stored);
            let placed = Placed::by_exception(&event.event, stored);
            let is_found = || match &stored.exception.title {
                Some(title) => selection.finds_own(title, event),
                None => is_found_at(&selection.finds(event), event, stored.interval.start()),
            };
            if selection.takes(&placed) && is_found() {
                exceptions.push(placed);
            }
        }
        exceptions.sort_unstable_by_key(Placed::position);

        let mut events = Vec::new();
        for event in part.events.iter().copied() {
            pace.steps(selection.steps(event)).await;
            let found = selection.finds(event);
            if found.contains(&true) {
                events.push((event, found));
            }
        }
        Self { selection, events, replaced, exceptions }
    }

    /// The derived occurrences that begin at these times, and these exceptions.
    pub(super) async fn merged(
        &self,
        starts: Range<Instant>,
        exceptions: Vec<Placed<'c>>,
        pace: &mut Pace,
    ) -> Merged<'c> {
        let mut by_rule = ByStart::default();
        for (event, found) in &self.events {
            pace.steps(1).await;
            // What had begun before the event was cancelled has taken place.
            let cancelled_at = event.cancelled_at().filter(|_| !self.selection.include_cancelled);
            let to = cancelled_at.map_or(Instant::MAX, |at| at.saturating_add(Duration::NANOSECOND));
            let to = to.min(starts.end);
            let found_ones = event.schedules().zip(found).filter(|(_, is_found)| **is_found);
            for (schedule, _) in found_ones {
                let from = self.selection.earliest_start(schedule.duration).max(starts.start);
                if from < to {
                    by_rule.push(ById(&event.event), schedule.between(from, to));
                }
            }
        }
        Merged { by_rule: by_rule.peekable(), exceptions: exceptions.into_iter().peekable() }
    }
}

/// The result of a search for an occurrence that takes place at this time and has no title of its own.
pub(super) fn is_found_at(found: &[bool], event: &Event, start: Instant) -> bool {
    found.get(event.schedule_at(start)).is_some_and(|is_found| *is_found)
}

/// Occurrences of a list, by start, then key.
pub(super) struct Merged<'c> {
    by_rule: Peekable<ByStart<'c, ById<'c>>>,
    exceptions: Peekable<vec::IntoIter<Placed<'c>>>,
}

impl<'c> Merged<'c> {
    /// Examines the next occurrence.
    pub(super) fn step(&mut self, candidates: &Candidates<'_, 'c>) -> Option<Step<'c>> {
        if let Some((ById(event), origin)) = self.by_rule.peek() {
            let position = (origin.start, OccurrenceKey { event: event.id, original_start: origin.start });
            if self.exceptions.peek().is_none_or(|exception| exception.position() > position) {
                let (ById(event), origin) = self.by_rule.next()?;
                let placed = Placed::by_rule(event, origin);
                let is_taken = !candidates.replaced.contains(&placed) && candidates.selection.takes(&placed);
                return Some(if is_taken { Step::Found(placed) } else { Step::Passed(position) });
            }
        }
        self.exceptions.next().map(Step::Found)
    }
}

/// The occurrences of a part, by start, then key.
pub(super) struct Timeline<'p, 'c> {
    candidates: Candidates<'p, 'c>,
    merged: Merged<'c>,
}

impl<'p, 'c> Timeline<'p, 'c> {
    /// Reads the exceptions, and the first occurrence of each matching series.
    pub(super) async fn new(mut candidates: Candidates<'p, 'c>, pace: &mut Pace) -> Self {
        let exceptions = std::mem::take(&mut candidates.exceptions);
        let merged = candidates.merged(candidates.selection.starts(), exceptions, pace).await;
        Self { candidates, merged }
    }

    /// Examines the next occurrence.
    pub(super) fn step(&mut self) -> Option<Step<'c>> {
        self.merged.step(&self.candidates)
    }
}

/// An event that is compared by its id.
#[derive(Clone, Copy)]
struct ById<'c>(&'c Arc<Event>);

impl PartialEq for ById<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.0.id == other.0.id
    }
}

impl Eq for ById<'_> {}

impl PartialOrd for ById<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ById<'_> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.id.cmp(&other.0.id)
    }
}

/// The derived occurrences that exceptions replace.
#[derive(Default)]
struct Replaced {
    /// By schedule and local time, because a new time-zone database can change the instant.
    locals: HashSet<(EventId, usize, LocalDateTime)>,
    /// By key, which is unique in a list.
    keys: HashSet<OccurrenceKey>,
}

impl Replaced {
    fn add(&mut self, event: &Event, exception: &StoredOccurrence) {
        let schedule = event.schedule_at(exception.key.original_start);
        self.locals.insert((event.id, schedule, exception.original_local));
        self.keys.insert(exception.key);
    }

    fn contains(&self, placed: &Placed<'_>) -> bool {
        let Origin::Rule(origin) = placed.origin else { return false };
        let place = || (placed.event.id, placed.event.schedule_at(origin.start), origin.local);
        !self.keys.is_empty() && (self.keys.contains(&placed.key) || self.locals.contains(&place()))
    }
}
