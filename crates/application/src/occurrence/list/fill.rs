//! The filling of a page with occurrences.

use std::{cmp::Reverse, collections::HashMap};

use convene_domain::{
    occurrence::{OccurrenceKey, RegistrationState},
    time::Instant,
};

use super::OccurrenceQuery;
use crate::{
    catalogue::{DayBudget, NoDay},
    failure::Fault,
    occurrence::{
        OccurrenceOfEvent,
        scan::Source,
        timeline::{OccurrencePosition, Placed, Step},
    },
    pace::Pace,
    page::{BoundedPage, Direction},
    ports::SeatCounts,
};

/// The maximum number of occurrences per lookup while the list is limited to open ones.
const LARGEST_CHUNK: usize = 1_000;

/// A page that is being filled.
///
/// The state of an occurrence depends on its seats. A list that is limited to open ones therefore asks for candidates in
/// growing chunks until its page is full. Any other list needs one chunk.
pub(super) struct Filling<'p, 'c> {
    source: Source<'p, 'c>,
    query: &'p OccurrenceQuery,
    now: Instant,
    /// The time for which occurrences must be open, if the list is limited to open ones.
    open_at: Option<Instant>,
    needs_seats: bool,
    size: usize,
    chunk: usize,
    items: Vec<OccurrenceOfEvent>,
    /// True if an occurrence follows the page, in its direction.
    has_more: bool,
    /// The number of examined occurrences, and its limit.
    steps: usize,
    max_steps: usize,
    /// The position of the last one, if the limit of examined occurrences, or of what is computed for a list, was reached.
    stopped_at: Option<OccurrencePosition>,
    /// The position behind which no occurrence belongs to the page.
    end: Option<OccurrencePosition>,
}

impl<'p, 'c> Filling<'p, 'c> {
    pub(super) fn new(
        source: Source<'p, 'c>,
        query: &'p OccurrenceQuery,
        now: Instant,
        end: Option<OccurrencePosition>,
        max_steps: usize,
    ) -> Self {
        let size = query.page.size.get();
        Self {
            source,
            query,
            now,
            open_at: query.only_open.then_some(now),
            needs_seats: query.seats || query.only_open,
            size,
            chunk: size + 1,
            items: Vec::new(),
            has_more: false,
            steps: 0,
            max_steps,
            stopped_at: None,
            end,
        }
    }

    /// The same page without seats, unless they decide what belongs to it.
    pub(super) fn without_seats(mut self) -> Self {
        self.needs_seats = self.query.only_open;
        self
    }

    /// Tests whether the list reads the seats of its candidates.
    pub(super) const fn needs_seats(&self) -> bool {
        self.needs_seats
    }

