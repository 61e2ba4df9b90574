//! The list of the occurrences of a replica by its time index.

use std::{ops::RangeInclusive, sync::Arc};

use convene_domain::{id::EventId, occurrence::OccurrenceKey};
use time::Duration;
use uuid::Uuid;

use super::{
    backwards::Backwards,
    search::Search,
    timeline::{Candidates, OccurrencePosition, Placed, Selection, Step, Timeline},
};
use crate::{
    catalogue::{Day, DayBudget, DayNumber, HeldEvent, Item, NoDay, Replica, day_of, midnight},
    limits::INDEXED_OCCURRENCES,
    pace::Pace,
    page::{Direction, PageRequest},
};

/// The number of matching events up to which they are merged. Of more events, enough occurrences are found soon.
const MAX_MERGED_EVENTS: usize = 200;

/// The number of items of the index after which no further day is computed for a list.
const MAX_COMPUTED_ITEMS: usize = INDEXED_OCCURRENCES;

/// The occurrences of a replica, by start, then key, in the direction of the page. Reads the days one after the other, so that
/// the cost depends on what is listed and not on the number of events.
pub(super) struct Scan<'p, 'c> {
    replica: &'c Replica,
    selection: &'p Selection,
    days: RangeInclusive<DayNumber>,
    /// The current sequence of occurrences; `None` at the end of the list.
    sequence: Option<Sequence>,
    items: Option<Arc<Day>>,
    /// The number of items before the next one or, backwards, up to it.
    place: usize,
    /// The number of items of the index that were computed for the list.
    computed: usize,
}

/// A sorted sequence of occurrences: those that began before the first day, or those that begin on a day.
#[derive(Clone, Copy)]
enum Sequence {
    Running,
    Starting(DayNumber),
}

/// The occurrences that a list examines.
pub(super) struct Source<'p, 'c> {
    occurrences: Occurrences<'p, 'c>,
    search: Option<Search<'p>>,
    /// The page behind what was compared, if the list was begun again.
    behind: Option<PageRequest<OccurrencePosition>>,
}

enum Occurrences<'p, 'c> {
    Merged(Box<Timeline<'p, 'c>>),
    Backwards(Box<Backwards<'p, 'c>>),
    Indexed(Scan<'p, 'c>),
}

impl<'p, 'c> Source<'p, 'c> {
    /// The occurrences of all events of a replica.
    pub(super) fn of_all(replica: &'c Replica, selection: &'p Selection) -> Self {
        let search = selection.search.as_ref().map(Search::new);
        Self { occurrences: Occurrences::Indexed(Scan::new(replica, selection)), search, behind: None }
    }

