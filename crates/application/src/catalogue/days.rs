use std::{
    collections::{BTreeMap, BTreeSet},
    ops::RangeInclusive,
    sync::Arc,
};

use convene_domain::{id::EventId, time::interval::Interval};
use tokio::{
    sync::{Mutex, MutexGuard},
    time::{Duration, Instant, timeout},
};

use super::day::{Day, DayNumber, Item, by_day, midnight};
use crate::{
    limits::{INDEX_BYTES, INDEXED_OCCURRENCES, WAIT_FOR_DAYS},
    pace::Pace,
};

/// The number of items that are computed at a time, approximately.
const BATCH: usize = 50_000;

/// The number of days that are computed at a time if there is little on them.
const MAX_BATCH_DAYS: usize = 64;

/// The size of a day without items, in bytes.
const DAY_BYTES: usize = 256;

/// A day has too many occurrences to be indexed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooDense;

/// The reason why a day is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoDay {
    TooDense,
    /// Others have computed days for so long that the list stopped waiting.
    Overloaded,
}

impl From<TooDense> for NoDay {
    fn from(_: TooDense) -> Self {
        Self::TooDense
    }
}

/// The time that lists have left to wait while others compute days.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    left: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { left: WAIT_FOR_DAYS }
    }
}

impl Patience {
    /// Waits for the turn to compute days.
    pub(super) async fn wait<'l>(&mut self, building: &'l Mutex<()>) -> Result<MutexGuard<'l, ()>, NoDay> {
        if let Ok(turn) = building.try_lock() {
            return Ok(turn);
        }
        let begin = Instant::now();
        let turn = timeout(self.left, building.lock()).await;
        self.left = self.left.saturating_sub(begin.elapsed());
        turn.map_err(|_| NoDay::Overloaded)
    }
}

/// The days of a replica that were computed. They are computed when they are needed, changed with the replica, and dropped if
/// they take too much memory.
#[derive(Debug, Clone, Default)]
pub(super) struct Days {
    built: BTreeMap<DayNumber, Built>,
    bytes: usize,
    /// The number of uses of any day.
    uses: u64,
    /// The number of items on a day, on average of the last ones that were computed.
    density: usize,
    is_too_dense: bool,
}

#[derive(Debug, Clone)]
struct Built {
    day: Arc<Day>,
    last_use: u64,
}

impl Days {
    pub(super) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// The day, if it was computed.
    pub(super) fn get(&mut self, day: DayNumber) -> Option<Result<Arc<Day>, TooDense>> {
        if self.is_too_dense {
            return Some(Err(TooDense));
        }
        let built = self.built.get_mut(&day)?;
        self.uses += 1;
        built.last_use = self.uses;
        Some(Ok(Arc::clone(&built.day)))
    }

    /// The days that are to be computed together: this one and further ones, at most up to the last one that is needed, which
    /// may be an earlier day.
    pub(super) fn batch(&self, day: DayNumber, last: DayNumber) -> RangeInclusive<DayNumber> {
        let days = (BATCH / self.density.max(1)).clamp(1, MAX_BATCH_DAYS);
        let more = i32::try_from(days).unwrap_or(1) - 1;
        // Those that were computed already stay.
        if last < day {
            let first = day.saturating_sub(more).max(last);
            let known = self.built.range(first..=day).next_back();
            return known.map_or(first, |(known, _)| known.saturating_add(1)).min(day)..=day;
        }
        let end = day.saturating_add(more).min(last);
        let known = self.built.range(day..=end).next();
        day..=known.map_or(end, |(known, _)| known.saturating_sub(1)).max(day)
    }

    /// Adds days, and drops the least recently used ones if there are too many.
    pub(super) fn insert(&mut self, days: BTreeMap<DayNumber, Day>) {
        let new: BTreeSet<DayNumber> = days.keys().copied().collect();
        let items: usize = days.values().map(Day::len).sum();
        self.density = items / days.len().max(1);
        self.uses += 1;
        for (number, day) in days {
            self.bytes += bytes(&day);
            self.built.insert(number, Built { day: Arc::new(day), last_use: self.uses });
        }
        while self.bytes > INDEX_BYTES {
            let others = self.built.iter().filter(|(number, _)| !new.contains(number));
            let Some(least) = others.min_by_key(|(_, built)| built.last_use).map(|(number, _)| *number)
            else {
                break;
            };
            if let Some(dropped) = self.built.remove(&least) {
                self.bytes = self.bytes.saturating_sub(bytes(&dropped.day));
            }
        }
    }

