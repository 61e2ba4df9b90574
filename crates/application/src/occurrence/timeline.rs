//! The lazy, ordered list of the occurrences of many events: derived occurrences merged with exceptions.

use std::collections::{HashMap, HashSet};

use convene_domain::{
    duration::EventDuration,
    event::{Event, EventStatus},
    id::EventId,
    occurrence::{Occurrence, OccurrenceKey, OccurrenceStatus, StoredOccurrence},
    recurrence::{SeriesOccurrence, merge},
    time::{Instant, LocalDateTime, interval::Interval},
};
use time::Duration;

use crate::ports::CatalogueWindow;

/// The sort key of lists of occurrences: start, then key.
pub type OccurrencePosition = (Instant, OccurrenceKey);

/// The events of a timeline, and their exceptions.
#[derive(Default)]
pub(super) struct Part<'c> {
    pub(super) events: Vec<&'c Event>,
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

/// The filter of a timeline.
pub(super) struct Selection {
    /// The window that the occurrences overlap.
    pub(super) window: Interval,
    /// The position after which the list begins.
    pub(super) after: Option<OccurrencePosition>,
    /// Includes cancelled occurrences.
    pub(super) include_cancelled: bool,
    /// A lower-case text in the title or in the event's description.
    pub(super) search: Option<String>,
    /// Limits the list to occurrences in their registration window at this time; seats are checked later.
    pub(super) open_at: Option<Instant>,
}

/// An occurrence in the list, before its seats are known.
pub(super) struct Placed<'c> {
    event: &'c Event,
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
        // An occurrence that ends at the start of the window does not overlap it.
        let overlap = self.window.start().saturating_sub(duration.get()).saturating_add(Duration::NANOSECOND);
        let position = self.after.map_or(Instant::MIN, |(start, _)| start);
        // Registration closes at the start at the latest.
        overlap.max(position).max(self.open_at.unwrap_or(Instant::MIN))
    }

    fn finds(&self, title: &str, event: &Event) -> bool {
        self.search.as_ref().is_none_or(|text| {
            title.to_lowercase().contains(text) || event.description.as_str().to_lowercase().contains(text)
        })
    }

    fn takes(&self, placed: &Placed<'_>) -> bool {
        self.after.is_none_or(|after| placed.position() > after)
            && placed.interval.overlaps(&self.window)
            && (self.include_cancelled || placed.status == OccurrenceStatus::Scheduled)
            && self.open_at.is_none_or(|now| placed.may_be_open(now))
    }
}

impl<'c> Placed<'c> {
    fn by_rule(event: &'c Event, origin: SeriesOccurrence) -> Self {
        Self {
            event,
            key: OccurrenceKey { event: event.id, original_start: origin.start },
            interval: event.interval_from(origin.start),
            status: event.status,
            origin: Origin::Rule(origin),
        }
    }

    fn by_exception(event: &'c Event, stored: &'c StoredOccurrence) -> Self {
        let (key, interval, status) = (stored.key, stored.interval, stored.status);
        Self { event, key, interval, status, origin: Origin::Exception(stored) }
    }

    pub(super) fn position(&self) -> OccurrencePosition {
        (self.interval.start(), self.key)
    }

    fn may_be_open(&self, now: Instant) -> bool {
        let (policy, start) = (&self.event.policy, self.interval.start());
        self.status == OccurrenceStatus::Scheduled
            && now < policy.closes_at(start)
            && policy.opens_at(start).is_none_or(|opens| opens <= now)
    }

    /// The occurrence with its stored seats. It keeps its position even if it was rescheduled meanwhile, so that a page
    /// is always sorted.
    pub(super) fn into_occurrence(self, stored: Option<&StoredOccurrence>) -> Occurrence {
        let occurrence = match (stored, self.origin) {
            (Some(stored), _) | (None, Origin::Exception(stored)) => Occurrence::stored(self.event, stored),
            (None, Origin::Rule(origin)) => Occurrence::untouched(self.event, origin),
        };
        Occurrence { interval: self.interval, ..occurrence }
    }
}

/// The matching occurrences of the part, by start, then key, as a lazy iterator.
pub(super) fn timeline<'p, 'c: 'p>(
    part: &'p Part<'c>,
    selection: &'p Selection,
) -> impl Iterator<Item = Placed<'c>> + Send + use<'p, 'c> {
    let replaced = Replaced::of(&part.exceptions);
    let mut by_rule = by_rule(&part.events, selection)
        .filter(move |placed| !replaced.contains(placed) && selection.takes(placed))
        .peekable();
    let mut exceptions = exceptions(part, selection).into_iter().peekable();
    std::iter::from_fn(move || match (by_rule.peek(), exceptions.peek()) {
        (Some(rule), Some(exception)) if exception.position() < rule.position() => exceptions.next(),
        (Some(_), _) => by_rule.next(),
        (None, _) => exceptions.next(),
    })
}

fn by_rule<'p, 'c: 'p>(
    events: &'p [&'c Event],
    selection: &'p Selection,
) -> impl Iterator<Item = Placed<'c>> + Send + use<'p, 'c> {
    let wanted = |event: &&'c Event| {
        (selection.include_cancelled || event.status == EventStatus::Scheduled)
            && selection.finds(event.title.as_str(), event)
    };
    let in_window = move |event: &'c Event| {
        event.schedules().map(move |schedule| {
            let from = selection.earliest_start(schedule.duration);
            (ById(event), schedule.between(from, selection.window.end()))
        })
    };
    let series = events.iter().copied().filter(wanted).flat_map(in_window);
    merge::by_start(series).map(|(ById(event), origin)| Placed::by_rule(event, origin))
}

/// An event that is compared by its id.
#[derive(Clone, Copy)]
struct ById<'c>(&'c Event);

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

/// The matching exceptions, in order.
fn exceptions<'c>(part: &Part<'c>, selection: &Selection) -> Vec<Placed<'c>> {
    if part.exceptions.is_empty() {
        return Vec::new();
    }
    let events: HashMap<EventId, &'c Event> = part.events.iter().map(|event| (event.id, *event)).collect();
    let placed = |stored: &'c StoredOccurrence| {
        let event = *events.get(&stored.key.event)?;
        let placed = Placed::by_exception(event, stored);
        let title = stored.exception.title.as_ref().unwrap_or(&event.title);
        (selection.takes(&placed) && selection.finds(title.as_str(), event)).then_some(placed)
    };
    let mut found: Vec<_> = part.exceptions.iter().copied().filter_map(placed).collect();
    found.sort_unstable_by_key(Placed::position);
    found
}

/// The derived occurrences that exceptions replace.
#[derive(Default)]
struct Replaced {
    /// By local time, because a new time-zone database can change the instant.
    locals: HashSet<(EventId, LocalDateTime)>,
    /// By key, which is unique in a list.
    keys: HashSet<OccurrenceKey>,
}

impl Replaced {
    fn of(exceptions: &[&StoredOccurrence]) -> Self {
        Self {
            locals: exceptions.iter().map(|stored| (stored.key.event, stored.original_local)).collect(),
            keys: exceptions.iter().map(|stored| stored.key).collect(),
        }
    }

    fn contains(&self, placed: &Placed<'_>) -> bool {
        let Origin::Rule(origin) = placed.origin else { return false };
        !self.keys.is_empty()
            && (self.keys.contains(&placed.key) || self.locals.contains(&(placed.key.event, origin.local)))
    }
}
