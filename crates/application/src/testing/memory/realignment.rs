use async_trait::async_trait;
use convene_domain::{event::Event, id::EventId, time::Instant};

use super::{InMemory, tenant::Tenant};
use crate::{
    caller::TenantScope,
    change::Change,
    editing::{has_current_times, plan_realignment, verify_following},
    failure::{Fault, Outcome},
    ports::{OnAffected, OutdatedEvent, RealignedEvents, Realignment},
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

    async fn realign(
        &self,
        scope: &TenantScope,
        events: Vec<EventId>,
        change: &Change,
    ) -> Outcome<RealignedEvents> {
        self.transact(scope, change, |transaction| {
            let all: Vec<_> =
                events.iter().filter_map(|id| transaction.tenant.events.get(id).cloned()).collect();
            for event in &all {
                transaction.follow(event.updated_at);
            }
            let at = transaction.change.at;
            let mut planned = Vec::new();
            for event in all {
                planned.push(transaction.plan(&event, |stored| plan_realignment(&event, stored, at))?);
            }
            planned.retain(|planned| !planned.plan.entries.is_empty());
            verify_following(planned.iter().map(|planned| &planned.plan))?;
            let events = planned.iter().map(|planned| planned.plan.event.id).collect();
            let edited = transaction.carry_out_plans(planned, OnAffected::Refuse)?;
            Ok(RealignedEvents { events, registrations: edited.moved })
        })
    }

    async fn recorded_version(&self) -> Result<Option<String>, Fault> {
        Ok(self.lock().time_zones.clone())
    }

    async fn record_version(&self, version: &str, _: Instant) -> Result<(), Fault> {
        self.lock().time_zones = Some(version.to_owned());
        Ok(())
    }

    async fn has_occurrences(&self) -> Result<bool, Fault> {
        Ok(self.lock().organizations.values().any(|tenant| !tenant.occurrences.is_empty()))
    }
}

fn is_outdated(tenant: &Tenant, event: &Event, now: Instant) -> bool {
    let stored = tenant.occurrences.values().map(|record| &record.stored);
    let mut ahead = stored.filter(|stored| {
        stored.key.event == event.id && stored.interval.start() > now && !stored.is_dropped()
    });
    ahead.any(|stored| !has_current_times(event, stored, now))
}
