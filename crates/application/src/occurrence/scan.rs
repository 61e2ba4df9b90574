//! The list of the occurrences of a replica by its time index.

use std::{collections::HashMap, sync::Arc};

use convene_domain::{id::EventId, time::Instant};
use time::Duration;

use super::timeline::{Part, Placed, Selection, Step, Timeline};
use crate::{
    catalogue::{Day, DayNumber, Item, Replica, TooDense, day_of},
    pace::Pace,
};

/// The number of matching events up to which they are merged. Of more events, enough occurrences are found soon.
const MERGED: usize = 200;

/// The occurrences of a replica, by start, then key. Reads the days one after the other, so that the cost depends on what is listed
/// and not on the number of events.
pub(super) struct Scan<'p, 'c> {
    replica: &'c Replica,
    selection: &'p Selection,
    matching: Option<Matching>,
    day: DayNumber,
    last_day: DayNumber,
    /// True while the occurrences that began before the day are read.
    is_running: bool,
    items: Option<Arc<Day>>,
    place: usize,
}

/// The events with an occurrence that the search may find, each with the result for its own texts.
type Matching = HashMap<EventId, bool>;

/// The occurrences of a replica that a list examines.
pub(super) enum Source<'p, 'c> {
    Merged(Box<Timeline<'p, 'c>>),
    Indexed(Scan<'p, 'c>),
}

impl<'p, 'c> Source<'p, 'c> {
    /// The occurrences of all events.
    pub(super) async fn of_all(replica: &'c Replica, selection: &'p Selection, pace: &mut Pace) -> Self {
        let matching = match selection.search {
            None => None,
            Some(_) => Some(matching(replica, selection, pace).await),
        };
        match matching {
            Some(few) if few.len() <= MERGED => {
                let part: Part<'c> = few.keys().filter_map(|id| replica.entry(*id)).collect();
                Self::Merged(Box::new(Timeline::new(&part, selection, pace).await))
            }
            matching => Self::Indexed(Scan::new(replica, selection, matching)),
        }
    }

    /// Examines the next occurrence.
    pub(super) async fn step(&mut self, pace: &mut Pace) -> Result<Option<Step<'c>>, TooDense> {
        match self {
            Self::Merged(timeline) => Ok(timeline.step()),
            Self::Indexed(scan) => scan.step(pace).await,
        }
    }

    /// The same list without the index.
    pub(super) async fn merged(&self, pace: &mut Pace) -> Option<Self> {
        let Self::Indexed(scan) = self else { return None };
        let part: Part<'c> = scan.replica.entries().collect();
        Some(Self::Merged(Box::new(Timeline::new(&part, scan.selection, pace).await)))
    }
}

/// Searches the texts of all events and exceptions.
async fn matching(replica: &Replica, selection: &Selection, pace: &mut Pace) -> Matching {
    let mut matching = HashMap::new();
    for entry in replica.entries() {
        let Some(event) = entry.event() else { continue };
        pace.steps(selection.steps(event)).await;
        let is_found = selection.finds(None, event);
        let mut titles = entry.exceptions().filter_map(|stored| stored.exception.title.as_ref());
        if is_found || titles.any(|title| selection.finds(Some(title), event)) {
            matching.insert(event.id, is_found);
        }
    }
    matching
}

impl<'p, 'c> Scan<'p, 'c> {
    fn new(replica: &'c Replica, selection: &'p Selection, matching: Option<Matching>) -> Self {
        let first_day = day_of(selection.window.start());
        let last_day = day_of(selection.window.end().saturating_sub(Duration::NANOSECOND));
        // Nothing before this start is listed.
        let position = selection.after.map(|(start, _)| start);
        let from = position.max(selection.open_at).unwrap_or(Instant::MIN);
        let is_running = day_of(from) < first_day;
        let day = if is_running { first_day } else { day_of(from) };
        Self { replica, selection, matching, day, last_day, is_running, items: None, place: 0 }
    }

    async fn step(&mut self, pace: &mut Pace) -> Result<Option<Step<'c>>, TooDense> {
        loop {
            let day = match &self.items {
                Some(day) => Arc::clone(day),
                None if self.day > self.last_day => return Ok(None),
                None => self.open(pace).await?,
            };
            let items = if self.is_running { &day.running } else { &day.starting };
            let Some(item) = items.get(self.place) else {
                self.leave();
                continue;
            };
            self.place += 1;
            if item.interval.start() >= self.selection.window.end() {
                return Ok(None);
            }
            if let Some(step) = self.examine(item) {
                return Ok(Some(step));
            }
            pace.steps(1).await;
        }
    }

    /// Opens the current day, at the first occurrence after the position.
    async fn open(&mut self, pace: &mut Pace) -> Result<Arc<Day>, TooDense> {
        let day = self.replica.day(self.day, self.last_day, pace).await?;
        let items = if self.is_running { &day.running } else { &day.starting };
        // Registration closes at the start at the latest.
        let Selection { after, open_at, .. } = self.selection;
        self.place = items.partition_point(|item| {
            after.is_some_and(|after| item.position() <= after)
                || open_at.is_some_and(|now| item.interval.start() < now)
        });
        self.items = Some(Arc::clone(&day));
        Ok(day)
    }

    /// Continues with the occurrences that begin on the day, or with the next day.
    fn leave(&mut self) {
        if self.is_running {
            self.is_running = false;
        } else {
            self.day += 1;
        }
        self.items = None;
    }

    fn examine(&self, item: &Item) -> Option<Step<'c>> {
        let selection = self.selection;
        if !item.interval.overlaps(&selection.window) || item.is_cancelled && !selection.include_cancelled {
            return None;
        }
        let is_found = match &self.matching {
            None => true,
            Some(matching) => *matching.get(&item.key.event)?,
        };
        let entry = self.replica.entry(item.key.event)?;
        let event = entry.event()?;
        let placed = Placed::of(entry, item.key)?;
        let own_title = entry.exception(item.key).and_then(|stored| stored.exception.title.as_ref());
        let is_wanted = own_title.map_or(is_found, |title| selection.finds(Some(title), event));
        if !is_wanted {
            return None;
        }
        let may_belong = selection.open_at.is_none_or(|now| placed.may_be_open(now));
        Some(if may_belong { Step::Found(placed) } else { Step::Passed(item.position()) })
    }
}