    /// The occurrences of some events.
    pub(super) async fn of_part(part: &[&'c HeldEvent], selection: &'p Selection, pace: &mut Pace) -> Self {
        let mut search = selection.search.as_ref().map(Search::new);
        if let Some(search) = &mut search {
            search.search_all(part.iter().copied(), pace).await;
        }
        Self::merged(part, selection, search, pace).await
    }

    async fn merged(
        part: &[&'c HeldEvent],
        selection: &'p Selection,
        search: Option<Search<'p>>,
        pace: &mut Pace,
    ) -> Self {
        let searched = search.as_ref().filter(|search| search.is_complete());
        let mut events = Vec::with_capacity(part.len());
        for held in part.iter().copied() {
            pace.steps(1).await;
            let found = searched.map(|search| held.event().and_then(|event| search.found_in(event.id)));
            match found {
                None => events.push((held, None)),
                Some(Some(found)) => events.push((held, Some(found.by_schedule().to_vec()))),
                Some(None) => {}
            }
        }
        let candidates = Candidates::new(selection, events);
        let occurrences = match selection.page.direction {
            Direction::Forward => Occurrences::Merged(Box::new(Timeline::new(&candidates, pace).await)),
            Direction::Backward => Occurrences::Backwards(Box::new(Backwards::new(candidates))),
        };
        Self { occurrences, search, behind: None }
    }

    /// Examines the next occurrence.
    pub(super) async fn step(
        &mut self,
        pace: &mut Pace,
        budget: &mut DayBudget,
    ) -> Result<Option<Step<'c>>, NoDay> {
        self.search_all_if_due(pace).await;
        let step = loop {
            let step = match &mut self.occurrences {
                Occurrences::Merged(timeline) => timeline.step(),
                Occurrences::Backwards(timeline) => timeline.step(pace).await,
                Occurrences::Indexed(scan) => scan.step(pace, budget).await?,
            };
            match (&step, &self.behind) {
                (Some(step), Some(behind)) if !behind.reaches(&step.position()) => pace.steps(1).await,
                _ => break step,
            }
        };
        Ok(match (step, &mut self.search) {
            (Some(Step::Found(placed)), Some(search)) => Some(search.examine(placed, pace).await),
            (step, _) => step,
        })
    }

    /// Searches the texts of all events if few of the occurrences were found, or if the list needs a day of the index that is not
    /// known: it may be a search for nothing. If few events match, the list goes on with them alone.
    async fn search_all_if_due(&mut self, pace: &mut Pace) {
        let (Occurrences::Indexed(scan), Some(search)) = (&self.occurrences, &mut self.search) else {
            return;
        };
        if !search.finds_few() && (!search.is_open() || scan.knows_next_day()) {
            return;
        }
        let (replica, selection) = (scan.replica, scan.selection);
        search.search_all(replica.held_events(), pace).await;
        let (few, last) = (search.few(MAX_MERGED_EVENTS), search.last());
        if let Some(few) = few {
            let part: Vec<_> = few.into_iter().filter_map(|id| replica.held_event(id)).collect();
            *self = Self::merged(&part, selection, self.search.take(), pace).await;
            self.behind = last.map(|last| PageRequest { from: Some(last), ..selection.page });
        }
    }

    /// The same list without the index.
    pub(super) async fn without_index(&mut self, pace: &mut Pace) -> Option<Self> {
        let Occurrences::Indexed(scan) = &self.occurrences else { return None };
        let part: Vec<_> = scan.replica.held_events().collect();
        let mut search = self.search.take().map(Search::again);
        if let Some(search) = &mut search {
            search.search_all(part.iter().copied(), pace).await;
        }
        Some(Self::merged(&part, scan.selection, search, pace).await)
    }
}

impl<'p, 'c> Scan<'p, 'c> {
    fn new(replica: &'c Replica, selection: &'p Selection) -> Self {
        let starts = selection.starts();
        let first_day = day_of(selection.window.start()).max(day_of(starts.start));
        let last_day = day_of(selection.window.end().saturating_sub(Duration::NANOSECOND));
        let day = match selection.page.direction {
            Direction::Forward => day_of(starts.start),
            Direction::Backward => day_of(starts.end.saturating_sub(Duration::NANOSECOND)),
        };
        let sequence = if day < first_day { Sequence::Running } else { Sequence::Starting(day) };
        let (days, sequence) = (first_day..=last_day, Some(sequence).filter(|_| day <= last_day));
        Self { replica, selection, days, sequence, items: None, place: 0, computed: 0 }
    }

    /// Tests whether the next occurrence needs no day of the index that would have to be computed.
    fn knows_next_day(&self) -> bool {
        self.items.is_some()
            || self.sequence.is_none_or(|sequence| match sequence {
                Sequence::Running => self.replica.knows_day(*self.days.start()),
                Sequence::Starting(day) => self.replica.knows_day(day),
            })
    }

    async fn step(&mut self, pace: &mut Pace, budget: &mut DayBudget) -> Result<Option<Step<'c>>, NoDay> {
        while let Some(sequence) = self.sequence {
            let day = match &self.items {
                Some(day) => Arc::clone(day),
                None => match self.end(sequence) {
                    Some(end) => return Ok(Some(Step::Stopped(end))),
                    None => self.open(sequence, pace, budget).await?,
                },
            };
            match self.next_of(sequence.items(&day)) {
                Some(item) => return Ok(Some(self.examine(item))),
                None => self.leave(sequence),
            }
        }
        Ok(None)
    }

