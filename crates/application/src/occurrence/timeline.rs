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
    text::FoldedText,
    time::{Instant, LocalDateTime, interval::Interval, just_after},
};
use time::Duration;

use super::{OccurrenceOfEvent, text_match::TextMatch};
use crate::{
    catalogue::{CatalogueEvent, CatalogueException, HeldEvent},
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
    pub(super) exceptions: Vec<&'c CatalogueException>,
}

impl<'c> From<&'c CatalogueWindow> for Part<'c> {
    fn from(window: &'c CatalogueWindow) -> Self {
        Self {
            events: window.events.iter().map(AsRef::as_ref).collect(),
            exceptions: window.exceptions.iter().map(AsRef::as_ref).collect(),
        }
    }
}

impl<'c> FromIterator<&'c HeldEvent> for Part<'c> {
    fn from_iter<I: IntoIterator<Item = &'c HeldEvent>>(held_events: I) -> Self {
        let mut part = Self::default();
        for held in held_events {
            part.events.extend(held.event().map(AsRef::as_ref));
            part.exceptions.extend(held.exceptions().map(AsRef::as_ref));
        }
        part
    }
}

/// The bytes that are folded and compared in one step, even if the texts are made to be compared slowly.
const BYTES_OF_STEP: usize = 128;

/// The steps of a search in the longest title.
const STEPS_OF_TITLE: usize = 8;

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
    event: &'c Arc<Event>,
    pub(super) key: OccurrenceKey,
    interval: Interval,
    status: OccurrenceStatus,
    origin: Origin<'c>,
}

#[derive(Clone, Copy)]
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

    /// Searches the description and the titles of an event.
    pub(super) async fn search(&self, event: &CatalogueEvent, pace: &mut Pace) -> TextMatch {
        let titles = event.schedules().count().saturating_mul(STEPS_OF_TITLE);
        let texts = event.description.as_str().len() / BYTES_OF_STEP + titles;
        pace.steps(if self.search.is_none() { 1 } else { 1 + texts }).await;
        TextMatch::of(event, self.search.as_ref())
    }

    /// Tests whether the search finds an exception of an event whose texts were searched.
    pub(super) async fn finds(
        &self,
        exception: &CatalogueException,
        event: &Event,
        found: &TextMatch,
        pace: &mut Pace,
    ) -> bool {
        pace.steps(if self.search.is_none() { 1 } else { STEPS_OF_TITLE }).await;
        found.exception(event, exception, self.search.as_ref())
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
    pub(super) fn of(held: &'c HeldEvent, key: OccurrenceKey) -> Option<Self> {
        let event = &held.event()?.event;
        Some(match held.exception(key) {
            Some(stored) => Self::by_exception(event, stored),
            None => Self::by_rule(event, event.occurrence_at(key.original_start)?),
        })
    }

    fn by_exception(event: &'c Arc<Event>, stored: &'c StoredOccurrence) -> Self {
        let (key, interval, status) = (stored.key, stored.interval, stored.status());
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
    Skipped(OccurrencePosition),
    /// The list ends here for this page, whatever follows.
    Stopped(OccurrencePosition),
}

/// The events and exceptions of a part that may have occurrences in the list.
pub(super) struct Candidates<'p, 'c> {
    pub(super) selection: &'p Selection,
    /// The events with occurrences that the search finds, and its results.
    events: Vec<(&'c CatalogueEvent, TextMatch)>,
    replaced: Replaced,
    /// The exceptions in the list, by start, then key.
    pub(super) exceptions: Vec<Placed<'c>>,
}

impl<'p, 'c> Candidates<'p, 'c> {
    /// Examines the texts of the events, and the exceptions.
    pub(super) async fn new(part: &Part<'c>, selection: &'p Selection, pace: &mut Pace) -> Self {
        let mut replaced = Replaced::default();
        let mut exceptions = Vec::new();
        let mut events = Vec::with_capacity(part.events.len());
        for event in part.events.iter().copied() {
            events.push((event, selection.search(event, pace).await));
        }
        let known: HashMap<EventId, &(&'c CatalogueEvent, TextMatch)> = match part.exceptions.is_empty() {
            true => HashMap::new(),
            false => events.iter().map(|event| (event.0.id, event)).collect(),
        };
        for stored in part.exceptions.iter().copied().filter(|stored| !stored.is_dropped()) {
            pace.steps(1).await;
            let Some((event, found)) = known.get(&stored.key.event) else { continue };
            replaced.add(&event.event, stored);
            let placed = Placed::by_exception(&event.event, stored);
            if selection.takes(&placed) && selection.finds(stored, event, found, pace).await {
                exceptions.push(placed);
            }
        }
        exceptions.sort_unstable_by_key(Placed::position);
        events.retain(|(_, found)| found.has_any());
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
            pace.steps(event.schedules().count()).await;
            // What had begun before the event was cancelled has taken place.
            let cancelled_at = event.cancelled_at().filter(|_| !self.selection.include_cancelled);
            let to = cancelled_at.map_or(Instant::MAX, just_after);
            let to = to.min(starts.end);
            let found_ones = event.schedules().zip(found.by_schedule()).filter(|(_, is_found)| **is_found);
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
                return Some(if is_taken { Step::Found(placed) } else { Step::Skipped(position) });
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
