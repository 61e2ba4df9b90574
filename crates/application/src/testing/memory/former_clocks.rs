use std::sync::Arc;

use async_trait::async_trait;
use convene_domain::{occurrence::OccurrenceKey, time::interval::Interval};
use time::Duration;

use super::{InMemory, tenant::Tenant};
use crate::{caller::TenantScope, testing::contract::FormerClocks};

#[async_trait]
impl FormerClocks for InMemory {
    async fn set(&self, scope: &TenantScope, occurrence: OccurrenceKey, by: Duration) {
        let mut world = self.lock();
        let stored = world.organizations.get_mut(&scope.organization()).expect("the organization is there");
        let mut tenant = Tenant::clone(stored);
        let mut record = tenant.occurrences.remove(&occurrence).expect("the occurrence is stored");
        let former = OccurrenceKey { original_start: occurrence.original_start + by, ..occurrence };
        record.stored.key = former;
        record.stored.interval = moved(record.stored.interval, by);
        tenant.occurrences.insert(former, record);
        for registration in tenant.registrations.values_mut().filter(|one| one.occurrence == occurrence) {
            registration.occurrence = former;
            registration.interval = moved(registration.interval, by);
        }
        *stored = Arc::new(tenant);
    }
}

fn moved(interval: Interval, by: Duration) -> Interval {
    Interval::new(interval.start() + by, interval.end() + by).expect("an interval")
}
