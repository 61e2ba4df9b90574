use async_trait::async_trait;
use convene_domain::{event::Event, id::EventId, occurrence::StoredOccurrence, time::Instant};

use super::{InMemory, tenant::Tenant};
use crate::{
    caller::TenantScope,
    change::Change,
    editing::{has_current_times, plan_realignment},
    failure::{Fault, Outcome},
    ports::{Changed, OnAffected, OutdatedEvent, Realignment},
};

#[async_trait]
impl Realignment for InMemory {
    async fn outdated(&self, now: Instant) -> Result<Vec<OutdatedEvent>, Fault> {
        let world = self.lock();
        let of_all = world.organizations.iter().flat_map(|(&organization, tenant)| {
            let events = tenant.events.values().filter(move |event| is_outdated(tenant, event, now));
            events.map(move |event| OutdatedEvent { organization, event: event.id })
        });
        let mut outdated: Vec<OutdatedEvent> = of_all.collect();
        outdated.sort_by_key(|outdated| outdated.event);
        Ok(outdated)
    }

    async fn realign(&self, scope: &TenantScope, event: EventId, change: &Change) -> Outcome<Changed<Event>> {
        self.transact(scope, change, |transaction| {
            let event = transaction.event(event)?;
            let at = transaction.follow(event.updated_at);
            let plan = |stored: &[StoredOccurrence]| plan_realignment(&event, stored, at);
            transaction.edit(&event, OnAffected::Refuse, plan)
        })
    }
}

fn is_outdated(tenant: &Tenant, event: &Event, now: Instant) -> bool {
    let stored = tenant.occurrences.values().map(|record| &record.stored);
    let mut ahead = stored.filter(|stored| {
        stored.key.event == event.id && stored.interval.start() > now && !stored.is_dropped()
    });
    ahead.any(|stored| !has_current_times(event, stored, now))
}
