mod fill;
mod sources;

use std::{collections::HashMap, sync::Arc};

use convene_domain::{
    id::EventId,
    occurrence::{Occurrence, OccurrenceKey},
    text::SearchText,
    time::{Instant, interval::Interval},
};

use self::{
    fill::{Filled, Filling},
    sources::Sources,
};
use super::{
    OccurrenceOfEvent,
    timeline::{OccurrencePosition, Selection},
    window,
};
use crate::{
    caller::{Caller, TenantScope},
    catalogue::DayBudget,
    failure::{Fault, Outcome},
    limits::{EXAMINED_OCCURRENCES, EXAMINED_OF_EACH},
    pace::Pace,
    page::{BoundedPage, PageRequest},
    ports::{Catalogue, CatalogueQuery, Clock, SeatCounts},
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

/// The number of times that a catalogue is read which changes while it is read in parts.
const MAX_READINGS: usize = 4;

type OccurrencePage = BoundedPage<OccurrenceOfEvent, OccurrencePosition>;

/// Lists occurrences.
///
/// Expands only the occurrences that the page needs, regardless of the number and age of the events.
pub struct ListOccurrences {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) catalogue: Arc<dyn Catalogue>,
}

impl ListOccurrences {
    /// The pages of several lists, in the order of their queries. The occurrences of a page are sorted by start, then key. A
    /// rescheduled occurrence is listed at its current time. A list that is limited to open occurrences, or that searches, may end
    /// before its page is full, after [`EXAMINED_OCCURRENCES`], or fewer if there are several lists.
    ///
    /// The catalogue and the seats are read for all lists together. Without a replica, the catalogue is read in parts of bounded
    /// size, and only what the pages need is kept of each.
    ///
    /// # Errors
    /// Refused with `InvalidInput` on `to` if a window is too long.
    #[tracing::instrument(name = "occurrence.list", skip_all, fields(organization = %caller.scope().organization(), lists = queries.len()))]
    pub async fn execute(
        &self,
        caller: &Caller,
        queries: &[OccurrenceQuery],
    ) -> Outcome<Vec<OccurrencePage>> {
        for query in queries {
            window::checked(query.window)?;
        }
        let selections: Vec<_> = queries.iter().map(|query| selection(query, self.clock.now())).collect();
        Ok(self.pages(caller.scope(), queries, &selections).await?)
    }

    async fn pages(
        &self,
        scope: &TenantScope,
        queries: &[OccurrenceQuery],
        selections: &[Selection],
    ) -> Result<Vec<OccurrencePage>, Fault> {
        let pages: Vec<Filled> = queries.iter().map(|_| Filled::default()).collect();
        let wanted = sources::merged(queries);
        if wanted.is_empty() {
            return Ok(into_pages(pages, queries));
        }
        if let Some(replica) = self.catalogue.replica(scope).await? {
            let sources = Sources::Replica(replica);
            let mut lists = self.begin(queries, selections, &sources, &pages).await;
            self.fill(scope, &mut lists).await?;
            return Ok(into_pages(lists.into_iter().map(Filling::finish), queries));
        }
        for _ in 0..MAX_READINGS {
            if let Some(pages) = self.pages_of_parts(scope, queries, selections, &wanted).await? {
                return Ok(into_pages(pages, queries));
            }
        }
        Err(Fault::Unavailable("the catalogue changed each time it was read".into()))
    }

    /// The pages from a catalogue that is read in parts; `None` if it changed meanwhile.
    async fn pages_of_parts(
        &self,
        scope: &TenantScope,
        queries: &[OccurrenceQuery],
        selections: &[Selection],
        wanted: &[CatalogueQuery],
    ) -> Result<Option<Vec<Filled>>, Fault> {
        let mut pages: Vec<Filled> = queries.iter().map(|_| Filled::default()).collect();
        let mut parts = self.catalogue.windows(scope, wanted).await?;
        let mut pace = Pace::default();
        while let Some(part) = parts.next_part().await? {
            let sources = Sources::of_part(wanted, part, &mut pace).await;
            let lists = self.begin(queries, selections, &sources, &pages).await;
            let mut lists: Vec<_> = lists.into_iter().map(Filling::without_seats).collect();
            self.fill(scope, &mut lists).await?;
            for ((page, list), query) in pages.iter_mut().zip(lists).zip(queries) {
                page.add(list.finish(), query);
            }
        }
        if !parts.are_of_one_state().await? {
            return Ok(None);
        }
        drop(parts);
        self.add_seats(scope, queries, &mut pages).await?;
        Ok(Some(pages))
    }

    /// Begins to fill the pages from these sources, with what the sources before them did not fill.
    async fn begin<'p, 's>(
        &self,
        queries: &'p [OccurrenceQuery],
        selections: &'p [Selection],
        sources: &'s Sources,
        pages: &[Filled],
    ) -> Vec<Filling<'p, 's>> {
        let now = self.clock.now();
        let mut pace = Pace::default();
        let mut lists = Vec::with_capacity(queries.len());
        for ((selection, query), page) in selections.iter().zip(queries).zip(pages) {
            let source = sources.of(query, selection, &mut pace).await;
            let open_at = selection.open_at.unwrap_or(now);
            // All together examine as many as one list, but each examines some beyond its page.
            let max_steps =
                (EXAMINED_OCCURRENCES / queries.len()).max(EXAMINED_OF_EACH + query.page.size.get());
            lists.push(Filling::new(source, query, open_at, page.end(), max_steps));
        }
        lists
    }

    /// Fills pages, with one lookup of the seats of all of them at a time.
    async fn fill(&self, scope: &TenantScope, lists: &mut [Filling<'_, '_>]) -> Result<(), Fault> {
        let (mut pace, mut budget) = (Pace::default(), DayBudget::of(scope.member()));
        loop {
            let mut candidates = Vec::with_capacity(lists.len());
            for list in lists.iter_mut() {
                candidates.push(list.next_candidates(&mut pace, &mut budget).await?);
            }
            if candidates.iter().all(Vec::is_empty) {
                return Ok(());
            }
            let wanted = lists.iter().zip(&candidates).filter(|(list, _)| list.needs_seats());
            let keys = wanted.flat_map(|(_, candidates)| candidates).map(|placed| placed.key).collect();
            let seats = self.seats(scope, keys).await?;
            for (list, candidates) in lists.iter_mut().zip(candidates) {
                list.add(candidates, &seats);
            }
        }
    }

    /// Reads the seats of full pages, unless they were needed to fill them.
    async fn add_seats(
        &self,
        scope: &TenantScope,
        queries: &[OccurrenceQuery],
        pages: &mut [Filled],
    ) -> Result<(), Fault> {
        let with_seats = queries.iter().map(|query| query.seats && !query.only_open);
        let mut pages: Vec<_> =
            pages.iter_mut().zip(with_seats).filter(|(_, wants)| *wants).map(|(page, _)| page).collect();
        let keys = pages.iter().flat_map(|page| &page.items).map(|item| item.key).collect();
        let seats = self.seats(scope, keys).await?;
        for item in pages.iter_mut().flat_map(|page| &mut page.items) {
            if let Some(SeatCounts { capacity, taken, waiting, .. }) = seats.get(&item.key).copied() {
                item.occurrence = Occurrence { capacity, taken, waiting, ..item.occurrence.clone() };
            }
        }
        Ok(())
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

fn into_pages(pages: impl IntoIterator<Item = Filled>, queries: &[OccurrenceQuery]) -> Vec<OccurrencePage> {
    pages.into_iter().zip(queries).map(|(page, query)| page.into_page(query)).collect()
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