    /// The next occurrences that may belong to the page; none if it is complete.
    ///
    /// # Errors
    /// [`Fault::Overloaded`] if others compute days of the index for too long.
    pub(super) async fn next_candidates(
        &mut self,
        pace: &mut Pace,
        budget: &mut DayBudget,
    ) -> Result<Vec<Placed<'c>>, Fault> {
        let chunk = std::mem::take(&mut self.chunk);
        let mut candidates = Vec::new();
        while candidates.len() < chunk && self.stopped_at.is_none() {
            pace.steps(1).await;
            let step = match self.source.step(pace, budget).await {
                Ok(step) => step,
                Err(NoDay::Overloaded) => return Err(Fault::Overloaded),
                Err(NoDay::TooDense) => {
                    // The list begins again, without the index.
                    if let Some(merged) = self.source.without_index(pace).await {
                        let needs_seats = self.needs_seats;
                        let begun = Self::new(merged, self.query, self.now, self.end, self.max_steps);
                        *self = Self { chunk: 0, needs_seats, ..begun };
                        candidates.clear();
                    }
                    continue;
                }
            };
            let position = match step {
                None => return Ok(candidates),
                Some(Step::Skipped(position)) => position,
                Some(Step::Stopped(position)) => {
                    self.stopped_at = Some(position);
                    break;
                }
                Some(Step::Found(placed)) => {
                    let position = placed.position();
                    if self.end.is_some_and(|end| is_behind(self.query, &position, &end)) {
                        return Ok(candidates);
                    }
                    candidates.push(placed);
                    position
                }
            };
            // Occurrences that begin together with the last one of the previous page are examined again. They do not count,
            // so that every page makes progress.
            self.steps += usize::from(self.query.page.reaches(&position));
            if self.steps >= self.max_steps {
                self.stopped_at = Some(position);
            }
        }
        if self.open_at.is_some() {
            self.chunk = (chunk * 2).min(LARGEST_CHUNK);
        } else if candidates.len() > self.size {
            // The page is full, and the seats of the next occurrence do not matter.
            candidates.pop();
            self.has_more = true;
        }
        Ok(candidates)
    }

    /// Adds the candidates that belong to the list.
    pub(super) fn add(&mut self, candidates: Vec<Placed<'c>>, seats: &HashMap<OccurrenceKey, SeatCounts>) {
        let occurrences = candidates.into_iter().map(|placed| {
            let seats = if self.needs_seats { seats.get(&placed.key) } else { None };
            placed.into_occurrence(seats)
        });
        let belongs = |occurrence: &OccurrenceOfEvent| {
            self.open_at.is_none_or(|now| occurrence.registration_state(now) == RegistrationState::Open)
        };
        self.items.extend(occurrences.filter(belongs));
        if self.items.len() > self.size {
            self.items.truncate(self.size);
            self.has_more = true;
            self.chunk = 0;
        }
    }

    pub(super) fn finish(self) -> Filled {
        let stopped_at = if self.has_more { None } else { self.stopped_at };
        Filled { items: self.items, has_more: self.has_more, stopped_at }
    }
}

/// The occurrences that were found for a page, in a part of the catalogue or in all of it.
#[derive(Default)]
pub(super) struct Filled {
    /// In the direction of the page.
    pub(super) items: Vec<OccurrenceOfEvent>,
    has_more: bool,
    /// The position behind which nothing was examined, because the limit of examined occurrences was reached.
    stopped_at: Option<OccurrencePosition>,
}

impl Filled {
    /// The position behind which no occurrence belongs to the page.
    pub(super) fn end(&self) -> Option<OccurrencePosition> {
        if self.has_more { self.items.last().map(position) } else { self.stopped_at }
    }

    /// Adds what was found in another part.
    pub(super) fn add(&mut self, other: Self, query: &OccurrenceQuery) {
        let stops = self.stopped_at.into_iter().chain(other.stopped_at);
        self.stopped_at = stops.reduce(|one, other| if is_behind(query, &one, &other) { other } else { one });
        self.has_more |= other.has_more;
        self.items.extend(other.items);
        match query.page.direction {
            Direction::Forward => self.items.sort_unstable_by_key(position),
            Direction::Backward => self.items.sort_unstable_by_key(|item| Reverse(position(item))),
        }
        let size = query.page.size.get();
        if let Some(stop) = self.stopped_at {
            self.items.retain(|item| !is_behind(query, &position(item), &stop));
            // A part had more than a page, but not up to here.
            self.has_more &= self.items.len() >= size;
        }
        self.has_more |= self.items.len() > size;
        self.items.truncate(size);
        if self.has_more {
            self.stopped_at = None;
        }
    }

    pub(super) fn into_page(
        mut self,
        query: &OccurrenceQuery,
    ) -> BoundedPage<OccurrenceOfEvent, OccurrencePosition> {
        if query.page.direction == Direction::Backward {
            self.items.reverse();
        }
        let has_more = self.has_more || self.stopped_at.is_some();
        BoundedPage { items: self.items, has_more, examined: self.stopped_at }
    }
}

fn position(item: &OccurrenceOfEvent) -> OccurrencePosition {
    (item.interval.start(), item.key)
}

/// Tests whether a position lies behind another one, in the direction of the page.
fn is_behind(query: &OccurrenceQuery, position: &OccurrencePosition, end: &OccurrencePosition) -> bool {
    match query.page.direction {
        Direction::Forward => position > end,
        Direction::Backward => position < end,
    }
}
