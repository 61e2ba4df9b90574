use std::{
    ops::Deref,
    sync::{Arc, OnceLock},
};

use async_trait::async_trait;
use convene_domain::{
    event::Event,
    id::EventId,
    occurrence::{OccurrenceKey, StoredOccurrence},
    text::FoldedText,
    time::interval::Interval,
};

use crate::{caller::TenantScope, failure::Fault};

/// The part of the catalogue that a list needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogueQuery {
    pub window: Interval,
    /// The events; `None` for all.
    pub events: Option<Vec<EventId>>,
}

/// An event with its texts as searches compare them. They are folded by the first search.
#[derive(Debug, Clone)]
pub struct CatalogueEvent {
    pub event: Arc<Event>,
    title: OnceLock<FoldedText>,
    description: OnceLock<FoldedText>,
}

impl CatalogueEvent {
    /// The folded title.
    pub fn folded_title(&self) -> &FoldedText {
        self.title.get_or_init(|| FoldedText::of(self.event.title.as_str()))
    }

    /// The folded description.
    pub fn folded_description(&self) -> &FoldedText {
        self.description.get_or_init(|| FoldedText::of(self.event.description.as_str()))
    }
}

impl From<Event> for CatalogueEvent {
    fn from(event: Event) -> Self {
        Self { event: Arc::new(event), title: OnceLock::new(), description: OnceLock::new() }
    }
}

/// The folded texts follow from the event.
impl PartialEq for CatalogueEvent {
    fn eq(&self, other: &Self) -> bool {
        self.event == other.event
    }
}

impl Deref for CatalogueEvent {
    type Target = Event;

    fn deref(&self) -> &Event {
        &self.event
    }
}

/// The data from which all occurrences in a window are computed.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CatalogueWindow {
    /// Every event whose rule may have an occurrence in the window, and every event of an exception.
    pub events: Vec<Arc<CatalogueEvent>>,
    /// Every exception of these events (rescheduled, resized, renamed or cancelled) that overlaps the window, either at its
    /// current or at its original time. Their seat counts may be stale.
    pub exceptions: Vec<StoredOccurrence>,
}

/// Reads the dates of events and their occurrences.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait Catalogue: Send + Sync {
    /// The data for every occurrence that overlaps a window, limited to its `events` if given: one result for each query, in
    /// their order, all of one snapshot. It contains every change that was acknowledged before the call.
    ///
    /// An adapter reads its storage a constant number of times, for any number of queries.
    async fn windows(
        &self,
        scope: &TenantScope,
        queries: &[CatalogueQuery],
    ) -> Result<Vec<CatalogueWindow>, Fault>;

    /// The stored occurrences with these current keys, in any order, with their seat counts.
    async fn seats(
        &self,
        scope: &TenantScope,
        keys: &[OccurrenceKey],
    ) -> Result<Vec<StoredOccurrence>, Fault>;

    /// The stored occurrences with these keys, in any order, with their seat counts. A former key of an occurrence finds it
    /// as well.
    async fn stored(
        &self,
        scope: &TenantScope,
        keys: &[OccurrenceKey],
    ) -> Result<Vec<ResolvedOccurrence>, Fault>;
}

/// A stored occurrence with the requested key.
#[derive(Debug, Clone, PartialEq)]
pub struct ResolvedOccurrence {
    /// The requested key, which may be a former key.
    pub asked: OccurrenceKey,
    pub stored: StoredOccurrence,
}

#[cfg(any(test, feature = "testing"))]
impl dyn Catalogue {
    /// The result of a single query, for tests.
    ///
    /// # Errors
    /// The faults of [`windows`](Self::windows).
    pub async fn window(
        &self,
        scope: &TenantScope,
        window: Interval,
        events: Option<Vec<EventId>>,
    ) -> Result<CatalogueWindow, Fault> {
        let found = self.windows(scope, &[CatalogueQuery { window, events }]).await?;
        found.into_iter().next().ok_or_else(|| Fault::internal("a query without a result"))
    }
}
