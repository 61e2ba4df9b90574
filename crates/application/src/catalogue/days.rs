use std::{
    collections::{BTreeMap, BTreeSet},
    ops::RangeInclusive,
    sync::Arc,
};

use convene_domain::{id::MemberId, time::interval::Interval};
use tokio::{
    sync::OwnedMutexGuard,
    time::{Duration, Instant, timeout},
};

use super::{
    day::{Day, DayChange, DayNumber, Item, by_day, midnight},
    turns::Turns,
};
use crate::limits::{INDEX_BYTES, INDEXED_DAYS, INDEXED_OCCURRENCES, WAIT_FOR_DAYS};

/// The number of items that are computed at a time, unless they are those of one day.
pub(super) const BATCH: usize = 50_000;

/// The number of days that are computed at a time if there is little on them.
const MAX_BATCH_DAYS: usize = 64;

/// The size of a day without items, in bytes.
const DAY_BYTES: usize = 256;

/// Days have too many occurrences to be computed at a time, or a day has too many to be indexed.
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

/// What lists have left to wait while others compute days, and what they have computed.
#[derive(Debug, Clone, Copy)]
pub struct DayBudget {
    /// The member for whom the list is; `None` for the operator and the program.
    member: Option<MemberId>,
    left: Duration,
    /// The number of items that were computed, some of them in vain.
    pub computed: usize,
}

impl DayBudget {
    /// The budget of lists for this member.
    pub(crate) const fn of(member: Option<MemberId>) -> Self {
        Self { member, left: WAIT_FOR_DAYS, computed: 0 }
    }

    /// Waits for the turn to compute days.
    pub(super) async fn wait(&mut self, turns: &Turns) -> Result<OwnedMutexGuard<()>, NoDay> {
        if let Ok(turn) = Arc::clone(&turns.queue).try_lock_owned() {
            return Ok(turn);
        }
        let begin = Instant::now();
        let turn = timeout(self.left, turns.of(self.member)).await;
        self.left = self.left.saturating_sub(begin.elapsed());
        turn.map_err(|_| NoDay::Overloaded)
    }
}