    /// The position before a sequence, if enough of the index was computed for the list, and the sequence would have to be.
    fn end(&self, sequence: Sequence) -> Option<OccurrencePosition> {
        let day = match sequence {
            Sequence::Starting(day)
                if self.computed >= MAX_COMPUTED_ITEMS && !self.replica.knows_day(day) =>
            {
                day
            }
            _ => return None,
        };
        // No event has one of these ids: all occurrences of the day follow.
        let (start, id) = match self.selection.page.direction {
            Direction::Forward => (midnight(day), Uuid::nil()),
            Direction::Backward => (midnight(day + 1).saturating_sub(Duration::SECOND), Uuid::max()),
        };
        Some((start, OccurrenceKey { event: EventId::from_uuid(id), original_start: start }))
    }

    /// Opens a sequence, at the position of the page.
    async fn open(
        &mut self,
        sequence: Sequence,
        pace: &mut Pace,
        budget: &mut DayBudget,
    ) -> Result<Arc<Day>, NoDay> {
        let (first, last) = (*self.days.start(), *self.days.end());
        let (page, starts) = (&self.selection.page, self.selection.starts());
        let toward = match page.direction {
            Direction::Forward => last,
            Direction::Backward => first,
        };
        let day = match sequence {
            Sequence::Running => first,
            Sequence::Starting(day) => day,
        };
        let before = budget.computed;
        let day = self.replica.day(day, toward, pace, budget).await?;
        self.computed += budget.computed - before;
        let items = sequence.items(&day);
        self.place = match page.direction {
            Direction::Forward => items.partition_point(|item| {
                !page.reaches(&item.position()) || item.interval.start() < starts.start
            }),
            Direction::Backward => items
                .partition_point(|item| page.reaches(&item.position()) && item.interval.start() < starts.end),
        };
        self.items = Some(Arc::clone(&day));
        Ok(day)
    }

    /// The next item in the direction of the page; `None` at the end of the sequence.
    fn next_of<'d>(&mut self, items: &'d [Item]) -> Option<&'d Item> {
        let starts = self.selection.starts();
        let item = match self.selection.page.direction {
            Direction::Forward => {
                self.place += 1;
                items.get(self.place - 1)
            }
            Direction::Backward => {
                self.place = self.place.checked_sub(1)?;
                items.get(self.place)
            }
        };
        item.filter(|item| starts.contains(&item.interval.start()))
    }

    /// Continues with the next sequence in the direction of the page.
    fn leave(&mut self, sequence: Sequence) {
        let first = *self.days.start();
        let next = match (self.selection.page.direction, sequence) {
            (Direction::Forward, Sequence::Running) => Some(Sequence::Starting(first)),
            (Direction::Forward, Sequence::Starting(day)) => {
                Some(Sequence::Starting(day + 1)).filter(|_| day < *self.days.end())
            }
            (Direction::Backward, Sequence::Running) => None,
            (Direction::Backward, Sequence::Starting(day)) if day > first => {
                Some(Sequence::Starting(day - 1))
            }
            (Direction::Backward, Sequence::Starting(_)) => Some(Sequence::Running),
        };
        self.sequence = next;
        self.items = None;
    }

    fn examine(&self, item: &Item) -> Step<'c> {
        let may_belong =
            |placed: &Placed<'c>| self.selection.open_at.is_none_or(|now| placed.may_be_open(now));
        match self.placed(item).filter(may_belong) {
            Some(placed) => Step::Found(placed),
            None => Step::Skipped(item.position()),
        }
    }

    /// The occurrence, if it is in the window.
    fn placed(&self, item: &Item) -> Option<Placed<'c>> {
        let selection = self.selection;
        if !item.interval.overlaps(&selection.window) || item.is_cancelled && !selection.include_cancelled {
            return None;
        }
        Placed::of(self.replica.held_event(item.key.event)?, item.key)
    }
}

impl Sequence {
    fn items(self, day: &Day) -> &[Item] {
        match self {
            Self::Running => &day.running,
            Self::Starting(_) => &day.starting,
        }
    }
}
