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
    limits::SEARCHED_BYTES,
    pace::Pace,
};

/// The bytes that are folded and compared in one step, even if the texts are made to be compared slowly.
const BYTES_OF_STEP: usize = 128;

/// The steps of a search in the longest title.
const STEPS_OF_TITLE: usize = 8;

/// The search of a list.
///
/// If the texts of all events are few, they are searched before the list, which then reads the events that match. Otherwise those of
/// an event are searched when the list reaches its first occurrence, and the page ends where they would be too many.
pub(super) struct Search<'p> {
    text: &'p FoldedText,
    /// The results for the events that were searched. Those of all events are only kept if they match.
    found: HashMap<EventId, TextMatch>,
    is_complete: bool,
    /// The bytes that were compared for the list.
    bytes: usize,
    /// The last occurrence that was compared.
    last: Option<OccurrencePosition>,
}

impl<'p> Search<'p> {
    /// Searches the texts of these events if they are few.
    pub(super) async fn begin<'c>(
        text: &'p FoldedText,
        events: impl Iterator<Item = &'c HeldEvent> + Clone,
        pace: &mut Pace,
    ) -> Self {
        let mut search = Self { text, found: HashMap::new(), is_complete: true, bytes: 0, last: None };
        for held in events.clone() {
            let Some(event) = held.event() else { continue };
            search.bytes += bytes_of(event, pace).await + held.title_bytes;
            if search.bytes > SEARCHED_BYTES {
                search.is_complete = false;
                search.bytes = 0;
                return search;
            }
        }
        for held in events {
            let Some(event) = held.event() else { continue };
            let found = TextMatch::of(event, text);
            let mut matches = found.has_any();
            let mut exceptions = held.exceptions().filter(|_| held.title_bytes > 0);
            while !matches && let Some(exception) = exceptions.next() {
                pace.steps(STEPS_OF_TITLE).await;
                matches = found.exception(event, exception, text);
            }
            if matches {
                search.found.insert(event.id, found);
            }
        }
        search
    }

    /// Tests whether the texts of all events were searched.
    pub(super) const fn is_complete(&self) -> bool {
        self.is_complete
    }

    /// The events that match, if all were searched and at most so many match.
    pub(super) fn few(&self, max: usize) -> Option<Vec<EventId>> {
        (self.is_complete && self.found.len() <= max).then(|| self.found.keys().copied().collect())
    }

    /// The results for an event that was searched.
    pub(super) fn found_in(&self, event: EventId) -> Option<&TextMatch> {
        self.found.get(&event)
    }

    /// The same search for a list that begins again.
    pub(super) fn again(self) -> Self {
        if self.is_complete {
            return self;
        }
        Self { found: HashMap::new(), bytes: 0, last: None, ..self }
    }

    /// Searches the texts of an occurrence that the list has reached.
    pub(super) async fn examine<'c>(&mut self, placed: Placed<'c>, pace: &mut Pace) -> Step<'c> {
        let (event, position) = (placed.event, placed.position());
        let exception = placed.exception();
        let title = exception.and_then(|stored| stored.exception.title.as_ref()).map(Title::as_str);
        pace.steps(title.map_or(0, |_| STEPS_OF_TITLE)).await;
        if !self.is_complete {
            let is_known = self.found.contains_key(&event.id);
            let of_event = if is_known { 0 } else { bytes_of(event, pace).await };
            let bytes = self.bytes + of_event + title.map_or(0, str::len);
            // The first occurrence of a page is compared in any case, so that every page makes progress.
            if let Some(last) = self.last.filter(|_| bytes > SEARCHED_BYTES) {
                return Step::Stopped(last);
            }
            self.bytes = bytes;
            if !is_known {
                self.found.insert(event.id, TextMatch::of(event, self.text));
            }
        }
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
