use std::{collections::HashMap, sync::Arc};

use convene_domain::{
    id::EventId,
    occurrence::{Occurrence, OccurrenceKey, RegistrationState, StoredOccurrence},
    text::SearchText,
    time::{Instant, interval::Interval},
};

use super::{
    timeline::{OccurrencePosition, Placed, Selection, timeline},
    window,
};
use crate::{
    caller::{Caller, TenantScope},
    failure::{Fault, Outcome},
    page::{Page, PageRequest},
    ports::{Catalogue, CatalogueWindow, Clock},
};

/// The query for a list of occurrences.
#[derive(Debug, Clone, PartialEq)]
pub struct OccurrenceQuery {
    /// The window that the occurrences overlap, at most [`LONGEST_WINDOW`](super::LONGEST_WINDOW).
    pub window: Interval,
    /// The events; `None` for all.
    pub events: Option<Vec<EventId>>,
    /// A text in the title or in the event's description, regardless of case.
    pub search: Option<SearchText>,
    /// Includes cancelled occurrences.
    pub include_cancelled: bool,
    /// Limits the list to occurrences that are open for registration now.
    pub only_open: bool,
    pub page: PageRequest<OccurrencePosition>,
}

/// Lists occurrences.
///
/// Expands only the occurrences that the page needs, regardless of the number and age of the events.
pub struct ListOccurrences {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) catalogue: Arc<dyn Catalogue>,
}

/// The maximum number of occurrences per lookup while the list is limited to open ones.
const LARGEST_CHUNK: usize = 1_000;

impl ListOccurrences {
    /// The occurrences by start, then key. A rescheduled occurrence is listed at its current time.
    ///
    /// # Errors
    /// Refused with `InvalidInput` on `to` for a window that is too long.
    #[tracing::instrument(skip_all, fields(organization = %caller.scope().organization()))]
    pub async fn execute(&self, caller: &Caller, query: OccurrenceQuery) -> Outcome<Page<Occurrence>> {
        let window = window::checked(query.window)?;
        if query.events.as_ref().is_some_and(Vec::is_empty) {
            return Ok(Page { items: Vec::new(), has_next: false });
        }
        let catalogue = self.catalogue.window(caller.scope(), window, query.events).await?;
        let selection = Selection {
            window,
            after: query.page.after,
            include_cancelled: query.include_cancelled,
            search: query.search.as_ref().map(Selection::lower_case),
            open_at: query.only_open.then(|| self.clock.now()),
        };
        let first = query.page.first.get();
        Ok(match selection.open_at {
            None => self.page(caller.scope(), &catalogue, &selection, first).await?,
            Some(now) => self.open_page(caller.scope(), &catalogue, &selection, first, now).await?,
        })
    }

    async fn page(
        &self,
        scope: &TenantScope,
        catalogue: &CatalogueWindow,
        selection: &Selection,
        first: usize,
    ) -> Result<Page<Occurrence>, Fault> {
        let mut timeline = timeline(catalogue, selection);
        let placed = timeline.by_ref().take(first).collect();
        let has_next = timeline.next().is_some();
        drop(timeline);
        Ok(Page { items: self.with_seats(scope, placed).await?, has_next })
    }

    /// Fills a page of open occurrences. Their state depends on their seats, so candidates are looked up in growing chunks
    /// until the page is full.
    async fn open_page(
        &self,
        scope: &TenantScope,
        catalogue: &CatalogueWindow,
        selection: &Selection,
        first: usize,
        now: Instant,
    ) -> Result<Page<Occurrence>, Fault> {
        let mut timeline = timeline(catalogue, selection);
        let mut items = Vec::new();
        let mut chunk = first + 1;
        while items.len() <= first {
            let placed: Vec<_> = timeline.by_ref().take(chunk).collect();
            if placed.is_empty() {
                break;
            }
            let candidates = self.with_seats(scope, placed).await?;
            let is_open =
                |occurrence: &Occurrence| occurrence.registration_state(now) == RegistrationState::Open;
            items.extend(candidates.into_iter().filter(is_open));
            chunk = (chunk * 2).min(LARGEST_CHUNK);
        }
        let has_next = items.len() > first;
        items.truncate(first);
        Ok(Page { items, has_next })
    }

    async fn with_seats(
        &self,
        scope: &TenantScope,
        placed: Vec<Placed<'_>>,
    ) -> Result<Vec<Occurrence>, Fault> {
        if placed.is_empty() {
            return Ok(Vec::new());
        }
        let keys: Vec<_> = placed.iter().map(|placed| placed.key).collect();
        let resolved = self.catalogue.stored(scope, &keys).await?;
        // A match by former key is a different occurrence.
        let current = resolved.into_iter().filter(|resolved| resolved.asked == resolved.stored.key);
        let stored: HashMap<OccurrenceKey, StoredOccurrence> =
            current.map(|resolved| (resolved.asked, resolved.stored)).collect();
        let occurrence = |placed: Placed<'_>| {
            let stored = stored.get(&placed.key);
            placed.into_occurrence(stored)
        };
        Ok(placed.into_iter().map(occurrence).collect())
    }
}

#[cfg(test)]
mod tests;
