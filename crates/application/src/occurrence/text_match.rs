use convene_domain::{event::Event, text::FoldedText, time::Instant};

use crate::catalogue::{CatalogueEvent, CatalogueException};

/// The result of a search in the texts of an event.
pub(super) struct TextMatch {
    in_description: bool,
    /// For each schedule of the event: the result for the occurrences that have no title of their own.
    by_schedule: Vec<bool>,
}

impl TextMatch {
    /// Searches the description and the titles of an event.
    pub(super) fn of(event: &CatalogueEvent, text: &FoldedText) -> Self {
        let in_description = event.folded_description().contains(text);
        let titles = event.folded_titles().iter();
        let by_schedule = titles.map(|title| in_description || title.contains(text)).collect();
        Self { in_description, by_schedule }
    }

    /// The result for each schedule of the event.
    pub(super) fn by_schedule(&self) -> &[bool] {
        &self.by_schedule
    }

    /// Tests whether an occurrence without a title of its own is found.
    pub(super) fn has_any(&self) -> bool {
        self.by_schedule.contains(&true)
    }

    /// The result for an occurrence that takes place at this time and has no title of its own.
    pub(super) fn at(&self, event: &Event, start: Instant) -> bool {
        self.by_schedule.get(event.schedule_at(start)).is_some_and(|is_found| *is_found)
    }

    /// The result for an exception.
    pub(super) fn exception(&self, event: &Event, exception: &CatalogueException, text: &FoldedText) -> bool {
        match exception.folded_title().filter(|_| !self.in_description) {
            Some(title) => title.contains(text),
            None => self.at(event, exception.interval.start()),
        }
    }
}