/// The days of a replica that were computed. They are computed when they are needed, changed with the replica, and dropped if
/// they take too much memory.
#[derive(Debug, Clone, Default)]
pub(super) struct Days {
    built: BTreeMap<DayNumber, Built>,
    /// The days with their last uses, the least recently used ones first.
    by_use: BTreeSet<(u64, DayNumber)>,
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
        self.by_use.remove(&(built.last_use, day));
        self.uses += 1;
        built.last_use = self.uses;
        self.by_use.insert((built.last_use, day));
        Some(Ok(Arc::clone(&built.day)))
    }

    pub(super) fn knows(&self, day: DayNumber) -> bool {
        self.is_too_dense || self.built.contains_key(&day)
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
        let items: usize = days.values().map(Day::len).sum();
        self.density = items / days.len().max(1);
        self.uses += 1;
        for (number, day) in days {
            self.remove(number);
            self.bytes += bytes(&day);
            self.built.insert(number, Built { day: Arc::new(day), last_use: self.uses });
            self.by_use.insert((self.uses, number));
        }
        while self.bytes > INDEX_BYTES || self.built.len() > INDEXED_DAYS {
            // The new ones stay.
            match self.by_use.first() {
                Some(&(last_use, least)) if last_use < self.uses => self.remove(least),
                _ => break,
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

    /// The sequences of days that were computed, each of as many as are computed at a time.
    pub(super) fn runs(&self) -> Vec<RangeInclusive<DayNumber>> {
        let mut runs: Vec<RangeInclusive<DayNumber>> = Vec::new();
        for &day in self.built.keys() {
            match runs.last_mut() {
                Some(run) if run.end().saturating_add(1) == day && !is_full(run) => {
                    *run = *run.start()..=day;
                }
                _ => runs.push(day..=day),
            }
        }
        runs
    }

    /// The number of the latest use of a day; 0 if it is not known.
    pub(super) fn last_use(&self, day: DayNumber) -> u64 {
        self.built.get(&day).map_or(0, |built| built.last_use)
    }

    /// The number of items on a day, if it is known.
    pub(super) fn len_of(&self, day: DayNumber) -> usize {
        self.built.get(&day).map_or(0, |built| built.day.len())
    }

    /// Changes a day, if it is known.
    pub(super) fn change(&mut self, number: DayNumber, change: DayChange) {
        let Some(built) = self.built.get_mut(&number) else { return };
        let day = Arc::make_mut(&mut built.day);
        self.bytes = self.bytes.saturating_sub(bytes(day));
        day.replace(number, &change.events, change.items);
        self.bytes += bytes(day);
    }

    /// Drops a day.
    pub(super) fn remove(&mut self, day: DayNumber) {
        if let Some(dropped) = self.built.remove(&day) {
            self.by_use.remove(&(dropped.last_use, day));
            self.bytes = self.bytes.saturating_sub(bytes(&dropped.day));
        }
    }
}

/// Tests whether as many days are in the sequence as are computed at a time.
fn is_full(run: &RangeInclusive<DayNumber>) -> bool {
    usize::try_from(run.end() - run.start()).is_ok_and(|more| more + 1 >= MAX_BATCH_DAYS)
}

/// The days of one computation.
pub(super) struct Building {
    days: BTreeMap<DayNumber, Day>,
    items: usize,
    max_items: usize,
}

impl Building {
    pub(super) fn new(days: RangeInclusive<DayNumber>) -> Self {
        let days: BTreeMap<DayNumber, Day> = days.map(|day| (day, Day::default())).collect();
        let max_items = if days.len() > 1 { BATCH } else { INDEXED_OCCURRENCES };
        Self { days, items: 0, max_items }
    }

    /// Adds items of an event, and returns how many times they were added to a day.
    ///
    /// # Errors
    /// [`TooDense`] if there are too many on these days to be computed at a time.
    pub(super) fn add(
        &mut self,
        items: Vec<Item>,
        days: &RangeInclusive<DayNumber>,
    ) -> Result<usize, TooDense> {
        let added = items.iter().map(|item| item.days_within(days).count()).sum();
        self.items += added;
        if self.items > self.max_items {
            return Err(TooDense);
        }
        for (number, items) in by_day(items, days) {
            let Some(day) = self.days.get_mut(&number) else { continue };
            for item in items {
                day.push(number, item);
            }
        }
        Ok(added)
    }

    /// The days, which the caller has to sort.
    pub(super) fn into_days(self) -> BTreeMap<DayNumber, Day> {
        self.days
    }
}

/// A quarter of these days with this one, which is their first or last.
pub(super) fn fewer(days: &RangeInclusive<DayNumber>, day: DayNumber) -> RangeInclusive<DayNumber> {
    let more = (days.end() - days.start()) / 4;
    if day == *days.start() { day..=day + more } else { day - more..=day }
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
    fn days_with_too_many_occurrences_are_not_computed_together() {
        let first = day_of(START);
        let days = first..=first + 1;
        let mut building = Building::new(days.clone());
        // Those of the first day are still running on the second one.
        assert_eq!(building.add(items(BATCH / 2, 0), &days), Ok(BATCH));
        assert_eq!(building.add(items(1, 0), &days), Err(TooDense));
        let days = first..=first;
        let mut building = Building::new(days.clone());
        assert_eq!(building.add(items(INDEXED_OCCURRENCES, 0), &days), Ok(INDEXED_OCCURRENCES));
        assert_eq!(building.add(items(1, 0), &days), Err(TooDense));
        assert_eq!(building.into_days().values().map(Day::len).collect::<Vec<_>>(), [INDEXED_OCCURRENCES]);
    }

    #[test]
    fn fewer_days_begin_or_end_with_the_one_that_is_needed() {
        for (needed, expected) in [(3, [3..=18, 3..=6, 3..=3]), (66, [51..=66, 63..=66, 66..=66])] {
            let mut days = 3..=66;
            for expected in expected {
                days = fewer(&days, needed);
                assert_eq!(days, expected);
            }
        }
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
    fn the_number_of_days_is_bounded_although_they_are_empty() {
        let first = day_of(START);
        let end = first + 3 * i32::try_from(INDEXED_DAYS).unwrap();
        let mut days = Days::default();
        for day in (first..end).step_by(MAX_BATCH_DAYS) {
            let batch = day..=day + i32::try_from(MAX_BATCH_DAYS).unwrap() - 1;
            days.insert(Building::new(batch).into_days());
            assert!(days.get(first).is_some(), "a day that is used stays");
            assert!(days.built.len() <= INDEXED_DAYS);
            assert_eq!(days.by_use.len(), days.built.len());
        }
        let runs = days.runs();
        assert!(runs.iter().all(|run| run.clone().count() <= MAX_BATCH_DAYS), "{runs:?}");
        assert_eq!(runs.into_iter().flatten().count(), INDEXED_DAYS);
        days.insert(Building::new(first..=first).into_days());
        assert_eq!((days.built.len(), days.bytes()), (INDEXED_DAYS, INDEXED_DAYS * DAY_BYTES));
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
