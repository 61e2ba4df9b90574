use std::sync::Arc;

use async_trait::async_trait;
use convene_domain::{
    event::Event,
    id::EventId,
    occurrence::{OccurrenceKey, StoredOccurrence},
    time::interval::Interval,
};

use crate::{caller::TenantScope, failure::Fault};

/// What is needed to tell every occurrence in a window.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CatalogueWindow {
    /// Every event with an occurrence that may overlap the window by its rule, and every event of an exception.
    pub events: Vec<Arc<Event>>,
    /// Every occurrence of these events that differs from its rule (moved, resized, renamed or cancelled) and
    /// that overlaps the window now, or would by its rule. Their seat counts may be stale.
    pub exceptions: Vec<StoredOccurrence>,
}

/// Reads what takes place when: the read side of events.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait Catalogue: Send + Sync {
    /// What is needed to tell every occurrence that overlaps the window. Never stale: it holds every change that
    /// was acknowledged before the call. With `events`, of these events only.
    async fn window(
        &self,
        scope: &TenantScope,
        window: Interval,
        events: Option<Vec<EventId>>,
    ) -> Result<CatalogueWindow, Fault>;

    /// The occurrences with these keys that are stored, in any order, with their seat counts. A key under which
    /// an occurrence was known before an edit of its series finds it too.
    async fn stored(
        &self,
        scope: &TenantScope,
        keys: &[OccurrenceKey],
    ) -> Result<Vec<ResolvedOccurrence>, Fault>;
}

/// A stored occurrence, and the key by which it was found.
#[derive(Debug, Clone, PartialEq)]
pub struct ResolvedOccurrence {
    /// The key that was asked for.
    pub asked: OccurrenceKey,
    /// The occurrence.
    pub stored: StoredOccurrence,
}