    /// Drops the index until the replica has changed a lot.
    pub(super) fn set_too_dense(&mut self) {
        *self = Self { is_too_dense: true, ..Self::default() };
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// The sequences of days that were computed.
    pub(super) fn runs(&self) -> Vec<RangeInclusive<DayNumber>> {
        let mut runs: Vec<RangeInclusive<DayNumber>> = Vec::new();
        for &day in self.built.keys() {
            match runs.last_mut() {
                Some(run) if run.end().saturating_add(1) == day => *run = *run.start()..=day,
                _ => runs.push(day..=day),
            }
        }
        runs
    }

    /// Replaces the items of an event on the days of a run.
    pub(super) async fn replace(
        &mut self,
        run: &RangeInclusive<DayNumber>,
        event: EventId,
        before: Vec<Item>,
        after: Vec<Item>,
        pace: &mut Pace,
    ) {
        let mut changed = by_day(after, run.clone());
        for day in by_day(before, run.clone()).into_keys() {
            changed.entry(day).or_default();
        }
        for (number, items) in changed {
            let Some(built) = self.built.get_mut(&number) else { continue };
            pace.steps(1 + (built.day.len() + items.len()) / 8).await;
            let day = Arc::make_mut(&mut built.day);
            self.bytes = self.bytes.saturating_sub(bytes(day));
            day.replace(number, event, &items);
            self.bytes += bytes(day);
        }
    }
}

/// The days of one computation.
pub(super) struct Building(BTreeMap<DayNumber, Day>);

impl Building {
    pub(super) fn new(days: RangeInclusive<DayNumber>) -> Self {
        Self(days.map(|day| (day, Day::default())).collect())
    }

    /// Adds items of an event.
    pub(super) fn add(&mut self, items: Vec<Item>, days: &RangeInclusive<DayNumber>) -> Result<(), TooDense> {
        for (number, items) in by_day(items, days.clone()) {
            let Some(day) = self.0.get_mut(&number) else { continue };
            for item in items {
                day.push(number, item);
            }
            if day.len() > INDEXED_OCCURRENCES {
                return Err(TooDense);
            }
        }
        Ok(())
    }

    /// The days, which the caller has to sort.
    pub(super) fn into_days(self) -> BTreeMap<DayNumber, Day> {
        self.0
    }
}

/// The time of these days; `None` beyond the calendar.
pub(super) fn span(days: &RangeInclusive<DayNumber>) -> Option<Interval> {
    Interval::new(midnight(*days.start()), midnight(days.end().saturating_add(1))).ok()
}

fn bytes(day: &Day) -> usize {
    DAY_BYTES + day.len() * size_of::<Item>()
}

#[cfg(test)]
mod tests {
    use convene_domain::occurrence::OccurrenceKey;
    use time::{Duration, macros::utc_datetime};

    use super::*;
    use crate::{catalogue::day::day_of, fixtures};

    const START: convene_domain::time::Instant = utc_datetime!(2026-11-02 9:00);

    fn items(number: usize, day: i64) -> Vec<Item> {
        let start = START + Duration::days(day);
        let interval = Interval::new(start, start + Duration::hours(30)).unwrap();
        let key = OccurrenceKey { event: fixtures::event_id(1), original_start: start };
        vec![Item { key, interval, is_cancelled: false }; number]
    }

    fn built(number: usize, day: i64) -> BTreeMap<DayNumber, Day> {
        let day_number = day_of(START + Duration::days(day));
        let days = day_number..=day_number;
        let mut building = Building::new(days.clone());
        building.add(items(number, day), &days).unwrap();
        building.into_days()
    }

    #[test]
    fn a_day_with_too_many_occurrences_is_not_indexed() {
        let first = day_of(START);
        let days = first..=first + 1;
        let mut building = Building::new(days.clone());
        assert_eq!(building.add(items(INDEXED_OCCURRENCES, 0), &days), Ok(()));
        // The one of the first day is still running on the second one.
        assert_eq!(building.into_days().values().map(Day::len).collect::<Vec<_>>(), [INDEXED_OCCURRENCES; 2]);
        let mut building = Building::new(days.clone());
        assert_eq!(building.add(items(INDEXED_OCCURRENCES + 1, 0), &days), Err(TooDense));
    }

    #[test]
    fn the_least_recently_used_days_are_dropped() {
        let per_day = INDEX_BYTES / 7 / size_of::<Item>();
        let mut days = Days::default();
        let number = |day: i64| day_of(START + Duration::days(day));
        for day in 0..6 {
            days.insert(built(per_day, day));
        }
        assert!(days.get(number(0)).is_some());
        days.insert(built(per_day, 6));
        assert!(days.bytes() <= INDEX_BYTES);
        let known: Vec<_> = (0..7).filter(|&day| days.get(number(day)).is_some()).collect();
        assert_eq!(known, [0, 2, 3, 4, 5, 6]);
        assert_eq!(days.runs(), [number(0)..=number(0), number(2)..=number(6)]);
        days.clear();
        assert_eq!(days.bytes(), 0);
    }

    #[test]
    fn few_days_are_computed_together_if_there_is_much_on_them() {
        let first = day_of(START);
        let mut days = Days::default();
        assert_eq!(days.batch(first, first + 400), first..=first + 63);
        assert_eq!(days.batch(first, first + 5), first..=first + 5);
        days.insert(built(BATCH / 3, 10));
        assert_eq!(days.batch(first, first + 400), first..=first + 2);
        assert_eq!(days.batch(first + 9, first + 400), first + 9..=first + 9, "the next one is known");
    }
}
