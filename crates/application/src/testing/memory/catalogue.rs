use std::sync::Arc;

use async_trait::async_trait;
use convene_domain::{
    event::Event,
    occurrence::{OccurrenceKey, StoredOccurrence},
    time::interval::Interval,
};

use super::{InMemory, tenant::Tenant};
use crate::{
    caller::TenantScope,
    catalogue::{Delta, Replica},
    failure::Fault,
    ports::{Catalogue, CatalogueQuery, CatalogueWindow, ResolvedOccurrence, SeatCounts, WindowParts},
};

#[async_trait]
impl Catalogue for InMemory {
    /// Copies the organization's data for each call.
    async fn replica(&self, scope: &TenantScope) -> Result<Option<Arc<Replica>>, Fault> {
        let tenant = self.read(scope)?;
        let events = tenant.events.values().map(|event| Event::clone(event).into()).collect();
        let stored = tenant.occurrences.values().map(|record| &record.stored);
        let exceptions = stored.filter(|stored| is_changed(stored)).cloned().collect();
        let delta = Delta { events, exceptions, ..Delta::default() };
        Ok(Some(Arc::new(Replica::empty(0).updated(delta).await)))
    }

    fn held(&self, _: &TenantScope) -> Option<Arc<Replica>> {
        None
    }

    /// Each event is a part.
    async fn windows(
        &self,
        scope: &TenantScope,
        queries: &[CatalogueQuery],
    ) -> Result<Box<dyn WindowParts>, Fault> {
        let tenant = self.read(scope)?;
        let part = |event| queries.iter().map(|query| window(&tenant, event, query)).collect();
        let parts: Vec<_> = tenant.events.values().map(|event| part(event)).collect();
        Ok(Box::new(parts.into_iter()))
    }

    async fn seats(&self, scope: &TenantScope, keys: &[OccurrenceKey]) -> Result<Vec<SeatCounts>, Fault> {
        let tenant = self.read(scope)?;
        let stored = keys.iter().filter_map(|key| tenant.occurrences.get(key));
        Ok(stored.map(|record| SeatCounts::from(&record.stored)).collect())
    }

    async fn stored(
        &self,
        scope: &TenantScope,
        keys: &[OccurrenceKey],
    ) -> Result<Vec<ResolvedOccurrence>, Fault> {
        let tenant = self.read(scope)?;
        let resolve = |&asked: &OccurrenceKey| {
            let record = tenant.occurrence(asked)?;
            Some(ResolvedOccurrence { asked, stored: record.stored.clone() })
        };
        Ok(keys.iter().filter_map(resolve).collect())
    }
}

fn window(
    tenant: &Tenant,
    event: &Event,
    CatalogueQuery { window, events }: &CatalogueQuery,
) -> CatalogueWindow {
    if events.as_ref().is_some_and(|wanted| !wanted.contains(&event.id)) {
        return CatalogueWindow::default();
    }
    let stored = tenant.occurrences.values().map(|record| &record.stored);
    let exceptions =
        stored.filter(|stored| stored.key.event == event.id && is_exception_in(event, stored, window));
    let exceptions: Vec<_> = exceptions.map(|stored| Arc::new(stored.clone().into())).collect();
    let by_rule =
        event.first_start() < window.end() && event.last_end().is_none_or(|end| end > window.start());
    let is_in = by_rule || !exceptions.is_empty();
    CatalogueWindow {
        events: is_in.then(|| Arc::new(event.clone().into())).into_iter().collect(),
        exceptions,
    }
}

/// Tests whether the occurrence is an exception that overlaps the window, or would overlap it by its rule.
fn is_exception_in(event: &Event, stored: &StoredOccurrence, window: &Interval) -> bool {
    let by_rule = event.interval_from(stored.key.original_start);
    is_changed(stored) && (stored.interval.overlaps(window) || by_rule.overlaps(window))
}

/// Tests whether an organizer changed it; it counts as an exception even if it follows its rule again.
fn is_changed(stored: &StoredOccurrence) -> bool {
    stored.version > 1
}
