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

/// Which occurrences are wanted.
#[derive(Debug, Clone, PartialEq)]
pub struct OccurrenceQuery {
    /// Those that overlap this, at most [`LONGEST_WINDOW`](super::LONGEST_WINDOW).
    pub window: Interval,
    /// Those of these events; `None` for all.
    pub events: Option<Vec<EventId>>,
    /// Those with this text in their title or their event's description, whatever its case.
    pub search: Option<SearchText>,
    /// Whether cancelled ones are wanted too.
    pub include_cancelled: bool,
    /// Only those that a member can register for now.
    pub only_open: bool,
    /// Which page of them.
    pub page: PageRequest<OccurrencePosition>,
}

/// Lists occurrences: the answer to "what takes place when".
///
/// Nothing is expanded but what the page needs, however many events there are and however old they are.
pub struct ListOccurrences {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) catalogue: Arc<dyn Catalogue>,
}

/// How many occurrences are looked up at once, at most, while open ones are looked for.
const LARGEST_CHUNK: usize = 1_000;

impl ListOccurrences {
    /// The occurrences by start, then key. One is in the list where it takes place now, whatever its rule says.
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

    /// Whether an occurrence is open depends on its seats, so candidates are looked up in chunks that grow until
    /// the page is full.
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
        // What a key stood for before an edit of its series is another occurrence than the one in this place.
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
