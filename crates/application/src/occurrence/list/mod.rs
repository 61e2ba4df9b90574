mod fill;
mod sources;

use std::{collections::HashMap, sync::Arc};

use convene_domain::{
    id::EventId,
    occurrence::OccurrenceKey,
    text::SearchText,
    time::{Instant, interval::Interval},
};

use self::{fill::Filling, sources::Sources};
use super::{
    OccurrenceOfEvent,
    timeline::{OccurrencePosition, Selection},
    window,
};
use crate::{
    caller::{Caller, TenantScope},
    failure::{Fault, Outcome},
    pace::Pace,
    page::{BoundedPage, PageRequest},
    ports::{Catalogue, Clock, SeatCounts},
};

/// The query for a list of occurrences.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OccurrenceQuery {
    /// The window that the occurrences overlap, at most [`LONGEST_WINDOW`](super::LONGEST_WINDOW).
    pub window: Interval,
    /// The events; `None` for all.
    pub events: Option<Vec<EventId>>,
    /// A text in the title or in the event's description, regardless of case and accents.
    pub search: Option<SearchText>,
    /// Includes cancelled occurrences.
    pub include_cancelled: bool,
    /// Limits the list to occurrences that are open for registration now.
    pub only_open: bool,
    /// Reads the seats. Otherwise the numbers of taken seats and of waitlisted registrations are zero. A list that is limited to
    /// open occurrences reads them in any case.
    pub seats: bool,
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
    /// rescheduled occurrence is listed at its current time. A list that is limited to open occurrences may end before its page
    /// is full, after [`EXAMINED_OCCURRENCES`](crate::limits::EXAMINED_OCCURRENCES).
    ///
    /// The catalogue and the seats are read for all lists together.
    ///
    /// # Errors
    /// Refused with `InvalidInput` on `to` if a window is too long.
    #[tracing::instrument(name = "occurrence.list", skip_all, fields(organization = %caller.scope().organization(), lists = queries.len()))]
    pub async fn execute(
        &self,
        caller: &Caller,
        queries: &[OccurrenceQuery],
    ) -> Outcome<Vec<BoundedPage<OccurrenceOfEvent, OccurrencePosition>>> {
        for query in queries {
            window::checked(query.window)?;
        }
        let now = self.clock.now();
        let sources = Sources::read(self.catalogue.as_ref(), caller.scope(), queries).await?;
        let selections: Vec<_> = queries.iter().map(|query| selection(query, now)).collect();
        let mut pace = Pace::default();
        let mut lists = Vec::with_capacity(queries.len());
        for (selection, query) in selections.iter().zip(queries) {
            let source = sources.of(query, selection, &mut pace).await;
            lists.push(Filling::new(source, query, now));
        }
        loop {
            let mut candidates = Vec::with_capacity(lists.len());
            for list in &mut lists {
                candidates.push(list.next_candidates(&mut pace).await);
            }
            if candidates.iter().all(Vec::is_empty) {
                return Ok(lists.into_iter().map(Filling::into_page).collect());
            }
            let wanted = lists.iter().zip(&candidates).filter(|(list, _)| list.needs_seats());
            let keys = wanted.flat_map(|(_, candidates)| candidates).map(|placed| placed.key).collect();
            let seats = self.seats(caller.scope(), keys).await?;
            for (list, candidates) in lists.iter_mut().zip(candidates) {
                list.add(candidates, &seats);
            }
        }
    }

    async fn seats(
        &self,
        scope: &TenantScope,
        keys: Vec<OccurrenceKey>,
    ) -> Result<HashMap<OccurrenceKey, SeatCounts>, Fault> {
        if keys.is_empty() {
            return Ok(HashMap::new());
        }
        let seats = self.catalogue.seats(scope, &keys).await?;
        Ok(seats.into_iter().map(|seats| (seats.key, seats)).collect())
    }
}

fn selection(query: &OccurrenceQuery, now: Instant) -> Selection {
    Selection {
        window: query.window,
        page: query.page,
        include_cancelled: query.include_cancelled,
        search: query.search.as_ref().map(SearchText::folded),
        open_at: query.only_open.then_some(now),
    }
}

#[cfg(test)]
mod tests;
