use std::{
    cmp::Ordering,
    collections::{BTreeMap, HashSet},
    ops::RangeInclusive,
};

use convene_domain::{
    event::EventStatus,
    id::EventId,
    occurrence::{OccurrenceKey, StoredOccurrence},
    time::{Instant, interval::Interval},
};
use time::{Date, Duration};

/// A day in UTC, by the number of its date.
pub type DayNumber = i32;

/// The day that contains this instant.
#[must_use]
pub const fn day_of(instant: Instant) -> DayNumber {
    instant.to_julian_day()
}

/// The beginning of a day.
#[must_use]
pub fn midnight(day: DayNumber) -> Instant {
    let limit = if day < 0 { Instant::MIN } else { Instant::MAX };
    Date::from_julian_day(day).map_or(limit, |date| date.midnight().as_utc())
}

/// The place of an occurrence in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Item {
    pub key: OccurrenceKey,
    pub interval: Interval,
    pub is_cancelled: bool,
}

impl Item {
    /// The position in lists of occurrences.
    #[must_use]
    pub const fn position(&self) -> (Instant, OccurrenceKey) {
        (self.interval.start(), self.key)
    }

    /// The days on which it takes place.
    fn days(&self) -> RangeInclusive<DayNumber> {
        day_of(self.interval.start())..=day_of(self.interval.end().saturating_sub(Duration::NANOSECOND))
    }

    /// Those of these days on which it takes place.
    pub(super) fn days_within(&self, days: &RangeInclusive<DayNumber>) -> RangeInclusive<DayNumber> {
        let (from, to) = self.days().into_inner();
        from.max(*days.start())..=to.min(*days.end())
    }

    fn order(&self, other: &Self) -> Ordering {
        self.position().cmp(&other.position())
    }
}

impl From<&StoredOccurrence> for Item {
    fn from(stored: &StoredOccurrence) -> Self {
        let is_cancelled = stored.status() == EventStatus::Cancelled;
        Self { key: stored.key, interval: stored.interval, is_cancelled }
    }
}

/// The change of a day.
#[derive(Debug, Default)]
pub(super) struct DayChange {
    /// The events that had items on the day, or have some.
    pub(super) events: HashSet<EventId>,
    /// The items that they have.
    pub(super) items: Vec<Item>,
}

/// The occurrences of a day, each list sorted by position.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Day {
    /// Those that began before the day and have not ended at its beginning.
    pub running: Vec<Item>,
    /// Those that begin on the day.
    pub starting: Vec<Item>,
}

impl Day {
    /// The number of items.
    pub(super) fn len(&self) -> usize {
        self.running.len() + self.starting.len()
    }

    /// Adds an item without regard to the order.
    pub(super) fn push(&mut self, day: DayNumber, item: Item) {
        self.list(day, &item).push(item);
    }

    pub(super) fn sort(&mut self) {
        self.running.sort_unstable_by(Item::order);
        self.starting.sort_unstable_by(Item::order);
    }

    /// Replaces the items of some events. The time depends on the number of items, and not on that of events.
    pub(super) fn replace(&mut self, day: DayNumber, events: &HashSet<EventId>, items: Vec<Item>) {
        for list in [&mut self.running, &mut self.starting] {
            list.retain(|item| !events.contains(&item.key.event));
        }
        for item in items {
            self.push(day, item);
        }
        // The stable sort finds the items that are sorted already.
        self.running.sort_by(Item::order);
        self.starting.sort_by(Item::order);
    }

    fn list(&mut self, day: DayNumber, item: &Item) -> &mut Vec<Item> {
        if day_of(item.interval.start()) < day { &mut self.running } else { &mut self.starting }
    }
}

/// The items by the days on which they take place, limited to these days.
pub(super) fn by_day(
    items: impl IntoIterator<Item = Item>,
    days: &RangeInclusive<DayNumber>,
) -> BTreeMap<DayNumber, Vec<Item>> {
    let mut by_day: BTreeMap<DayNumber, Vec<Item>> = BTreeMap::new();
    for item in items {
        for day in item.days_within(days) {
            by_day.entry(day).or_default().push(item);
        }
    }
    by_day
}
