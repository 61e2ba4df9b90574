//! The filling of a page with occurrences.

use std::{collections::HashMap, iter::Peekable};

use convene_domain::{
    occurrence::{Occurrence, OccurrenceKey, RegistrationState, StoredOccurrence},
    time::Instant,
};

use super::OccurrenceQuery;
use crate::{occurrence::timeline::Placed, page::Page};

/// The maximum number of occurrences per lookup while the list is limited to open ones.
const LARGEST_CHUNK: usize = 1_000;

/// A page that is being filled.
///
/// The state of an occurrence depends on its seats. A list that is limited to open ones therefore asks for candidates in
/// growing chunks until its page is full. Any other list needs one chunk.
pub(super) struct Filling<I: Iterator> {
    timeline: Peekable<I>,
    /// The time for which occurrences must be open, if the list is limited to open ones.
    open_at: Option<Instant>,
    first: usize,
    chunk: usize,
    items: Vec<Occurrence>,
}

impl<'c, I: Iterator<Item = Placed<'c>>> Filling<I> {
    pub(super) fn new(timeline: I, query: &OccurrenceQuery, now: Instant) -> Self {
        let first = query.page.first.get();
        let open_at = query.only_open.then_some(now);
        let chunk = if open_at.is_some() { first + 1 } else { first };
        Self { timeline: timeline.peekable(), open_at, first, chunk, items: Vec::new() }
    }

    /// The occurrences whose seats are needed next; none if the page is complete.
    pub(super) fn next_candidates(&mut self) -> Vec<Placed<'c>> {
        let chunk = std::mem::take(&mut self.chunk);
        let candidates: Vec<_> = self.timeline.by_ref().take(chunk).collect();
        if self.open_at.is_some() {
            self.chunk = (chunk * 2).min(LARGEST_CHUNK);
        }
        candidates
    }

    /// Adds the candidates that belong to the list.
    pub(super) fn add(
        &mut self,
        candidates: Vec<Placed<'c>>,
        seats: &HashMap<OccurrenceKey, StoredOccurrence>,
    ) {
        let occurrences = candidates.into_iter().map(|placed| {
            let stored = seats.get(&placed.key);
            placed.into_occurrence(stored)
        });
        match self.open_at {
            None => self.items.extend(occurrences),
            Some(now) => {
                self.items
                    .extend(occurrences.filter(|it| it.registration_state(now) == RegistrationState::Open));
            }
        }
        if self.items.len() > self.first {
            self.chunk = 0;
        }
    }

    pub(super) fn into_page(mut self) -> Page<Occurrence> {
        let has_next = self.items.len() > self.first || self.timeline.peek().is_some();
        self.items.truncate(self.first);
        Page { items: self.items, has_next }
    }
}
