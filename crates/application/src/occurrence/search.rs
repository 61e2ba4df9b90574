use std::collections::HashMap;

use convene_domain::{
    id::EventId,
    text::{FoldedText, Title},
};

use super::{
    text_match::TextMatch,
    timeline::{OccurrencePosition, Placed, Step},
};
use crate::{
    catalogue::{CatalogueEvent, HeldEvent},
    limits::SEARCHED_BYTES_IN_MEMORY,
    pace::Pace,
};

/// The bytes that are folded and compared in one step, even if the texts are made to be compared slowly.
const BYTES_OF_STEP: usize = 128;

/// The steps of a search in the longest title.
const STEPS_OF_TITLE: usize = 8;

/// The number of occurrences up to which the texts of their events alone are searched: enough for a page if the text is common.
const MAX_SEARCHED_ALONE: usize = 1_000;

/// The search of a list.
///
/// The texts of an event are searched when the list reaches its first occurrence, so a search for a common text reads few. Those of all
/// events are searched if the list has reached many occurrences, or a day of the index that is not known; it then reads the events that
/// match. If the texts are too many, the page ends where it would compare too many bytes (ADR 13).
pub(super) struct Search<'p> {
    text: &'p FoldedText,
    /// The results for the events that were searched. Those of all events are only kept if they match.
    found: HashMap<EventId, TextMatch>,
    extent: Extent,
    /// The number of occurrences that were compared for the list, and the bytes.
    occurrences: usize,
    bytes: usize,
    /// The last occurrence that was compared.
    last: Option<OccurrencePosition>,
}

/// The events whose texts are searched.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Extent {
    /// Those that the list reaches.
    Reached,
    /// The same, because the texts of all events are too many.
    ReachedOnly,
    All,
}

impl<'p> Search<'p> {
    pub(super) fn new(text: &'p FoldedText) -> Self {
        let found = HashMap::new();
        Self { text, found, extent: Extent::Reached, occurrences: 0, bytes: 0, last: None }
    }

    /// Tests whether the list should search the texts of all events before it goes on.
    pub(super) fn finds_few(&self) -> bool {
        self.is_open() && self.occurrences >= MAX_SEARCHED_ALONE
    }

    /// Tests whether it is open if the texts of all events will be searched.
    pub(super) fn is_open(&self) -> bool {
        self.extent == Extent::Reached
    }

    /// Searches the texts of all of these events, if they are not too many.
    pub(super) async fn search_all<'c>(
        &mut self,
        events: impl Iterator<Item = &'c HeldEvent> + Clone,
        pace: &mut Pace,
    ) {
        if !self.is_open() {
            return;
        }
        self.extent = Extent::ReachedOnly;
        let mut bytes = 0;
        for held in events.clone() {
            let Some(event) = held.event() else { continue };
            bytes += bytes_of(event, pace).await + held.title_bytes;
            if bytes > SEARCHED_BYTES_IN_MEMORY {
                return;
            }
        }
        self.extent = Extent::All;
        self.found.clear();
        for held in events {
            let Some(event) = held.event() else { continue };
            pace.steps(1 + event.description.as_str().len() / BYTES_OF_STEP).await;
            let found = TextMatch::of(event, self.text);
            let mut matches = found.has_any();
            let mut exceptions = held.exceptions().filter(|_| held.title_bytes > 0);
            while !matches && let Some(exception) = exceptions.next() {
                pace.steps(STEPS_OF_TITLE).await;
                matches = found.exception(event, exception, self.text);
            }
            if matches {
                self.found.insert(event.id, found);
            }
        }
    }

    /// Tests whether the texts of all events were searched.
    pub(super) fn is_complete(&self) -> bool {
        self.extent == Extent::All
    }

    /// The events that match, if all were searched and at most so many match.
    pub(super) fn few(&self, max: usize) -> Option<Vec<EventId>> {
        (self.is_complete() && self.found.len() <= max).then(|| self.found.keys().copied().collect())
    }

    /// The last occurrence that was compared.
    pub(super) const fn last(&self) -> Option<OccurrencePosition> {
        self.last
    }

    /// The results for an event that was searched.
    pub(super) fn found_in(&self, event: EventId) -> Option<&TextMatch> {
        self.found.get(&event)
    }

    /// The same search for a list that begins again.
    pub(super) fn again(self) -> Self {
        let found = if self.is_complete() { self.found } else { HashMap::new() };
        Self { found, occurrences: 0, bytes: 0, last: None, ..self }
    }

    /// Searches the texts of an occurrence that the list has reached.
    pub(super) async fn examine<'c>(&mut self, placed: Placed<'c>, pace: &mut Pace) -> Step<'c> {
        let (event, position) = (placed.event, placed.position());
        let exception = placed.exception();
        let title = exception.and_then(|stored| stored.exception.title.as_ref()).map(Title::as_str);
        pace.steps(title.map_or(0, |_| STEPS_OF_TITLE)).await;
        if !self.is_complete() {
            let is_known = self.found.contains_key(&event.id);
            let of_event = if is_known { 0 } else { bytes_of(event, pace).await };
            let bytes = self.bytes + of_event + title.map_or(0, str::len);
            // The first occurrence of a page is compared in any case, so that every page makes progress.
            if let Some(last) = self.last.filter(|_| bytes > SEARCHED_BYTES_IN_MEMORY) {
                return Step::Stopped(last);
            }
            self.bytes = bytes;
            if !is_known {
                self.found.insert(event.id, TextMatch::of(event, self.text));
            }
        }
        self.occurrences += 1;
        self.last = Some(position);
        let is_found = self.found_in(event.id).is_some_and(|found| match exception {
            Some(exception) => found.exception(event, exception, self.text),
            None => found.at(event, position.0),
        });
        if is_found { Step::Found(placed) } else { Step::Skipped(position) }
    }
}

/// The number of bytes that a search in the texts of an event compares, and the steps that it takes.
async fn bytes_of(event: &CatalogueEvent, pace: &mut Pace) -> usize {
    let texts = event.description.as_str().len() / BYTES_OF_STEP;
    pace.steps(1 + texts + event.schedules().count().saturating_mul(STEPS_OF_TITLE)).await;
    let titles = event.folded_titles().iter().map(|title| title.as_str().len());
    event.folded_description().as_str().len() + titles.sum::<usize>()
}
