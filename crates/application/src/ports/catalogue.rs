use std::{sync::Arc, vec};

use async_trait::async_trait;
use convene_domain::{
    capacity::Capacity,
    id::{EventId, OrganizationId},
    occurrence::{OccurrenceKey, StoredOccurrence},
    time::interval::Interval,
};

use crate::{
    caller::TenantScope,
    catalogue::{CatalogueEvent, CatalogueException, Replica},
    failure::Fault,
};

/// The part of the catalogue that a list needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogueQuery {
    pub window: Interval,
    /// The events; `None` for all.
    pub events: Option<Vec<EventId>>,
}

/// The data from which all occurrences in a window are computed.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CatalogueWindow {
    /// Every event whose rule may have an occurrence in the window, and every event of an exception.
    pub events: Vec<Arc<CatalogueEvent>>,
    /// Every exception of these events (rescheduled, resized, renamed or cancelled) that overlaps the window, either at its
    /// current or at its original time. Their seat counts may be stale.
    pub exceptions: Vec<Arc<CatalogueException>>,
}

/// The data of some windows, in parts of bounded size: the whole may be larger than the memory.
#[async_trait]
pub trait WindowParts: Send {
    /// The next part: a window for each query, in their order; `None` at the end. An event and its exceptions are in one part
    /// only, from one snapshot. The caller MUST have dropped the previous part.
    ///
    /// # Errors
    /// Faults of the storage.
    async fn next_part(&mut self) -> Result<Option<Vec<CatalogueWindow>>, Fault>;

    /// Tests after the last part whether all of them are of one state: a split between two parts would hide the occurrences of its
    /// new event.
    ///
    /// # Errors
    /// Faults of the storage.
    async fn are_of_one_state(&mut self) -> Result<bool, Fault>;
}

/// Parts that were read before.
#[async_trait]
impl WindowParts for vec::IntoIter<Vec<CatalogueWindow>> {
    async fn next_part(&mut self) -> Result<Option<Vec<CatalogueWindow>>, Fault> {
        Ok(self.next())
    }

    async fn are_of_one_state(&mut self) -> Result<bool, Fault> {
        Ok(true)
    }
}

/// Reads the dates of events and their occurrences.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait Catalogue: Send + Sync {
    /// The events and exceptions of the organization in memory; `None` if they are not, so that the other methods must be used.
    /// It contains every change that was acknowledged before the caller was authenticated, and those that this process made
    /// before the call.
    async fn replica(&self, scope: &TenantScope) -> Result<Option<Arc<Replica>>, Fault>;

    /// The same as [`replica`](Self::replica), if it is known without access to the storage.
    fn held(&self, scope: &TenantScope) -> Option<Arc<Replica>>;

    /// Drops what the process keeps in memory about an organization.
    fn forget(&self, _organization: OrganizationId) {}

    /// The data for every occurrence that overlaps a window, limited to its `events` if given. It contains every change that was
    /// acknowledged before the call.
    ///
    /// An adapter reads its storage a number of times that depends on the size of the data only, for any number of queries.
    async fn windows(
        &self,
        scope: &TenantScope,
        queries: &[CatalogueQuery],
    ) -> Result<Box<dyn WindowParts>, Fault>;

    /// The seat counts of the stored occurrences with these current keys, in any order.
    async fn seats(&self, scope: &TenantScope, keys: &[OccurrenceKey]) -> Result<Vec<SeatCounts>, Fault>;

    /// The stored occurrences with these keys, in any order, with their seat counts. A former key of an occurrence finds it
    /// as well.
    async fn stored(
        &self,
        scope: &TenantScope,
        keys: &[OccurrenceKey],
    ) -> Result<Vec<ResolvedOccurrence>, Fault>;
}

/// The seat counts of a stored occurrence: what registrations change, with the capacity that bounds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeatCounts {
    pub key: OccurrenceKey,
    pub capacity: Capacity,
    pub taken: u32,
    pub waiting: u32,
}

impl From<&StoredOccurrence> for SeatCounts {
    fn from(stored: &StoredOccurrence) -> Self {
        let StoredOccurrence { key, capacity, taken, waiting, .. } = *stored;
        Self { key, capacity, taken, waiting }
    }
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
    /// All parts of the windows together, for tests.
    ///
    /// # Errors
    /// The faults of [`windows`](Self::windows).
    pub async fn whole_windows(
        &self,
        scope: &TenantScope,
        queries: &[CatalogueQuery],
    ) -> Result<Vec<CatalogueWindow>, Fault> {
        let mut windows = vec![CatalogueWindow::default(); queries.len()];
        let mut parts = self.windows(scope, queries).await?;
        while let Some(part) = parts.next_part().await? {
            for (window, part) in windows.iter_mut().zip(part) {
                window.events.extend(part.events);
                window.exceptions.extend(part.exceptions);
            }
        }
        Ok(windows)
    }

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
        let found = self.whole_windows(scope, &[CatalogueQuery { window, events }]).await?;
        found.into_iter().next().ok_or_else(|| Fault::internal("a query without a result"))
    }
}
