mod fill;
mod sources;

use std::{collections::HashMap, sync::Arc};

use convene_domain::{
    id::EventId,
    occurrence::{Occurrence, OccurrenceKey, StoredOccurrence},
    text::SearchText,
    time::{Instant, interval::Interval},
};

use self::{fill::Filling, sources::Sources};
use super::{
    timeline::{OccurrencePosition, Selection, timeline},
    window,
};
use crate::{
    caller::{Caller, TenantScope},
    failure::{Fault, Outcome},
    page::{Page, PageRequest},
    ports::{Catalogue, Clock},
};

/// The query for a list of occurrences.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
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

impl ListOccurrences {
    /// The pages of several lists, in the order of their queries. The occurrences of a page are sorted by start, then key. A
    /// rescheduled occurrence is listed at its current time.
    ///
    /// The catalogue and the seats are read for all lists together.
    ///
    /// # Errors
    /// Refused with `InvalidInput` on `to` if a window is too long.
    #[tracing::instrument(skip_all, fields(organization = %caller.scope().organization(), lists = queries.len()))]
    pub async fn execute(
        &self,
        caller: &Caller,
        queries: &[OccurrenceQuery],
    ) -> Outcome<Vec<Page<Occurrence>>> {
        for query in queries {
            window::checked(query.window)?;
        }
        let now = self.clock.now();
        let sources = Sources::read(self.catalogue.as_ref(), caller.scope(), queries).await?;
        let parts: Vec<_> = queries.iter().map(|query| sources.part(query)).collect();
        let selections: Vec<_> = queries.iter().map(|query| selection(query, now)).collect();
        let timelines = parts.iter().zip(&selections).map(|(part, selection)| timeline(part, selection));
        let mut lists: Vec<_> =
            timelines.zip(queries).map(|(timeline, query)| Filling::new(timeline, query, now)).collect();
        loop {
            let candidates: Vec<_> = lists.iter_mut().map(Filling::next_candidates).collect();
            let keys: Vec<OccurrenceKey> = candidates.iter().flatten().map(|placed| placed.key).collect();
            if keys.is_empty() {
                return Ok(lists.into_iter().map(Filling::into_page).collect());
            }
            let seats = self.seats(caller.scope(), &keys).await?;
            for (list, candidates) in lists.iter_mut().zip(candidates) {
                list.add(candidates, &seats);
            }
        }
    }

    async fn seats(
        &self,
        scope: &TenantScope,
        keys: &[OccurrenceKey],
    ) -> Result<HashMap<OccurrenceKey, StoredOccurrence>, Fault> {
        let stored = self.catalogue.seats(scope, keys).await?;
        Ok(stored.into_iter().map(|stored| (stored.key, stored)).collect())
    }
}

fn selection(query: &OccurrenceQuery, now: Instant) -> Selection {
    Selection {
        window: query.window,
        after: query.page.after,
        include_cancelled: query.include_cancelled,
        search: query.search.as_ref().map(|search| search.as_str().to_lowercase()),
        open_at: query.only_open.then_some(now),
    }
}

#[cfg(test)]
mod tests;
